"""A call as a value, and what of it goes over the wire."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

from cleanly_client import wire
from cleanly_client.unset import UNSET

T = TypeVar("T")
Role: TypeAlias = Literal["none", "begin", "renew", "logout", "erase"]
_KEYED = {"POST", "PUT"}


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """An operation of the contract. `path` is a template; `role`: what it does to the session."""

    operation: str
    verb: str
    path: str
    read: Callable[[Any], T]
    needs_token: bool = True
    tells_etag: bool = False
    is_text: bool = False
    role: Role = "none"

    @property
    def is_keyed(self) -> bool:
        """Whether an Idempotency-Key goes with it. A refresh is repeatable by its own protocol."""
        return self.verb in _KEYED and self.role != "renew"


@dataclass(frozen=True, slots=True)
class Given:
    """A call's arguments by their wire names. `body` is None if it takes none."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    key: str | None = None
    if_match: str | None = None

    def target(self, template: str) -> str:
        """The path and query."""
        path = template
        for name, value in self.path.items():
            path = path.replace(f"{{{name}}}", quote(str(wire.to_wire(value)), safe=""))
        query = {name: _word(value) for name, value in self.query.items() if value is not None and value is not UNSET}
        return f"{path}?{urlencode(query)}" if query else path


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, each time that it is. A crash report prints values: none here that is a token or a password."""

    verb: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body, parsed.

        Raises:
            ValueError: it is no JSON.
        """
        return json.loads(self.body)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return wire.moment(value) if isinstance(value, datetime) else str(wire.to_wire(value))
