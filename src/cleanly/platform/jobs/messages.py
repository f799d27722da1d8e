"""What lies in the queue's row, and the tasks by which the queue keeps itself in order."""

from typing import Any

from pydantic import BaseModel

from cleanly.kernel.messages import Task, Tick

# The row tells how often it may be tried, so that one whose worker was killed can be judged without its handler.
ATTEMPTS_MAX_DEFAULT = 10

RECOVER_STALLED = Task("jobs.recover_stalled", Tick, attempts_max=3)
SWEEP = Task("jobs.sweep", Tick, attempts_max=3)


class Envelope(BaseModel):
    """A job's arguments as stored. `request_id` and `traceparent` tie the worker's lines to who asked."""

    payload: dict[str, Any]
    attempts_max: int = ATTEMPTS_MAX_DEFAULT
    request_id: str | None = None
    traceparent: str | None = None
