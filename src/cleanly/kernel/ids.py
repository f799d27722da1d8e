"""Identifiers: UUID version 7 (RFC 9562), which sorts by creation time and so tells it: never a secret."""

from functools import lru_cache
from uuid import UUID

from uuid_utils import compat


def new_id() -> UUID:
    """A new UUIDv7."""
    return compat.uuid7()


@lru_cache(maxsize=16_384)
def text_of(some_id: UUID) -> str:
    """Its canonical text. Kept, because the ids of those who call now are written again and again."""
    return str(some_id)
