"""Wire shapes of subscriptions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, PlainSerializer, model_validator

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire
from cleanly.platform.providers.purchases import SubscriptionState

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class AmountOut(Wire):
    """An amount in minor units, and its ISO 4217 currency."""

    amount: int = Field(examples=[900])
    currency: str = Field(examples=["EUR"])


class SubscriptionIn(Wire):
    """Which plan, billed by whom. `purchaseToken`: of a purchase in the app, with `google_play` only."""

    price_id: UUID
    provider: Literal["stripe", "paypal", "google_play", "sandbox"]
    purchase_token: Annotated[str, Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _token_goes_with_play(self) -> "SubscriptionIn":
        if (self.provider == "google_play") != (self.purchase_token is not None):
            raise ValueError("purchaseToken belongs to google_play, and google_play needs it")
        return self


class SubscriptionOut(Wire):
    """A subscription as its subscriber sees it."""

    id: UUID
    state: SubscriptionState
    provider: str = Field(examples=["stripe"])
    plan_group_id: UUID
    product_id: UUID
    price_id: UUID
    period_start: Moment | None
    period_end: Moment | None
    paid_until: Moment | None
    trial_end: Moment | None
    cancel_at_period_end: bool
    pending_price_id: UUID | None = Field(description="The plan from the next period on, if another was chosen")
    grace_until: Moment | None = Field(description="How long it lasts on while its payment fails")
    resumes_at: Moment | None
    ended_at: Moment | None
    decline_code: str | None
    client: dict[str, str] = Field(
        description="What the provider's Android SDK needs while something is to be paid or confirmed, "
        "or a trial lacks its card"
    )
    created_at: Moment
    updated_at: Moment


class PlayAccountOut(Wire):
    """What the app hands to Google Play as the obfuscated account id, in every purchase that this user makes."""

    obfuscated_account_id: str = Field(examples=["l3k9Zr0vJ1oYV5nC2rWm8Qk6T4s7xAaBbCcDdEeFfGg"])


class SubscriptionsOut(Wire):
    """Newest first."""

    items: list[SubscriptionOut]
    next_cursor: str | None


class CancelIn(Wire):
    """When it ends: now, or when what is paid is used up."""

    at_period_end: bool = True


class ChangeIn(Wire):
    """Look first: `priceId` with `preview`. Then accept what was shown: `previewToken` alone."""

    price_id: UUID | None = None
    preview: Literal[True] | None = None
    preview_token: Annotated[str, Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "ChangeIn":
        if (self.preview_token is None) == (self.price_id is None) or (self.price_id is None) != (self.preview is None):
            raise ValueError("send priceId with preview: true, or previewToken")
        return self


class PreviewOut(Wire):
    """What a change would cost; `previewToken` accepts it, until `expiresAt`."""

    price_id: UUID
    amount_due: AmountOut
    effective_at: Moment
    takes_hold: Literal["now", "at_period_end"]
    expires_at: Moment
    preview_token: str


class ChangeOut(Wire):
    """One of the two: what it would cost, or the subscription after the change."""

    preview: PreviewOut | None
    subscription: SubscriptionOut | None


class PeriodOut(Wire):
    """A time that was paid for: an invoice and its receipt. `paymentId`: its payment, where it is booked here."""

    id: UUID
    kind: Literal["cycle", "change"]
    price_id: UUID
    period_start: Moment
    period_end: Moment
    amount: AmountOut
    payment_id: UUID | None
    given_back_at: Moment | None
    paid_at: Moment


class PeriodsOut(Wire):
    """Newest first."""

    items: list[PeriodOut]
    next_cursor: str | None
