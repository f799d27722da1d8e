"""Between JSON and values: a decoder per model, built from its type hints at the first use, and one encoder."""

import dataclasses
import enum
import functools
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar, Union, cast
from uuid import UUID

from cleanly_client.unset import UNSET

T = TypeVar("T")
Read = Callable[[Any], Any]
_ETAG = "etag"


class Word(enum.StrEnum):
    """One of some words. A service that is newer than this library may say others: they are kept, `is_known` False."""

    @property
    def is_known(self) -> bool:
        """Whether this library was made with it."""
        return self.name in type(self).__members__

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        made = str.__new__(cls, value)
        made._name_, made._value_ = value, value  # an enum's own two names
        return made


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. `next_cursor` is None at its end."""

    items: tuple[T, ...]
    next_cursor: str | None


class Unreadable(ValueError):
    """JSON of another shape than the contract says. Names the field, never its value."""


def reader(kind: type[T]) -> Callable[[Any], T]:
    """What makes a value of this type from parsed JSON."""
    built: list[Read] = []

    def read(value: Any) -> T:
        if not built:
            built.append(_reader(cast("Any", kind)))
        return cast("T", built[0](value))

    return read


def pages(kind: type[T]) -> Callable[[Any], Page[T]]:
    """What makes a page of them."""
    read = reader(kind)

    def read_page(value: Any) -> Page[T]:
        try:
            return Page(tuple([read(item) for item in value["items"]]), value.get("nextCursor"))
        except (KeyError, TypeError, AttributeError) as error:
            raise Unreadable(f"no page of {kind.__name__}") from error

    return read_page


def anything(value: Any) -> Any:
    """JSON as it is."""
    return value


def to_json(value: Any) -> bytes:
    """A body's bytes."""
    return json.dumps(to_wire(value), ensure_ascii=False, separators=(",", ":")).encode()


def to_wire(value: Any) -> Any:  # noqa: PLR0911 - one for each kind
    """A value as JSON's own kinds, fields in camelCase. `UNSET` is left out of objects."""
    match value:
        case enum.Enum():
            return value.value
        case str() | bool() | int() | float() | None:
            return value
        case UUID():
            return str(value)
        case datetime():
            return moment(value)
        case Mapping():
            fields = cast("Mapping[str, Any]", value)
            return {str(name): to_wire(inner) for name, inner in fields.items() if inner is not UNSET}
        case Sequence():
            return [to_wire(item) for item in cast("Sequence[Any]", value)]  # type: ignore[redundant-cast]
        case _ if dataclasses.is_dataclass(value):
            names = [one.name for one in dataclasses.fields(value) if one.name != _ETAG]
            pairs = ((camel(name), getattr(value, name)) for name in names)
            return {name: to_wire(inner) for name, inner in pairs if inner is not UNSET}
        case _:
            raise TypeError(f"{type(value).__name__} has no place in JSON")


def moment(value: datetime) -> str:
    """RFC 3339 in UTC.

    Raises:
        ValueError: a time without its zone could be any.
    """
    if value.tzinfo is None:
        raise ValueError("a time needs its zone: datetime.now(UTC), not datetime.now()")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def camel(name: str) -> str:
    """`next_cursor` as `nextCursor`."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _plain(value: Any) -> Any:
    return value


def _text_of(kind: type, convert: Callable[[str], Any]) -> Read:
    def read(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, TypeError, AttributeError) as error:
            raise Unreadable(f"no {kind.__name__}") from error

    return read


@functools.cache
def _reader(hint: Any) -> Read:  # noqa: PLR0911
    """The decoder of a type hint."""
    if hint in {str, int, float, bool, Any}:
        return _plain
    if hint is UUID:
        return _text_of(UUID, UUID)
    if hint is datetime:
        return _text_of(datetime, datetime.fromisoformat)
    if isinstance(hint, type) and issubclass(hint, Word):
        return _text_of(hint, hint)
    if dataclasses.is_dataclass(cast("Any", hint)):
        return _model(cast("type", hint))
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {Union, types.UnionType}:
        return _nullable(_reader(next(one for one in inner if one is not types.NoneType)))
    if origin is tuple:
        return _many(_reader(inner[0]))
    if origin is Mapping:
        return _dictionary(_reader(inner[1]))
    raise TypeError(f"no decoder for {hint}")


def _nullable(read: Read) -> Read:
    return _plain if read is _plain else lambda value: None if value is None else read(value)


def _many(read: Read) -> Read:
    def read_many(value: Any) -> Any:
        if not isinstance(value, list):
            raise Unreadable("no list")
        items = cast("list[Any]", value)  # type: ignore[redundant-cast]
        return tuple(items) if read is _plain else tuple([read(item) for item in items])

    return read_many


def _dictionary(read: Read) -> Read:
    def read_dictionary(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Unreadable("no object")
        fields = cast("dict[str, Any]", value)
        return fields if read is _plain else {name: read(inner) for name, inner in fields.items()}

    return read_dictionary


def _model(kind: type) -> Read:
    hints = typing.get_type_hints(kind)
    known = [one for one in dataclasses.fields(kind) if one.name != _ETAG]
    plan = [(one.name, camel(one.name), _reader(hints[one.name]), one.default) for one in known]

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Unreadable(f"no {kind.__name__}")
        wire, found = cast("dict[str, Any]", value), dict[str, Any]()
        for name, key, convert, default in plan:
            if key in wire:
                inner = wire[key]
                found[name] = inner if convert is _plain else convert(inner)
            elif default is dataclasses.MISSING:
                raise Unreadable(f"{kind.__name__} without {key}")
        return kind(**found)

    return read
