"""The contract as the generators need it: models, choices, calls, refusals. No language's words here."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Primitive = Literal["string", "uuid", "date-time", "integer", "number", "boolean", "any"]


@dataclass(frozen=True, slots=True)
class Plain:
    """A value that every language has."""

    name: Primitive


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words; newer services may know more. `name` is empty where it stands in an argument."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """A model by its name; `Money` is written by hand in each SDK."""

    name: str


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    of: "Type"


@dataclass(frozen=True, slots=True)
class Dictionary:
    """An object with free names."""

    of: "Type"


@dataclass(frozen=True, slots=True)
class Nullable:
    """Or null."""

    of: "Type"


@dataclass(frozen=True, slots=True)
class Pages:
    """`{items, nextCursor}`: read to the end by an iterator."""

    of: "Type"


Type: TypeAlias = Plain | Choice | Ref | Many | Dictionary | Nullable | Pages


@dataclass(frozen=True, slots=True)
class Field:
    """`wire`: its name in JSON. `is_required`: always there (model), must be given (argument).

    `default`: what an argument is when nobody says; only `me`, for a path that names the caller.
    """

    wire: str
    type: Type
    is_required: bool
    about: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """What the service answers with, or a part of what it is sent. `is_sent`: part of a request."""

    name: str
    about: str
    fields: tuple[Field, ...]
    has_etag: bool = False
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """A call. `body` is None if it takes none; `group` and `method` are in camelCase.

    `answer` is None for 204. `is_keyed`: POST and PUT, which take an Idempotency-Key. `tells_etag`: GET answers 304.
    """

    id: str
    group: str
    method: str
    verb: str
    path: str
    summary: str
    about: str
    in_path: tuple[Field, ...]
    in_query: tuple[Field, ...]
    body: tuple[Field, ...] | None
    answer: Type | None
    has_csv: bool
    needs_token: bool
    takes_if_match: bool
    tells_etag: bool
    may_be_accepted: bool = False  # 202 beside its usual answer: "a mail is on its way", and nothing else is told
    codes: tuple[str, ...] = ()  # the refusals of its own, beside those of any call

    @property
    def is_keyed(self) -> bool:
        """Whether an Idempotency-Key goes with it."""
        return self.verb in {"POST", "PUT"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of the error table."""

    code: str
    status: int
    action: str
    message: str


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything."""

    models: tuple[Model, ...]
    choices: tuple[Choice, ...]
    operations: tuple[Operation, ...]
    refusals: tuple[Refusal, ...]
    sign_in: tuple[str, ...]


def words_of(name: str) -> list[str]:
    """The words of a name in any of the usual cases: `nextCursor`, `if-match`, `product_id`."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]


def camel(name: str) -> str:
    """`next_cursor` as `nextCursor`."""
    first, *rest = words_of(name)
    return first + "".join(word.capitalize() for word in rest)


def pascal(name: str) -> str:
    """`next_cursor` as `NextCursor`."""
    return "".join(word.capitalize() for word in words_of(name))


def snake(name: str) -> str:
    """`nextCursor` as `next_cursor`."""
    return "_".join(words_of(name))
