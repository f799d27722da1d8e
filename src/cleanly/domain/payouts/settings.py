"""The knobs of payouts."""

from typing import Annotated

from pydantic import Field

from cleanly.kernel.settings import Group


class PayoutSettings(Group):
    """`exports_at_once`: CSV files that one process writes at the same time; more are told to come again.

    `export_seconds_max`: the longest that one may take, at the pace of who reads it.
    """

    exports_at_once: Annotated[int, Field(ge=1, le=100)] = 4
    export_seconds_max: Annotated[int, Field(ge=1)] = 600
