"""Reads what providers answer. What can't be read tells us nothing about what happened: it is Unknown."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from cleanly.platform.providers.errors import Unknown

Json = Mapping[str, Any]


@contextmanager
def reading(what: str) -> Generator[None]:
    """Turn every fault of reading into Unknown; `what` names the answer, for the log."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        # Only the kind of fault: the text may hold what the provider sent.
        raise Unknown(f"{what} can't be read ({type(error).__name__})") from error


def parse_object(body: bytes | str) -> Json:
    """A JSON object.

    Raises:
        ValueError: anything else.
    """
    try:
        found: object = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one kind of fault for one kind of caller
    return cast("Json", found)


def within(it: object, *names: str) -> Any:
    """What stands at the end of a path of names; None where there is nothing on the way."""
    for name in names:
        if not isinstance(it, Mapping):
            return None
        it = cast("Json", it).get(name)
    return it


def our_id(text: object) -> UUID | None:
    """Our id in a provider's metadata; None if it is not one of ours."""
    if not isinstance(text, str):
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def at_second(seconds: object) -> datetime:
    """A Unix time.

    Raises:
        TypeError: not an integer.
        ValueError: no time that there is.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise TypeError("not a Unix time")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("no time that there is") from error


def at_instant(text: object) -> datetime:
    """An RFC 3339 instant, in UTC.

    Raises:
        TypeError: not text.
        ValueError: not an instant with its offset.
    """
    if not isinstance(text, str):
        raise TypeError("not an instant")
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant without its offset")
    return found.astimezone(UTC)
