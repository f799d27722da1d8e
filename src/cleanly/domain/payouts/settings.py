"""The knobs of payouts."""

from typing import Annotated, Literal

from pydantic import Field

from cleanly.kernel.settings import Group


class PayoutSettings(Group):
    """`exports_at_once`: CSV files that one process writes at the same time; more are told to come again.

    `export_seconds_max`: the longest that one may take, at the pace of who reads it.

    A payout waits for a person: `payout_first_review`, the first to a destination; above `payout_review_amount` minor
    units (0: whatever the amount); after `payout_requests_a_day`; where more than `payout_dispute_basis_points` of at
    least `payout_dispute_sales_min` sales are disputed. `payout_cooling_hours`: after a change of the destination.

    `adjustment_alone_max`: minor units that one administrator may adjust within 24 hours without another; 0: nothing.
    """

    exports_at_once: Annotated[int, Field(ge=1, le=100)] = 4
    export_seconds_max: Annotated[int, Field(ge=1)] = 600
    payout_first_review: Literal["on", "off"] = "on"
    payout_review_amount: Annotated[int, Field(ge=0)] = 1_000_000
    payout_requests_a_day: Annotated[int, Field(ge=1, le=1000)] = 5
    payout_dispute_basis_points: Annotated[int, Field(ge=0, le=10_000)] = 100
    payout_dispute_sales_min: Annotated[int, Field(ge=1)] = 20
    payout_cooling_hours: Annotated[int, Field(ge=0, le=720)] = 72
    adjustment_alone_max: Annotated[int, Field(ge=0)] = 10_000
