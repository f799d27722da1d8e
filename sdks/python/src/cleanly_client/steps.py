"""What the protocol asks of the world, as values. A driver does them, with or without `await`; see `drivers.py`."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from cleanly_client.calls import Request
from cleanly_client.stores import Pair

T = TypeVar("T")


class Lost(Exception):
    """Thrown into the protocol: no whole answer came to a `Send`. Its text names the fault, no address and no token."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send it and read the whole answer, in at most so many seconds. Gives an `Answer`."""

    request: Request
    seconds: float


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Acquire:
    """Take the session's lock, waiting so long at most. Gives whether it was got."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Release:
    """Give the session's lock back."""


@dataclass(frozen=True, slots=True)
class Load:
    """Read the store. Gives a `Pair`, or None."""


@dataclass(frozen=True, slots=True)
class Save:
    """Write the store."""

    pair: Pair


@dataclass(frozen=True, slots=True)
class Clear:
    """Empty the store."""


Step: TypeAlias = Send | Sleep | Acquire | Release | Load | Save | Clear
Steps: TypeAlias = Generator[Step, Any, T]
