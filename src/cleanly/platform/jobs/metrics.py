"""The queue's counters."""

from typing import Literal

from cleanly.kernel.observe import METER

Outcome = Literal["succeeded", "repeated", "failed", "dead", "given_back", "stalled"]

_finished = METER.create_counter(
    "jobs_finished", unit="{run}", description="Runs that ended, by task and outcome; `failed` ones are tried again"
)
_dead = METER.create_counter("jobs_dead", unit="{job}", description="Jobs that will not be tried again by themselves")


def count(task: str, outcome: Outcome) -> None:
    """One run of `task` has ended. Names that no handler has are counted as `unknown`: a label must stay bounded."""
    _finished.add(1, {"task": task, "outcome": outcome})
    if outcome == "dead":
        _dead.add(1, {"task": task})
