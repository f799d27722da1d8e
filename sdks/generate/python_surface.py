"""Python: the groups of calls, each in both colours from one description."""

from sdks.generate.contract import Contract, Dictionary, Field, Operation, Pages, Plain, Ref, pascal, snake
from sdks.generate.python_models import MARK, docstring, hint, name_of, optional

_PACKAGE = "cleanly_client"
# Walked by the iterator; `limit` stays, as the size of a page.
_ROLES = {"change_password": "begin", "logout": "logout", "erase": "erase"}
_BASES = {"webhooks": ("Verifying",)}
_ABOUT = {
    "admin": "What an administrator does",
    "auth": "Accounts and sessions",
    "catalog": "Products, prices and plans",
    "payments": "Paying, refunding, disputes",
    "payouts": "What a seller has, and how it gets to the seller",
    "service": "Whether the service is there, and the table of its refusals",
    "subscriptions": "Subscriptions and what they unlock",
    "users": "Profiles",
    "webhooks": "Messages to a seller's own server",
}


def surface(contract: Contract) -> dict[str, str]:
    """`surface/*.py` by their names."""
    groups: dict[str, list[Operation]] = {}
    for operation in contract.operations:
        groups.setdefault(operation.group, []).append(operation)
    files = {f"{name}.py": _group(name, groups[name], contract) for name in groups}
    return {**files, "__init__.py": _index(sorted(groups))}


def _index(names: list[str]) -> str:
    imports = "\n".join(
        f"from {_PACKAGE}.surface.{name} import Async{pascal(name)}, {pascal(name)}" for name in names
    )  # fmt: skip
    classes = [
        "\n".join(
            [
                f"class {prefix}Surface:",
                f'    """Every call of the service, in groups{", awaited" if prefix else ""}."""',
                "",
                f"    def __init__(self, caller: {prefix}Caller) -> None:",
                *(f"        self.{name} = {prefix}{pascal(name)}(caller)" for name in names),
            ]
        )
        for prefix in ("", "Async")
    ]
    head = f'"""The whole surface. {MARK}"""'
    return "\n\n\n".join([head, f"from {_PACKAGE}.groups import AsyncCaller, Caller\n{imports}", *classes]) + "\n"


def _group(name: str, operations: list[Operation], contract: Contract) -> str:
    head = [
        "from collections.abc import Mapping, Sequence",
        "from datetime import datetime",
        "from typing import Any, Literal",
        "from uuid import UUID",
        "",
        f"from {_PACKAGE} import models, wire",
        f"from {_PACKAGE}.calls import Call, Given",
        f"from {_PACKAGE}.groups import AsyncGroup, Group",
        f"from {_PACKAGE}.money import Money",
        f"from {_PACKAGE}.pages import AsyncPages, Pages",
        f"from {_PACKAGE}.unset import UNSET, Unset",
        f"from {_PACKAGE}.verification import Verifying",
    ]
    calls = [_call(one, contract) for one in operations if one.id != "refresh"]
    calls += [_csv_call(one) for one in operations if one.has_csv]
    classes = [_class(name, operations, prefix) for prefix in ("", "Async")]
    about = f'"""{_ABOUT.get(name, pascal(name))}. {MARK}"""'
    return "\n\n\n".join([about, "\n".join(head), "\n".join(calls), *classes]) + "\n"


def _constant(operation: Operation, suffix: str = "") -> str:
    return f"_{operation.id.upper()}{suffix}"


def _call(operation: Operation, contract: Contract) -> str:
    extra = "" if operation.needs_token else ", needs_token=False"
    extra += ", tells_etag=True" if operation.tells_etag else ""
    role = "begin" if operation.id in contract.sign_in else _ROLES.get(operation.id)
    extra += f', role="{role}"' if role else ""
    match operation.answer:
        case Pages(of):
            kind, read = f"wire.Page[{_shown(of)}]", f"wire.pages({_shown(of)})"
        case Ref() as one:
            kind, read = f"{_shown(one)}{' | None' if operation.may_be_accepted else ''}", f"wire.reader({_shown(one)})"
        case None:
            kind, read = "None", "wire.anything"
        case other:
            kind, read = hint(other, is_sent=False), "wire.anything"
    name = _constant(operation)
    return f'{name}: Call[{kind}] = Call("{operation.id}", "{operation.verb}", "{operation.path}", {read}{extra})'


def _csv_call(operation: Operation) -> str:
    return (
        f"{_constant(operation, '_CSV')}: Call[str] = "
        f'Call("{operation.id}", "{operation.verb}", "{operation.path}", wire.anything, is_text=True)'
    )


def _shown(kind: object) -> str:
    assert isinstance(kind, Ref | Plain | Dictionary)  # noqa: S101 - what a list can hold
    return f"models.{kind.name}" if isinstance(kind, Ref) and kind.name != "Money" else hint(kind, is_sent=False)


def _class(name: str, operations: list[Operation], prefix: str) -> str:
    bases = ", ".join([f"{prefix}Group", *_BASES.get(name, ())])
    methods = [_method(one, prefix) for one in operations]
    methods += [_csv_method(one, prefix) for one in operations if one.has_csv]
    about = f'    """{_ABOUT.get(name, pascal(name))}."""'
    return "\n\n".join([f"class {prefix}{pascal(name)}({bases}):\n{about}", *methods])


def _arguments(operation: Operation, *, is_csv: bool = False) -> tuple[list[str], dict[str, list[Field]]]:
    """The signature's parameters, and the fields by where they go."""
    query = [one for one in operation.in_query if not (is_csv and one.wire in {"limit", "cursor"})]
    body = [one for one in operation.body or () if (operation.id, one.wire) != ("logout", "refreshToken")]
    signature = [_positional(one) for one in operation.in_path]
    keyword = [_keyword(one) for one in sorted([*body, *query], key=lambda one: not one.is_required)]
    keyword += ["if_match: str | None = None"] if operation.takes_if_match else []
    keyword += ["idempotency_key: str | None = None"] if operation.is_keyed else []
    return [*signature, *(["*", *keyword] if keyword else [])], {"query": query, "body": body}


def _positional(one: Field) -> str:
    given = f' = "{one.default}"' if one.default else ""
    return f"{name_of(one.wire)}: {_hint(one)}{given}"


def _keyword(one: Field) -> str:
    kind = _hint(one)
    return f"{name_of(one.wire)}: {kind if one.is_required else f'{optional(kind)} = UNSET'}"


def _hint(one: Field) -> str:
    text = hint(one.type, is_sent=True)
    for word in ("NewPrice",):
        text = text.replace(word, f"models.{word}")
    return text


def _given(operation: Operation, where: dict[str, list[Field]]) -> str:
    def dictionary(fields: list[Field]) -> str:
        return "{" + ", ".join(f'"{one.wire}": {name_of(one.wire)}' for one in fields) + "}"

    words = [dictionary(list(operation.in_path)), dictionary(where["query"])]
    words += [f"body={dictionary(where['body'])}"] if operation.body is not None else []
    words += ["key=idempotency_key"] if operation.is_keyed else []
    words += ["if_match=if_match"] if operation.takes_if_match else []
    return f"Given({', '.join(words)})"


def _about(operation: Operation, fields: list[Field], note: str = "") -> str:
    summary = operation.summary if operation.summary.endswith((".", "!", "?")) else f"{operation.summary}."
    told = [f"`{name_of(one.wire)}`: {' '.join(one.about.split())}" for one in fields if one.about]
    notes = "\n\n".join(line if line.endswith(".") else f"{line}." for line in told if "ursor`" not in line)
    raises = ", ".join(pascal(code) for code in operation.codes)
    last = f"Raises:\n    {raises or 'CleanlyError'}: see `cleanly_client.refusals`." if raises else ""
    text = "\n\n".join(part for part in (summary, operation.about, note, notes, last) if part)
    return docstring(text, 8)


def _method(operation: Operation, prefix: str) -> str:
    name, colour, wait = snake(operation.method), "async " if prefix else "", "await " if prefix else ""
    if operation.id == "refresh":
        about = docstring("Trade the refresh token for a new pair now; it is done by itself when it is time.", 8)
        return f"    {colour}def {name}(self) -> None:\n{about}\n        {wait}self._caller.renew()"
    signature, where = _arguments(operation)
    given = _given(operation, where)
    note = "None if the service only says that a mail is on its way." if operation.may_be_accepted else ""
    about = _about(operation, [*operation.in_path, *where["query"], *where["body"]], note)
    parameters = ", ".join(["self", *signature])
    if isinstance(operation.answer, Pages):
        kind = f"{prefix}Pages[{_shown(operation.answer.of)}]"
        call = f"return self._pages({_constant(operation)}, {given})"
        return f"    def {name}({parameters}) -> {kind}:\n{about}\n        {call}"
    match operation.answer:
        case Ref() as one:
            kind = f"{_shown(one)}{' | None' if operation.may_be_accepted else ''}"
        case None:
            kind = "None"
        case other:
            kind = hint(other, is_sent=False)
    back = "" if kind == "None" else "return "
    call = f"{back}{wait}self._caller.call({_constant(operation)}, {given})"
    return f"    {colour}def {name}({parameters}) -> {kind}:\n{about}\n        {call}"


def _csv_method(operation: Operation, prefix: str) -> str:
    colour, wait = ("async ", "await ") if prefix else ("", "")
    signature, where = _arguments(operation, is_csv=True)
    about = docstring(f"{operation.summary}, as one CSV file\n\nWhole or not at all: a torn one is fetched again.", 8)
    call = f"return {wait}self._caller.call({_constant(operation, '_CSV')}, {_given(operation, where)})"
    parameters = ", ".join(["self", *signature])
    return f"    {colour}def {snake(operation.method)}_csv({parameters}) -> str:\n{about}\n        {call}"
