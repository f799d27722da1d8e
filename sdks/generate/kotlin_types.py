"""From a JSON schema to a Kotlin type. Pure; remembers which enums it met."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sdks.generate import kotlin_names as names

Json = dict[str, Any]
_PRIMITIVES = {"string": "String", "boolean": "Boolean", "number": "Double", "integer": "Int"}
_MONEY = {"amount": "integer", "currency": "string"}
_HARD = {"object", "in", "is", "as", "when", "val", "var", "fun", "interface", "class", "package", "typealias"}


@dataclass(frozen=True, slots=True)
class Kotlin:
    """A type, and whether null is a value of it."""

    name: str
    is_nullable: bool = False

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.name}?" if self.is_nullable else self.name


@dataclass(slots=True)
class Types:
    """The document's schemas, and the enums met so far: name to values, in the order of the widest set."""

    schemas: Mapping[str, Json]
    enums: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def of(self, schema: Json, *, owner: str, name: str) -> Kotlin:
        """The type of the property `name` of `owner`."""
        if (enum := names.FIELD_ENUMS.get((owner, name))) is not None:
            return Kotlin(enum, is_nullable="anyOf" in schema)
        if "anyOf" in schema:
            kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
            if len(kinds) != 1:
                raise ValueError(f"{owner}.{name}: a choice of {len(kinds)} types is more than Kotlin can say")
            return Kotlin(self.of(kinds[0], owner=owner, name=name).name, is_nullable=True)
        if "$ref" in schema:
            return Kotlin(self.class_of(_referred(schema)))
        if "enum" in schema:
            return Kotlin(self._enum(schema["enum"], owner=owner, name=name))
        if schema.get("type") == "array":
            inner = self.of(schema["items"], owner=owner, name=name)
            return Kotlin(f"List<{inner.text}>")
        if schema.get("type") == "object" or "type" not in schema and "const" not in schema:
            return self._map(schema, owner=owner, name=name)
        return self._primitive(schema, owner=owner, name=name)

    def class_of(self, schema_name: str) -> str:
        """The class that stands for a named schema."""
        schema = self.schemas[schema_name]
        if {key: found.get("type") for key, found in schema.get("properties", {}).items()} == _MONEY:
            return "Money"
        short = schema_name.rpartition("__")[2]
        module = schema_name.removesuffix(f"__schemas__{short}").replace("__", ".").split(".")
        for known in (f"{'.'.join(module[-2:])}.{short}", f"{module[-1]}.{short}", short):
            if known in names.CLASSES:
                return names.CLASSES[known]
        if short.endswith("In"):
            return f"{short.removesuffix('In')}Body"
        return short.removesuffix("Out")

    def items_of(self, schema_name: str) -> str | None:
        """If the schema is a list in its envelope: the class of its items."""
        properties: Json = self.schemas[schema_name].get("properties", {})
        if "items" not in properties or not set(properties) <= {"items", "nextCursor"}:
            return None
        return self.of(properties["items"]["items"], owner=schema_name, name="items").name

    def is_page(self, schema_name: str) -> bool:
        """Whether it has a cursor."""
        return self.items_of(schema_name) is not None and "nextCursor" in self.schemas[schema_name]["properties"]

    def _map(self, schema: Json, *, owner: str, name: str) -> Kotlin:
        values = schema.get("additionalProperties")
        if not isinstance(values, dict):
            return Kotlin("JsonObject")
        inner = self.of(values, owner=owner, name=name) if values else Kotlin("JsonElement")
        return Kotlin(f"Map<String, {inner.text}>")

    @staticmethod
    def _primitive(schema: Json, *, owner: str, name: str) -> Kotlin:
        if schema.get("format") == "date-time":
            return Kotlin("Instant")
        kind = schema.get("type") or {str: "string", bool: "boolean", int: "integer"}[type(schema["const"])]
        if kind == "integer" and (owner in names.LONG_SCHEMAS or name in names.LONG_MAPS):
            return Kotlin("Long")
        return Kotlin(_PRIMITIVES[kind])

    def _enum(self, values: list[str], *, owner: str, name: str) -> str:
        enum = names.ENUMS.get(" ".join(sorted(values)))
        if enum is None:
            enum = f"{owner.rpartition('__')[2].removesuffix('Out').removesuffix('In')}{capital(name)}"
        known = self.enums.setdefault(enum, [])
        known += [value for value in values if value not in known]
        return enum


def _referred(schema: Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def camel(words: str) -> str:
    """`read_user`, `if-match` as `readUser`, `ifMatch`."""
    first, *rest = re.split(r"[_\-]", words)
    return first + "".join(capital(word) for word in rest)


def capital(word: str) -> str:
    """With a capital letter."""
    return word[:1].upper() + word[1:]


def identifier(name: str) -> str:
    """The name, quoted where Kotlin has taken it."""
    return f"`{name}`" if name in _HARD else name


def kdoc(text: str, *, indent: str = "", tags: list[str] | None = None) -> str:
    """A KDoc comment; `tags` are whole `@property` or `@param` lines."""
    body = [line.rstrip() for line in text.replace("*/", "* /").replace("/*", "/ *").strip().splitlines()]
    lines = body + ([""] if body and tags else []) + (tags or [])
    if len(lines) == 1 and len(lines[0]) < 100:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"
