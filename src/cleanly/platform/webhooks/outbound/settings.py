"""The knobs of outbound webhooks."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cleanly.kernel.settings import Group

_Seconds = Annotated[float, Field(gt=0)]
_Count = Annotated[int, Field(ge=1)]


class OutboundSettings(Group):
    """`outbound_loopback` lets endpoints be on this machine, by plain http: for development, refused in production.

    Messages, their deliveries and tries are kept for `outbound_keep_days`.

    A dispatcher has `outbound_in_flight_max` calls open and `outbound_claimed_max` deliveries in hand at most. A
    killed one's deliveries are taken up again when `outbound_lease_seconds` have passed.
    """

    outbound_loopback: Literal["on", "off"] = "off"
    outbound_endpoints_max: _Count = 20
    outbound_keep_days: _Count = 30
    outbound_deadline_seconds: Annotated[float, Field(gt=0, le=60)] = 15
    outbound_lease_seconds: _Seconds = 60
    outbound_in_flight_max: Annotated[int, Field(ge=8)] = 512
    outbound_endpoint_in_flight_max: _Count = 64
    outbound_claimed_max: Annotated[int, Field(ge=8)] = 1500
    outbound_batch_max: Annotated[int, Field(ge=1, le=2000)] = 400
    outbound_poll_seconds_max: _Seconds = 1

    @model_validator(mode="after")
    def _what_must_fit_fits(self) -> Self:
        if self.outbound_lease_seconds < 2 * self.outbound_deadline_seconds:
            raise ValueError("OUTBOUND_LEASE_SECONDS must be at least twice OUTBOUND_DEADLINE_SECONDS")
        if self.outbound_claimed_max < self.outbound_batch_max:  # a dispatcher waits for room for a part of a batch
            raise ValueError("OUTBOUND_CLAIMED_MAX must be at least OUTBOUND_BATCH_MAX")
        return self
