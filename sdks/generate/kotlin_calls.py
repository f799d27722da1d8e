"""A Kotlin class per group; a suspending function per call, with what the call takes as its parameters."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sdks.generate.contract import Choice, Contract, Field, Operation, Pages, pascal
from sdks.generate.kotlin_types import Types, about, body_class, identifier, kdoc

# Written by hand in Auth.kt, for they change the tokens.
BY_HAND = {"register", "login", "google", "refresh", "logout", "change_password"}
_PREFIX = "/api/v1"
_TEXTS = {
    "admin": "What administrators see and decide.",
    "auth": "Devices, links by mail, forgotten passwords; [Auth] adds what changes the tokens.",
    "catalog": "Products, their prices, plans.",
    "payments": "Payments, refunds, disputes.",
    "payouts": "Where sellers are paid, what they have, what is paid out.",
    "service": "The service itself: its health, its error table.",
    "subscriptions": "Subscriptions, and what a user may use now.",
    "users": "The profile.",
    "webhooks": "Endpoints that are told what happened, and what was delivered to them. To verify one: [Webhooks].",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function."""

    name: str
    kind: str
    text: str = ""
    default: str | None = None

    @property
    def code(self) -> str:
        """As it is declared."""
        return f"{identifier(self.name)}: {self.kind}{f' = {self.default}' if self.default else ''}"


@dataclass(frozen=True, slots=True)
class Function:
    """One function to be written."""

    name: str
    answer: str
    code: str
    parameters: tuple[Parameter, ...]
    note: str = ""
    is_suspending: bool = True


def group(types: Types, contract: Contract, name: str, members: list[Operation]) -> str:
    """The class of a group."""
    kept = [one for one in members if one.id not in BY_HAND]
    tagged = {model.name for model in contract.models if model.has_etag}
    functions = "\n".join(_written(one, shape) for one in kept for shape in _functions(types, one, tagged))
    constants = "".join(_constant(one) for one in kept)
    # The half that is written by hand stands on it.
    word = "sealed class" if name == "auth" else "class"
    constructor = "" if name == "auth" else " internal constructor"
    field = "internal val" if name == "auth" else "private val"
    return (
        f"{kdoc(_TEXTS.get(name, f'{name.capitalize()}.'))}"
        f"public {word} {name.capitalize()}Api{constructor}({field} caller: Caller) {{\n{functions}"
        f"\n    private companion object {{\n{constants}    }}\n}}\n"
    )


def _constant(operation: Operation) -> str:
    path = operation.path.removeprefix(_PREFIX) if operation.path.startswith(_PREFIX) else f"!{operation.path}"
    is_open = "" if operation.needs_token else ", isOpen = true"
    return f'        val {operation.id.upper()} = Operation("{operation.id}", "{operation.verb}", "{path}"{is_open})\n'


def _functions(types: Types, operation: Operation, tagged: set[str]) -> Iterable[Function]:
    taken = _parameters(types, operation)
    name, answer = operation.method, operation.answer
    if answer is None:
        verb = "erase" if operation.id == "erase" else "send"
        yield Function(name, "Unit", _call(operation, verb), taken)
        return
    kind = types.of(answer)
    serializer = _serializer(kind)
    is_versioned = operation.verb == "GET" and (operation.tells_etag or kind in tagged)
    if isinstance(answer, Pages):
        inner = types.of(answer.of)
        verb, tail = ("versioned", ".value") if operation.tells_etag else ("call", "")
        flow = _call(operation, verb, serializer, given={"cursor": "next", "limit": "pageSize"}) + tail
        others = tuple(one for one in taken if one.name not in {"cursor", "limit"})
        size = Parameter("pageSize", "Int?", "Rows per call, 1 to 100.", "null")
        note = "Every collection begins at the first page and asks for the next when it is needed."
        code = f"pages {{ next -> {flow} }}"
        yield Function(name, f"Flow<{inner}>", code, (*others, size), note, is_suspending=False)
        yield Function(f"{name}Page", kind, _call(operation, verb, serializer) + tail, taken, "One page.")
    elif is_versioned:
        code = _call(operation, "versioned", serializer)
        yield Function(name, kind, f"{code}.value", taken)
        note = "With its ETag: name it as `ifMatch` in a change, to overwrite nobody else's."
        yield Function(f"{name}Versioned", f"Versioned<{kind}>", code, taken, note)
    else:
        yield Function(name, kind, _call(operation, "call", serializer), taken)
    if operation.has_csv:
        yield _csv(operation, taken)


def _csv(operation: Operation, taken: tuple[Parameter, ...]) -> Function:
    into = Parameter("into", "OutputStream", "Written to as it comes, not closed. After a failure it is not whole.")
    others = tuple(one for one in taken if one.name not in {"cursor", "limit"})
    note = "The same as a CSV file, of any length. Answers with the number of bytes."
    code = _call(operation, "download", "into", given={"cursor": "", "limit": ""})
    return Function(f"{operation.method}Csv", "Long", code, (into, *others), note)


def _serializer(kind: str) -> str:
    outer, _, inner = kind.removesuffix(">").partition("<")
    return f"{outer}.serializer({_serializer(inner)})" if inner else f"{kind}.serializer()"


def _parameters(types: Types, operation: Operation) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for field in (*operation.in_path, *(operation.body or ()), *operation.in_query):
        if _is_platform(field):
            found.append(Parameter("asPlatform", "Boolean", "For administrators: the platform's own.", "false"))
            continue
        kind = types.argument(operation, field)
        default = f'"{field.default}"' if field.default else None if field.is_required else "null"
        found.append(Parameter(field.wire, kind, about(field), default))
    if operation.takes_if_match:
        found.append(
            Parameter("ifMatch", "String?", "The ETag that was read: refused if it has changed since.", "null")
        )
    if len({one.name for one in found}) < len(found):
        raise ValueError(f"{operation.id} would take two parameters of one name")
    return tuple(sorted(found, key=lambda one: one.default is not None))


def _is_platform(field: Field) -> bool:
    return isinstance(field.type, Choice) and field.type.words == ("platform",)


def _call(operation: Operation, verb: str, first: str = "", *, given: dict[str, str] | None = None) -> str:
    words = [operation.id.upper(), *([first] if first else []), "options"]
    if operation.in_path:
        words.append(f"path = arrayOf({', '.join(identifier(field.wire) for field in operation.in_path)})")
    if pairs := [pair for field in operation.in_query if (pair := _pair(field, given or {}))]:
        words.append(f"query = arrayOf({', '.join(pairs)})")
    if operation.takes_if_match:
        words.append("ifMatch = ifMatch")
    if operation.body is not None:
        names = ", ".join(f"{identifier(field.wire)} = {identifier(field.wire)}" for field in operation.body)
        body = body_class(operation)
        words.append(f"body = bodyOf({body}.serializer(), {body}({names}))")
    return f"caller.{verb}({', '.join(words)})"


def _pair(field: Field, given: dict[str, str]) -> str:
    if _is_platform(field):
        return '"account" to (if (asPlatform) "platform" else null)'
    value = given.get(field.wire, identifier(field.wire))
    suffix = "?.wire" if isinstance(field.type, Choice) else ""
    return f'"{field.wire}" to {value}{suffix}' if value else ""


def _written(operation: Operation, shape: Function) -> str:
    options = Parameter("options", "CallOptions", default="CallOptions.DEFAULT")
    shown = [replace(one, default=one.default or "null") if one.kind.endswith("?") else one for one in shape.parameters]
    tags = [f"@param {one.name} {one.text}" for one in shown if one.text]
    # A Flow is refused when it is collected, not when it is made.
    tags += [f"@throws {pascal(code)}" for code in dict.fromkeys(operation.codes) if shape.is_suspending]
    parts = (f"{operation.summary.rstrip('.')}.", operation.about, shape.note)
    head = kdoc("\n\n".join(part.strip() for part in parts if part), indent="    ", tags=tags)
    lines = "".join(f"        {one.code},\n" for one in (*shown, options))
    word = "suspend fun" if shape.is_suspending else "fun"
    return f"{head}    public {word} {shape.name}(\n{lines}    ): {shape.answer} =\n        {shape.code}\n"
