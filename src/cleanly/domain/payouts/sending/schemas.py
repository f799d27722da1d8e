"""Wire shapes of payouts."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from cleanly.domain.payouts.accounts.schemas import Moment
from cleanly.domain.payouts.balances.schemas import AmountOut
from cleanly.kernel.money import AMOUNT_MAX
from cleanly.kernel.wire import Wire

PayoutState = Literal["requested", "held", "sending", "unknown", "in_transit", "paid", "failed", "returned", "canceled"]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]


class PayoutIn(Wire):
    """How much of what is available; `provider` chooses among several accounts, else the default one is paid."""

    amount: Annotated[int, Field(strict=True, ge=1, le=AMOUNT_MAX, examples=[12_000])]
    currency: Currency
    provider: Annotated[str, Field(min_length=1, max_length=20)] | None = None


class PayoutOut(Wire):
    """One payout. `destination`: the last digits of where it goes, as it was when it was asked for."""

    id: UUID
    state: PayoutState = Field(description="`held`: somebody looks at it first. `paid` may still become `failed`")
    money: AmountOut
    provider: str = Field(examples=["stripe"])
    payout_account_id: UUID
    destination: str | None = Field(examples=["4242"])
    is_scheduled: bool
    failure_code: str | None = Field(examples=["account_closed"])
    arrives_at: Moment | None
    paid_at: Moment | None
    created_at: Moment
    updated_at: Moment


class PayoutsOut(Wire):
    """A page of payouts."""

    items: list[PayoutOut]
    next_cursor: str | None


class ReviewedPayoutOut(PayoutOut):
    """A payout as an operator sees it. `alarm`: the provider's money on it is not what our row says."""

    seller_id: UUID
    held_for: list[str] = Field(examples=[["first_payout"]])
    held_until: Moment | None
    alarm: str | None
    transfer_reference: str | None
    payout_reference: str | None


class ReviewedPayoutsOut(Wire):
    """A page of payouts for operators."""

    items: list[ReviewedPayoutOut]
    next_cursor: str | None


class ReviewIn(Wire):
    """Why; it is kept in the audit record."""

    reason: Annotated[str, Field(min_length=3, max_length=500, examples=["The invoice was checked"])]


class PayoutStopOut(Wire):
    """Whether payouts are sent. While they are stopped they may be asked for, and wait."""

    is_stopped: bool
    reason: str | None
    stopped_at: Moment | None
