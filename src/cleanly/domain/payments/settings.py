"""The knobs of payments."""

from typing import Annotated

from pydantic import Field

from cleanly.kernel.settings import Group


class PaymentSettings(Group):
    """`hold_days`: how long a seller's money is kept back after a capture, for refunds and disputes.

    `reserve_basis_points`: what part of it is kept for `reserve_days` more. Both may be agreed with a seller.

    `late_capture_refunded`: whether money that comes for a payment which was given up is given back at once; off where
    such an order can still be served.
    """

    hold_days: Annotated[int, Field(ge=0, le=90)] = 7
    reserve_basis_points: Annotated[int, Field(ge=0, le=10_000)] = 0
    reserve_days: Annotated[int, Field(ge=1, le=365)] = 90
    late_capture_refunded: bool = True
    payment_look_seconds_min: Annotated[float, Field(ge=0)] = 2
    payment_look_seconds_max: Annotated[float, Field(gt=0)] = 5
