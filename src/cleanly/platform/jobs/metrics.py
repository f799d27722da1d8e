"""The queue's counters."""

from collections.abc import Iterable
from typing import Literal

from cleanly.kernel.observe import METER

Outcome = Literal["succeeded", "repeated", "failed", "dead", "given_back", "stalled"]

_finished = METER.create_counter(
    "jobs_finished", unit="{run}", description="Runs that ended, by task and outcome; `failed` ones are tried again"
)
_dead = METER.create_counter("jobs_dead", unit="{job}", description="Jobs that will not be tried again by themselves")
_seconds = METER.create_histogram("jobs_duration", unit="s", description="How long one run took, by task")
_depth = METER.create_gauge("jobs_queue_depth", unit="{job}", description="Jobs that could run now")
_oldest = METER.create_gauge("jobs_oldest_due_age", unit="s", description="For how long the oldest of them has waited")
_waiting_dead = METER.create_gauge("jobs_dead_kept", unit="{job}", description="Dead jobs that wait for a person")


def known(tasks: Iterable[str]) -> None:
    """These may die: an alert sees the first death of each."""
    for task in tasks:
        _dead.add(0, {"task": task})


def took(task: str, seconds: float) -> None:
    """One run of `task` has ended, however it did."""
    _seconds.record(seconds, {"task": task})


def standing(*, due: int, oldest_due_seconds: float, dead: int) -> None:
    """How the queue stands now."""
    _depth.set(due)
    _oldest.set(oldest_due_seconds)
    _waiting_dead.set(dead)


def count(task: str, outcome: Outcome) -> None:
    """One run of `task` has ended. Names that no handler has are counted as `unknown`: a label must stay bounded."""
    _finished.add(1, {"task": task, "outcome": outcome})
    if outcome == "dead":
        _dead.add(1, {"task": task})
