"""One Kotlin class per group of calls; each call a suspending function with its body's fields as parameters."""

from dataclasses import dataclass, field
from typing import Any

from sdks.generate import kotlin_names as names
from sdks.generate.kotlin_models import parameters, title_of
from sdks.generate.kotlin_types import Json, Types, camel, capital, identifier, kdoc

_PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function."""

    name: str
    kind: str
    text: str
    default: str | None

    @property
    def code(self) -> str:
        """As it is declared."""
        return f"{identifier(self.name)}: {self.kind}" + (f" = {self.default}" if self.default else "")


@dataclass(slots=True)
class Call:
    """One operation, taken apart."""

    id: str
    method: str
    path: str
    group: str
    operation: Json
    types: Types
    taken: list[Parameter] = field(default_factory=list[Parameter])

    @property
    def function(self) -> str:
        """Its Kotlin name."""
        return names.FUNCTIONS.get(self.id, camel(self.id))

    @property
    def body(self) -> tuple[str, Json] | None:
        """The body's schema and its name."""
        content: Json = self.operation.get("requestBody", {}).get("content", {})
        if not content:
            return None
        schema: Json = next(iter(content.values()))["schema"]
        schema = next((one for one in schema.get("anyOf", ()) if "$ref" in one), schema)
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            return name, self.types.schemas[name]
        return title_of(self.id, schema), schema

    @property
    def answers(self) -> dict[str, Json]:
        """Media type to schema, of what is answered when all is well."""
        found: dict[str, Json] = {}
        for status, response in self.operation["responses"].items():
            if status in {"200", "201", "202"}:
                for media, content in response.get("content", {}).items():
                    found.setdefault(media, content["schema"])
        return found


def calls(document: Json, types: Types) -> list[Call]:
    """All that an app may call and that is not written by hand."""
    found: list[Call] = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] in names.LEFT_OUT | names.BY_HAND:
                continue
            bare = path.removeprefix(_PREFIX)
            tag = "admin" if bare.startswith("/admin/") else operation["tags"][-1]
            tag = "auth" if bare.startswith("/auth/") else tag
            path_used = bare if path.startswith(_PREFIX) else f"!{path}"
            call = Call(operation["operationId"], method, path_used, names.GROUPS.get(tag, tag), operation, types)
            found.append(call)
    return found


def group(name: str, members: list[Call]) -> str:
    """The class of a group."""
    operations = "".join(_constant(call) for call in members)
    functions = "\n".join(_function(call) for call in members)
    head = kdoc(names.GROUP_TEXTS.get(name, f"{capital(name)}."))
    return (
        f"{head}public class {capital(name)}Api internal constructor(private val caller: Caller) {{\n{functions}"
        f"\n    private companion object {{\n{operations}    }}\n}}\n"
    )


def _constant(call: Call) -> str:
    is_open = "security" not in call.operation
    flag = ", isOpen = true" if is_open else ""
    path = call.path.replace("$", "\\$")
    return f'        val {call.id.upper()} = Operation("{call.id}", "{call.method.upper()}", "{path}"{flag})\n'


def _function(call: Call) -> str:
    path, query, headers = _parameters(call)
    body, body_code = _body(call)
    optional = [one for one in (*path, *body, *query, *headers) if one.default is not None]
    taken = [one for one in (*path, *body, *query) if one.default is None] + optional
    doubles = {one.name for one in taken if sum(other.name == one.name for other in taken) > 1}
    if doubles:
        raise ValueError(f"{call.id}: {', '.join(doubles)} would be two parameters of one function")
    call.taken = taken
    send = _send(call, path, query, headers, body_code)
    answers = call.answers
    schema = answers.get("application/json", {})
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    code = ""
    if name and call.types.is_page(name):
        code = _paged(call, call.types.items_of(name) or "", send)
    elif name and (item := call.types.items_of(name)) is not None:
        code = _declare(call, call.function, f"List<{item}>", f"{send('Items.serializer(' + item + '.serializer())')}.items")
        code += _conditional(call, f"List<{item}>", lambda s: s(f"Items.serializer({item}.serializer())"), send, ".items")
    elif name:
        kind = call.types.class_of(name)
        code = _declare(call, call.function, kind, send(f"{kind}.serializer()"))
        code += _conditional(call, kind, lambda s: s(f"{kind}.serializer()"), send, "")
    elif schema:
        code = _declare(call, call.function, "JsonObject", send("JsonObject.serializer()"))
    else:
        code = _declare(call, call.function, "Unit", send("Nothing"))
    if "text/csv" in answers:
        code += _csv(call, send)
    return code


def _parameters(call: Call) -> tuple[list[Parameter], list[Parameter], list[Parameter]]:
    path: list[Parameter] = []
    query: list[Parameter] = []
    headers: list[Parameter] = []
    for one in call.operation.get("parameters", ()):
        name, schema = camel(one["name"]), one["schema"]
        text = " ".join(str(one.get("description") or schema.get("description", "")).split())
        if one["in"] == "path":
            is_me = "`me`" in text
            path.append(Parameter(name, "String", text, '"me"' if is_me else None))
        elif one["in"] == "query":
            if name == "account":
                query.append(Parameter("asPlatform", "Boolean", "For administrators: the platform's own.", "false"))
                continue
            kind = call.types.of(schema, owner=call.id, name=name)
            query.append(Parameter(name, f"{kind.name}?", text, "null"))
        elif one["name"].lower() == "if-match":
            headers.append(Parameter("ifMatch", "String?", text or "The ETag that was read.", "null"))
    return path, query, headers


def _body(call: Call) -> tuple[list[Parameter], str | None]:
    if call.body is None:
        return [], None
    owner, schema = call.body
    rows = parameters(call.types, owner, schema)
    taken = [Parameter(name, kind, text, None if is_required else "null") for name, kind, text, is_required in rows]
    kind = call.types.class_of(owner) if owner in call.types.schemas else f"{owner.removesuffix('In')}Body"
    fields = ", ".join(f"{identifier(name)} = {identifier(name)}" for name, *_ in rows)
    return taken, f"bodyOf({kind}.serializer(), {kind}({fields}))"


def _send(call: Call, path: list[Parameter], query: list[Parameter], headers: list[Parameter], body: str | None) -> Any:
    def code(serializer: str, *, method: str = "call", cursor: str | None = None, limit: str | None = None, extra: str = "") -> str:
        words = [call.id.upper()]
        if serializer != "Nothing":
            words.append(serializer)
        words.append("options")
        if path:
            words.append(f"path = arrayOf({', '.join(identifier(one.name) for one in path)})")
        pairs: list[str] = []
        for one in query:
            if one.name == "asPlatform":
                pairs.append('"account" to (if (asPlatform) "platform" else null)')
            elif one.name in {"cursor", "limit"}:
                value = cursor if one.name == "cursor" else limit
                pairs += [f'"{one.name}" to {value}'] if value else []
            elif one.kind.removesuffix("?") in call.types.enums:
                pairs.append(f'"{one.name}" to {one.name}?.wire')
            else:
                pairs.append(f'"{one.name}" to {identifier(one.name)}')
        if pairs:
            words.append(f"query = arrayOf({', '.join(pairs)})")
        if headers:
            words.append("ifMatch = ifMatch")
        if body is not None:
            words.append(f"body = {body}")
        if extra:
            words.append(extra)
        if serializer == "Nothing":
            method = "send"
        return f"caller.{method}({', '.join(words)})"

    return code


def _declare(
    call: Call,
    name: str,
    kind: str,
    code: str,
    *,
    without: tuple[str, ...] = (),
    more: tuple[Parameter, ...] = (),
    is_suspending: bool = True,
    note: str = "",
) -> str:
    taken = [*(one for one in more if one.default is None), *(one for one in call.taken if one.name not in without)]
    required = [one for one in taken if one.default is None]
    optional = [one for one in taken if one.default is not None] + [one for one in more if one.default is not None]
    shown = [*required, *optional]
    tags = [f"@param {one.name} {one.text}" for one in shown if one.text]
    summary = str(call.operation.get("summary", "")).strip()
    description = str(call.operation.get("description", "")).strip()
    text = "\n\n".join(part for part in (f"{summary}." if summary else "", description, note) if part)
    declared = "".join(f"        {one.code},\n" for one in shown)
    word = "suspend fun" if is_suspending else "fun"
    return (
        f"{kdoc(text, indent='    ', tags=tags)}    public {word} {name}(\n{declared}"
        f"        options: CallOptions = CallOptions.DEFAULT,\n    ): {kind} =\n        {code}\n\n"
    )


def _paged(call: Call, item: str, send: Any) -> str:
    serializer = f"Page.serializer({item}.serializer())"
    flow = f"pages {{ next -> {send(serializer, cursor='next', limit='pageSize')} }}"
    size = Parameter("pageSize", "Int?", "Rows per call, 1 to 100.", "null")
    code = _declare(
        call, call.function, f"Flow<{item}>", flow, without=("cursor", "limit"), more=(size,), is_suspending=False,
        note="Every collection begins at the first page; the next page is asked for when it is needed.",
    )  # fmt: skip
    page = send(serializer, cursor="cursor", limit="limit")
    return code + _declare(call, f"{call.function}Page", f"Page<{item}>", page, note="One page.")


def _conditional(call: Call, kind: str, decode: Any, send: Any, suffix: str) -> str:
    if "304" not in call.operation["responses"]:
        return ""
    def versioned(serializer: str) -> str:
        return send(serializer, method="callIfChanged", extra="etag = known")  # type: ignore[no-any-return]
    code = decode(versioned)
    if suffix:
        code += "?.map { it.items }"
    known = Parameter("known", "String?", "The ETag of what is at hand; null: none.", "null")
    note = "Null when nothing has changed since [known]; else the value and its ETag, which a change can name as `ifMatch`."
    return _declare(call, f"{call.function}IfChanged", f"Versioned<{kind}>?", code, more=(known,), note=note)


def _csv(call: Call, send: Any) -> str:
    into = Parameter("into", "OutputStream", "Written to while it comes; not closed. After a failure it is not whole.", None)
    code = send("into", method="download", extra='accept = "text/csv"')
    return _declare(
        call, f"{call.function}Csv", "Long", code, without=("cursor", "limit"), more=(into,),
        note="The same as CSV, of any length; answers with the number of bytes.",
    )  # fmt: skip
