"""The knobs of payments."""

from typing import Annotated

from pydantic import Field

from cleanly.kernel.settings import Group


class PaymentSettings(Group):
    """`hold_days`: how long a seller's money is kept back after a capture, for refunds and disputes."""

    hold_days: Annotated[int, Field(ge=0, le=90)] = 7
    payment_look_seconds_min: Annotated[float, Field(ge=0)] = 2
    payment_look_seconds_max: Annotated[float, Field(gt=0)] = 5
