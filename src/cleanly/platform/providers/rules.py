"""Whether a call without an answer may be made again under its key (MONEY.md 2.2). Pure."""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

LOOKS_APART: Final = timedelta(minutes=10)
# A key is taken for forgotten a little early: what is sent now arrives later, by another clock.
MEMORY_MARGIN: Final = timedelta(minutes=5)


class Again(Enum):
    """How to go on with a call that has no answer, and of which a look has just shown nothing."""

    SAME_KEY = auto()
    LOOK_AGAIN = auto()
    NEW_KEY = auto()


def judge(started_at: datetime, missed_at: datetime | None, *, key_memory: timedelta, now: datetime) -> Again:
    """`started_at`: when the key was first used. `missed_at`: when a look first showed nothing, the key being old."""
    if now - started_at < key_memory - MEMORY_MARGIN:
        return Again.SAME_KEY
    if missed_at is None or now - missed_at < LOOKS_APART:
        return Again.LOOK_AGAIN
    return Again.NEW_KEY
