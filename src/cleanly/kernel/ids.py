"""Identifiers: UUID version 7 (RFC 9562), which sorts by creation time and so tells it: never a secret."""

from uuid import UUID

from uuid_utils import compat


def new_id() -> UUID:
    """A new UUIDv7."""
    return compat.uuid7()
