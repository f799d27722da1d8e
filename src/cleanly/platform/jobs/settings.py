"""The knobs of the background worker."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from cleanly.kernel.settings import Group

_Positive = Annotated[float, Field(gt=0)]
_Days = Annotated[int, Field(ge=1)]


class JobsSettings(Group):
    """`jobs_listen` unset: LISTEN on a direct address, polling through a transaction pooler.

    Keep `shutdown_grace_seconds` some seconds below what the platform waits between SIGTERM and SIGKILL.
    """

    jobs_concurrency: Annotated[int, Field(ge=1, le=256)] = 8
    jobs_listen: bool | None = None
    jobs_poll_seconds_max: _Positive = 5
    jobs_heartbeat_seconds: _Positive = 10
    jobs_stalled_seconds: _Positive = 45
    jobs_run_seconds_max: _Positive = 600
    jobs_transaction_seconds_max: _Positive = 60
    jobs_retry_seconds_first: _Positive = 5
    jobs_retry_seconds_max: _Positive = 3600
    jobs_keep_days: _Days = 7
    jobs_dead_keep_days: _Days = 90
    shutdown_grace_seconds: Annotated[float, Field(ge=0)] = 40

    @model_validator(mode="after")
    def _a_live_worker_is_not_stalled(self) -> Self:
        if self.jobs_stalled_seconds < 2 * self.jobs_heartbeat_seconds:
            raise ValueError("JOBS_STALLED_SECONDS must be at least twice JOBS_HEARTBEAT_SECONDS")
        return self
