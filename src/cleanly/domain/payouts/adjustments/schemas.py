"""Wire shapes of adjustments."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from cleanly.domain.payouts.accounts.schemas import Moment
from cleanly.domain.payouts.balances.schemas import AmountOut
from cleanly.kernel.money import AMOUNT_MAX
from cleanly.kernel.wire import Wire

AdjustmentKind = Literal["credit", "debit", "write_off"]
AdjustmentState = Literal["pending", "posted", "refused"]


class AdjustmentIn(Wire):
    """`credit` gives to the seller, against a debt first; `debit` takes what is available; `write_off` forgets a debt.

    `description` is what the seller reads in the history; `reason` is not told.
    """

    seller_id: UUID
    kind: AdjustmentKind
    amount: Annotated[int, Field(strict=True, ge=1, le=AMOUNT_MAX, examples=[500])]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
    reason: Annotated[str, Field(min_length=3, max_length=500, examples=["Ticket 4711: charged twice for shipping"])]
    description: Annotated[str, Field(min_length=1, max_length=200, examples=["Shipping given back"])] | None = None


class AdjustmentOut(Wire):
    """One adjustment. `pending`: above what one administrator may do alone, until another has approved it."""

    id: UUID
    seller_id: UUID
    kind: AdjustmentKind
    money: AmountOut
    reason: str
    description: str | None
    state: AdjustmentState
    asked_by: UUID
    decided_by: UUID | None
    decided_at: Moment | None
    created_at: Moment


class AdjustmentsOut(Wire):
    """A page of adjustments."""

    items: list[AdjustmentOut]
    next_cursor: str | None
