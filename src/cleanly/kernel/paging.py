"""Keyset pages: a cursor is opaque, signed, and stable while rows are inserted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from cleanly.kernel.crypto import b64url, b64url_decode, derive, mac, same
from cleanly.kernel.errors import MalformedRequest

T = TypeVar("T")
_MAC_BYTES = 16
LIMIT_DEFAULT = 20
LIMIT_MAX = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page; `next_cursor` is None on the last."""

    items: Sequence[T]
    next_cursor: str | None


class Cursors:
    """Signs and reads cursors. A cursor is bound to the list it came from, so that it can't be taken elsewhere."""

    def __init__(self, secret: bytes) -> None:
        self._key = derive(secret, "cleanly/cursor/v1")

    def write(self, place: str, *key: str) -> str:
        """The cursor after the row with this key in the list named `place`."""
        body = json.dumps(key, separators=(",", ":")).encode()
        return b64url(self._mac(place, body) + body)

    def read(self, place: str, cursor: str | None, *, parts: int = 1) -> tuple[str, ...] | None:
        """The key to continue after; None for the first page.

        Raises:
            MalformedRequest: not a cursor of this list.
        """
        if cursor is None:
            return None
        try:
            raw = b64url_decode(cursor)
        except ValueError as error:
            raise MalformedRequest("The cursor is not valid") from error
        tag, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not same(tag, self._mac(place, body)):
            raise MalformedRequest("The cursor is not valid")
        key = tuple(str(part) for part in json.loads(body))
        if len(key) != parts:
            raise MalformedRequest("The cursor is not valid")
        return key

    def _mac(self, place: str, body: bytes) -> bytes:
        return mac(self._key, place.encode() + b"\0" + body)[:_MAC_BYTES]

    def page(self, place: str, rows: Sequence[T], limit: int, *key: str) -> Page[T]:
        """Cut `limit + 1` fetched rows into a page; `key` names the attributes that order the list."""
        items = rows[:limit]
        if len(rows) <= limit:
            return Page(items, None)
        return Page(items, self.write(place, *(str(getattr(items[-1], name)) for name in key)))
