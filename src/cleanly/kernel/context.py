"""What a running process holds. Built once in `entry`, handed down, never imported as a global."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cleanly.kernel.clock import Clock
from cleanly.kernel.db import Database

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """The database, the clock, and one part of each kind: a settings group, a cache, a provider bundle."""

    db: Database
    clock: Clock
    parts: Mapping[type, Any] = field(default_factory=dict[type, Any])

    def part(self, kind: type[T]) -> T:
        """Return the one part of this type.

        Raises:
            KeyError: `entry/context.py` did not build one: a fault of the program, not of the caller.
        """
        part: T = self.parts[kind]
        return part
