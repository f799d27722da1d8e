"""Identifiers: UUID version 7 (RFC 9562), which sorts by creation time and so tells it: never a secret."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from uuid import UUID

from uuid_utils import compat

_source: ContextVar[Callable[[], UUID]] = ContextVar("ids", default=compat.uuid7)


def new_id() -> UUID:
    """A new UUIDv7."""
    return _source.get()()


@contextmanager
def made_by(source: Callable[[], UUID]) -> Generator[None, None, None]:
    """Let ids come from here instead, for a play whose clock is not the machine's: they tell the time."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def text_of(some_id: UUID) -> str:
    """Its canonical text. Kept, because the ids of those who call now are written again and again."""
    return _text(some_id.int)


# By the number: a UUID's hash and comparison are written in Python, a number's are not.
@lru_cache(maxsize=16_384)
def _text(number: int) -> str:
    return str(UUID(int=number))
