"""Wire shapes of payout schedules."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cleanly.domain.payouts.accounts.schemas import Moment
from cleanly.domain.payouts.balances.schemas import AmountOut
from cleanly.kernel.money import AMOUNT_MAX, EXPONENTS
from cleanly.kernel.wire import Wire

Interval = Literal["manual", "daily", "weekly", "monthly"]


class MinimumIn(Wire):
    """Below so much nothing is paid out in this currency."""

    amount: Annotated[int, Field(strict=True, ge=1, le=AMOUNT_MAX, examples=[1_000])]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]


class PayoutScheduleIn(Wire):
    """`weekday` (1 is Monday) belongs to `weekly`, `day` to `monthly`: in a shorter month its last."""

    interval: Interval
    weekday: Annotated[int, Field(strict=True, ge=1, le=7)] | None = None
    day: Annotated[int, Field(strict=True, ge=1, le=31, examples=[31])] | None = None
    minimums: Annotated[list[MinimumIn], Field(max_length=50, default_factory=list[MinimumIn])]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.interval == "weekly") != (self.weekday is not None):
            raise ValueError("weekday belongs to weekly, and to nothing else")
        if (self.interval == "monthly") != (self.day is not None):
            raise ValueError("day belongs to monthly, and to nothing else")
        currencies = [one.currency for one in self.minimums]
        if len(currencies) != len(set(currencies)) or not set(currencies) <= set(EXPONENTS):
            raise ValueError("minimums: each currency once, and one that we know")
        return self


class PayoutScheduleOut(Wire):
    """When what is available is paid out. `nextAt` is null where it is done by hand."""

    interval: Interval
    weekday: int | None
    day: int | None
    minimums: list[AmountOut]
    next_at: Moment | None
