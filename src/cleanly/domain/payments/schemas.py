"""Wire shapes of payments, refunds and disputes."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, PlainSerializer, model_validator

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
Minor = Annotated[
    int, Field(strict=True, ge=1, le=10**15, description="Minor units of the payment's currency", examples=[1250])
]
MetaKey = Annotated[str, Field(min_length=1, max_length=40)]
MetaValue = Annotated[str, Field(max_length=500)]


class MoneyOut(Wire):
    """An amount in minor units, and its ISO 4217 currency."""

    amount: int = Field(examples=[1250])
    currency: str = Field(examples=["EUR"])


class PaymentIn(Wire):
    """What to buy. The amount is the price's, times the quantity.

    `purchaseToken`: of a purchase in the app, with `google_play` only.
    """

    price_id: UUID
    quantity: Annotated[int, Field(strict=True, ge=1, le=999)] = 1
    provider: Literal["stripe", "paypal", "google_play", "sandbox"]
    purchase_token: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    capture_method: Literal["automatic", "manual"] = "automatic"
    metadata: Annotated[
        dict[MetaKey, MetaValue], Field(max_length=20, default_factory=dict, examples=[{"orderId": "A-17"}])
    ]

    @model_validator(mode="after")
    def _token_goes_with_play(self) -> "PaymentIn":
        if (self.provider == "google_play") != (self.purchase_token is not None):
            raise ValueError("purchaseToken belongs to google_play, and google_play needs it")
        return self


class PaymentOut(Wire):
    """A payment as its buyer and its seller see it."""

    id: UUID
    state: Literal[
        "created", "requires_action", "processing", "authorized", "captured", "unknown", "failed", "canceled"
    ]
    provider: str = Field(examples=["stripe"])
    price_id: UUID
    quantity: int
    description: str
    buyer_id: UUID
    seller_id: UUID | None
    capture_method: Literal["automatic", "manual"]
    total: MoneyOut
    captured: MoneyOut
    refunded: MoneyOut
    refunding: MoneyOut
    decline_code: str | None
    metadata: dict[str, str]
    client: dict[str, str] = Field(
        description="What the provider's Android SDK needs while the buyer must act; empty otherwise",
        examples=[{"clientSecret": "pi_..._secret_...", "customer": "cus_...", "ephemeralKey": "ek_..."}],
    )
    created_at: Moment
    updated_at: Moment


class PaymentsOut(Wire):
    """A page of payments, newest first."""

    items: list[PaymentOut]
    next_cursor: str | None


class CaptureIn(Wire):
    """How much to take of an authorized payment; all of it when absent. The rest is given back."""

    amount: Minor | None = None


class RefundIn(Wire):
    """How much to give back; all that is left when absent."""

    amount: Minor | None = None
    reason: Annotated[str, Field(max_length=500)] | None = None


class RefundOut(Wire):
    """A refund."""

    id: UUID
    payment_id: UUID
    state: Literal["created", "pending", "succeeded", "failed", "unknown"]
    money: MoneyOut
    reason: str | None
    failure_code: str | None
    created_at: Moment


class RefundsOut(Wire):
    """A payment's refunds, oldest first."""

    items: list[RefundOut]
    next_cursor: str | None = None


class DisputeOut(Wire):
    """A dispute. `moneyIs` follows the provider's movements of money, not the dispute's state."""

    id: UUID
    payment_id: UUID
    state: Literal["needs_response", "under_review", "won", "lost", "closed"]
    money_is: Literal["untouched", "withdrawn", "reinstated", "lost"]
    money: MoneyOut
    reason: str
    evidence_due_at: Moment | None
    created_at: Moment


class DisputesOut(Wire):
    """A payment's disputes, oldest first."""

    items: list[DisputeOut]
    next_cursor: str | None = None
