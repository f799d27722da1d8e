"""One check of the list."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cleanly.entry.doctor.subject import Subject
from cleanly.entry.doctor.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """A name of the form `area.subject`, the look, and the way to mend it in a line."""

    id: str
    look: Callable[[Subject], Awaitable[Verdict]]
    fix: str

    @property
    def area(self) -> str:
        """What it belongs to."""
        return self.id.partition(".")[0]
