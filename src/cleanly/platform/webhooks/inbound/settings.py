"""The knobs of provider news."""

from typing import Annotated

from pydantic import Field

from cleanly.kernel.settings import Group


class InboundSettings(Group):
    """`inbound_run_seconds_max` bounds one try to act on an event; keep it below JOBS_RUN_SECONDS_MAX."""

    inbound_body_keep_days: Annotated[int, Field(ge=1)] = 90
    inbound_run_seconds_max: Annotated[float, Field(gt=0)] = 60
