"""Kotlin classes from the document's schemas: data classes, bodies of calls, enums that bear values from the future."""

from collections.abc import Iterable, Iterator
from typing import Any

from sdks.generate import kotlin_names as names
from sdks.generate.kotlin_types import Json, Types, camel, capital, identifier, kdoc

_HEAD = "// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.\n"


def file_of(body: str, *, imports: Iterable[str]) -> str:
    """A whole Kotlin file; only the imports that the body needs."""
    needed = sorted(one for one in imports if one.rpartition(".")[2] in body)
    lines = "".join(f"import {one}\n" for one in needed)
    return f"{_HEAD}package {names.PACKAGE}\n\n{lines}\n{body.strip()}\n"


def models(types: Types, reached: Iterable[str]) -> str:
    """What the service answers with."""
    found = {types.class_of(name): name for name in reached if types.items_of(name) is None}
    kept = sorted(one for one in found if one != "Money" and not one.endswith("Body"))
    return "\n".join(_class(types, one, found[one]) for one in kept)


def bodies(types: Types, inlined: dict[str, Json], reached: Iterable[str]) -> str:
    """What calls send; the caller sees the parameters of a function instead."""
    found = {types.class_of(name): (name, types.schemas[name]) for name in reached}
    found |= {f"{title.removesuffix('In')}Body": (title, schema) for title, schema in inlined.items()}
    return "\n".join(_body(types, one, *found[one]) for one in sorted(found) if one.endswith("Body"))


def parameters(types: Types, owner: str, schema: Json) -> list[tuple[str, str, str, bool]]:
    """A body's fields as (name, type, text, is required), the required ones first."""
    short = owner.rpartition("__")[2]
    required = set(schema.get("required", ()))
    rows: list[tuple[str, str, str, bool]] = []
    for name, inner in schema.get("properties", {}).items():
        kind = types.of(inner, owner=short, name=name)
        text = kind.text if name in required else f"{kind.name}?"
        if (short, name) in names.SETTABLE:
            text = f"Settable<{kind.name}>?"
        rows.append((name, text, _text_of(inner), name in required))
    return sorted(rows, key=lambda row: not row[3])


def enums(types: Types) -> str:
    """Each with one value more, for those that a newer service may send."""
    return "\n".join(_enum(name, values) for name, values in sorted(types.enums.items()))


def reachable(schemas: dict[str, Json], roots: Iterable[Any]) -> list[str]:
    """The names of all schemas that the roots refer to, at any depth."""
    seen: dict[str, None] = {}
    waiting = [name for root in roots for name in _references(root)]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = None
            waiting += _references(schemas[name])
    return sorted(seen)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str) and node["$ref"].startswith("#/components/schemas/"):
            yield node["$ref"].rpartition("/")[2]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _class(types: Types, name: str, schema_name: str) -> str:
    schema = types.schemas[schema_name]
    short = schema_name.rpartition("__")[2]
    is_sent = short.endswith("In")
    required = set(schema.get("required", ()))
    lines: list[str] = []
    tags: list[str] = []
    for field, inner in schema.get("properties", {}).items():
        kind = types.of(inner, owner=short, name=field)
        is_optional = kind.is_nullable or (is_sent and field not in required)
        default = " = null" if is_optional else _default(inner, kind.name, is_required=field in required)
        lines.append(f"    public val {identifier(field)}: {kind.name}{'?' if is_optional else ''}{default},\n")
        if text := _text_of(inner):
            tags.append(f"@property {field} {text}")
    fields = list(schema.get("properties", {}))
    hidden = [field for field in fields if field in names.SECRETS]
    tail = f" {{\n{_to_string(name, fields, hidden)}}}\n" if hidden else "\n"
    head = kdoc(schema.get("description", name), tags=tags)
    word = "internal" if name in names.INTERNAL else "public"
    return f"{head}@Serializable\n{word} data class {name}(\n{''.join(lines)}){tail}"


def _default(schema: Json, kind: str, *, is_required: bool) -> str:
    if is_required:
        return ""
    value = schema.get("default", schema.get("const"))
    if isinstance(value, bool):
        return f" = {str(value).lower()}"
    if isinstance(value, int):
        return f" = {value}"
    return f' = "{value}"' if isinstance(value, str) and kind == "String" else ""


def _to_string(name: str, fields: list[str], hidden: list[str]) -> str:
    shown = ", ".join(f"{field}=***" if field in hidden else f"{field}=${{{identifier(field)}}}" for field in fields)
    return f'    /** Without its secrets. */\n    override fun toString(): String =\n        "{name}({shown})"\n'


def _body(types: Types, name: str, owner: str, schema: Json) -> str:
    lines = [
        f"    val {identifier(field)}: {kind}{'' if is_required else ' = null'},\n"
        for field, kind, _, is_required in parameters(types, owner, schema)
    ]
    return f"@Serializable\ninternal class {name}(\n{''.join(lines)})\n"


def _enum(name: str, values: list[str]) -> str:
    text = "UNRECOGNIZED stands for a value that is newer than this library."
    rows = "".join(f'    {value.upper()}("{value}"),\n' for value in values)
    return (
        f"{kdoc(text)}@Serializable(with = {name}Serializer::class)\n"
        f"public enum class {name}(override val wire: String) : WireEnum {{\n{rows}"
        '    UNRECOGNIZED("unrecognized"),\n}\n\n'
        f'internal object {name}Serializer : WireEnumSerializer<{name}>("{name}", {name}.entries)\n'
    )


def _text_of(schema: Json) -> str:
    inner = next((one["description"] for one in schema.get("anyOf", ()) if "description" in one), "")
    return " ".join(str(schema.get("description", inner)).split())


def title_of(operation_id: str, schema: Json) -> str:
    """The name of a body that the document spells out in place."""
    return str(schema.get("title") or f"{capital(camel(operation_id))}In")
