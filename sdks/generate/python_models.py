"""Python: the models, the words of their fields, the classes of refusals."""

import keyword
import re
import textwrap

from sdks.generate.contract import (
    Choice,
    Contract,
    Dictionary,
    Field,
    Many,
    Model,
    Nullable,
    Pages,
    Plain,
    Ref,
    Refusal,
    Type,
    camel,
    pascal,
    snake,
)

MARK = "Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."
# What must not stand in a log because somebody printed a model.
_SECRET = {"accessToken", "refreshToken", "secret", "client", "previewToken"}
_PLAIN = {
    "string": "str",
    "uuid": "UUID",
    "date-time": "datetime",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "any": "Any",
}
_WIDTH = 112
_CAMEL = re.compile(r"`([a-z]+(?:[A-Z][a-z0-9]*)+)`")
_IMPORTS = """from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from cleanly_client.money import Money
from cleanly_client.unset import UNSET, Unset
from cleanly_client.wire import Word"""


def name_of(wire: str) -> str:
    """A field's or an argument's name.

    Raises:
        ValueError: the library could not find its way back to the wire's name.
    """
    name = snake(wire)
    if camel(name) != wire and "_" not in wire:
        raise ValueError(f"{wire} is no camelCase")
    return f"{name}_" if keyword.iskeyword(name) else name


def hint(kind: Type, *, is_sent: bool) -> str:  # noqa: PLR0911 - one for each kind
    """A type as Python writes it: generous in what a caller may give, exact in what it gets."""
    match kind:
        case Plain("uuid") if is_sent:
            return "UUID | str"
        case Plain(name):
            return _PLAIN[name]
        case Choice("", words):
            return f"Literal[{', '.join(repr(word) for word in words)}]"
        case Many(of):
            inner = hint(of, is_sent=is_sent)
            return f"Sequence[{inner}]" if is_sent else f"tuple[{inner}, ...]"
        case Dictionary(of):
            return f"Mapping[str, {hint(of, is_sent=is_sent)}]"
        case Nullable(of):
            return f"{hint(of, is_sent=is_sent)} | None"
        case Pages(of):
            return f"Page[{hint(of, is_sent=is_sent)}]"
        case Choice(name) | Ref(name):
            return name


def optional(text: str) -> str:
    """What may be left out."""
    return f"{text.removesuffix(' | None')} | Unset{' | None' if text.endswith(' | None') else ''}"


def docstring(text: str, indent: int = 4) -> str:
    """A docstring, wrapped; its first line ends like a sentence, and fields are called as Python calls them."""
    pad = " " * indent
    text = _CAMEL.sub(lambda found: f"`{snake(found[1])}`", text)
    first, *rest = text.strip().replace("\\", "\\\\").split("\n\n")
    first = " ".join(first.split())
    head, dot, tail = first.partition(". ")
    # One sentence stands alone on the first line, if it fits.
    paragraphs = [f"{head}.", tail, *rest] if dot and len(first) > _WIDTH else [first, *rest]
    paragraphs = [paragraph for paragraph in paragraphs if paragraph]
    if paragraphs[0][-1] not in ".!?":
        paragraphs[0] += "."
    blocks = [
        paragraph if paragraph.startswith(("Raises:", "Args:")) else textwrap.fill(" ".join(paragraph.split()), _WIDTH)
        for paragraph in paragraphs
    ]
    body = "\n\n".join(blocks)
    lines = body.splitlines()
    if len(lines) == 1:
        return f'{pad}"""{lines[0]}"""'
    return "\n".join([f'{pad}"""{lines[0]}', *(f"{pad}{line}" if line else "" for line in lines[1:]), f'{pad}"""'])


def models(contract: Contract) -> str:
    """`models.py`."""
    parts = [
        f'"""What the service answers with. {MARK}"""',
        _IMPORTS,
        *(_words(choice) for choice in contract.choices),
        *(_model(model) for model in _in_order(contract.models)),
    ]
    return "\n\n\n".join(parts) + "\n"


def refusals(contract: Contract) -> str:
    """`refusals.py`."""
    parts = [
        f'"""Every way in which the service says no, by its code. {MARK}"""',
        "from typing import ClassVar\n\nfrom cleanly_client.errors import Refused",
        *(_refusal(row) for row in contract.refusals),
        "BY_CODE: dict[str, type[Refused]] = {\n"
        + "".join(f'    "{row.code}": {pascal(row.code)},\n' for row in contract.refusals)
        + "}",
    ]
    return "\n\n\n".join(parts) + "\n"


def _words(choice: Choice) -> str:
    lines = [f'    {snake(word).upper()} = "{word}"' for word in choice.words]
    about = f"Words of `{choice.name}`; a newer service may say others."
    return "\n".join([f"class {choice.name}(Word):", docstring(about), "", *lines])


def _in_order(models: tuple[Model, ...]) -> list[Model]:
    """A model after those that it mentions."""
    waiting, done, ordered = {model.name: model for model in models}, set[str](), list[Model]()

    def place(model: Model) -> None:
        if model.name in done:
            return
        done.add(model.name)
        for one in model.fields:
            for name in _mentioned(one.type):
                if name in waiting:
                    place(waiting[name])
        ordered.append(model)

    for model in models:
        place(model)
    return ordered


def _mentioned(kind: Type) -> list[str]:
    return _mentioned(kind.of) if isinstance(kind, Many | Dictionary | Nullable) else [getattr(kind, "name", "")]


def _model(model: Model) -> str:
    fields = sorted(model.fields, key=lambda one: not one.is_required)
    lines = [line for one in fields for line in _field(one, is_sent=model.is_sent)]
    if model.has_etag:
        lines += [
            "    etag: str | None = field(default=None, compare=False)",
            '    """Its version, for `if_match`; None in a list."""',
        ]
    return "\n".join(
        [
            "@dataclass(frozen=True, slots=True, kw_only=True)",
            f"class {model.name}:",
            docstring(model.about),
            "",
            *lines,
        ]
    )


def _field(one: Field, *, is_sent: bool) -> list[str]:
    kind = hint(one.type, is_sent=is_sent)
    if not one.is_required:
        kind = optional(kind) if is_sent else kind if isinstance(one.type, Nullable) else f"{kind} | None"
    default = None if one.is_required else "UNSET" if is_sent else "None"
    given = "" if default is None else f" = {default}"
    if one.wire in _SECRET:
        given = f" = field({'' if default is None else f'default={default}, '}repr=False)"
    about = [docstring(one.about)] if one.about else []
    return [f"    {name_of(one.wire)}: {kind}{given}", *about]


def _refusal(row: Refusal) -> str:
    return "\n".join(
        [
            f"class {pascal(row.code)}(Refused):",
            docstring(f"{row.message}: {row.action}" if row.message else row.action),
            "",
            f'    code = "{row.code}"',
            f"    status = {row.status}",
            f'    action: ClassVar[str] = "{row.action}"',
        ]
    )
