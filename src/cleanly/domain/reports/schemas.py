"""Wire shapes of reports."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, PlainSerializer

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class CountedOut(Wire):
    """How many, and what they came to in minor units."""

    count: int
    amount: int


class CurrencyDayOut(Wire):
    """One currency's day. `payouts` arrived; `payoutsBack` had been handed over and came back."""

    currency: str = Field(examples=["EUR"])
    volume: CountedOut
    fees: int = Field(description="Ours, less what was given back")
    provider_fees: int
    refunds: CountedOut
    disputes: CountedOut
    payouts: CountedOut
    payouts_back: CountedOut
    failed_payments: int
    failed_payouts: int


class BooksOut(Wire):
    """How the books were when the report was made: all 0 and false if all is well."""

    drift: int
    faults: int
    debtors_with_money: int
    hold_differences: int
    open_differences: int
    are_payouts_stopped: bool


class DailyReportOut(Wire):
    """One day in UTC."""

    day: date
    new_users: int
    currencies: list[CurrencyDayOut]
    health: BooksOut
    made_at: Moment


class DailyReportsOut(Wire):
    """A page of reports."""

    items: list[DailyReportOut]
    next_cursor: str | None
