"""Wire shapes of a history and of a month's statement."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, PlainSerializer

from cleanly.domain.payouts.balances.schemas import AmountOut
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class ChangesOut(Wire):
    """By how much each balance changed, in minor units. What is owed counts upward: 5 is owing 5 more."""

    pending: int = 0
    available: int = 0
    reserve: int = 0
    disputed: int = 0
    in_transit: int = 0
    receivable: int = 0


class ObjectOut(Wire):
    """What a transaction belongs to."""

    type: str = Field(examples=["refund"])
    id: UUID


class TransactionOut(Wire):
    """One thing that happened to the caller's money."""

    id: UUID
    type: str = Field(description="What happened", examples=["payment.captured"])
    created_at: Moment
    currency: str = Field(examples=["EUR"])
    amount: AmountOut = Field(description="What the caller has more, or less; 0 for a move between balances")
    changes: ChangesOut
    object: ObjectOut | None
    payment_id: UUID | None
    description: str | None = Field(description="What it was for", examples=["Honey"])


class TransactionsOut(Wire):
    """A page of transactions, newest first. A filter by type may leave a page short: only a null cursor is the end."""

    items: list[TransactionOut]
    next_cursor: str | None


class SumsOut(ChangesOut):
    """Balances at one moment, or changes over a time. `total`: what is had, less what is owed."""

    total: int


class TypeOut(Wire):
    """What all transactions of one type did."""

    type: str = Field(examples=["payment.captured"])
    sums: SumsOut


class CurrencyOut(Wire):
    """One currency's month: `opening` and all `types` together are `closing`."""

    currency: str = Field(examples=["EUR"])
    opening: SumsOut
    types: list[TypeOut]
    closing: SumsOut


class StatementOut(Wire):
    """A month in UTC, in minor units. `isFinal`: it is over, so nothing comes to it any more."""

    month: str = Field(examples=["2026-11"])
    since: Moment
    until: Moment
    is_final: bool
    items: list[CurrencyOut]
