"""What the sandbox keeps of a subscription, and how it shows it."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cleanly.kernel.money import Money
from cleanly.platform.providers import billing
from cleanly.platform.providers.anchors import Interval, nth
from cleanly.platform.providers.purchases import SubscriptionState
from cleanly.platform.providers.sandbox.objects import NAME, Stored
from cleanly.platform.providers.sandbox.rules import Fate

INVOICES_SHOWN = 24


class Plan(BaseModel):
    """What is billed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    price_id: UUID
    amount: int
    currency: str
    interval: Interval
    interval_count: int

    @classmethod
    def of(cls, terms: billing.Terms) -> "Plan":
        """From our words."""
        return cls(
            price_id=terms.price_id,
            amount=terms.money.amount,
            currency=terms.money.currency,
            interval=terms.interval,
            interval_count=terms.interval_count,
        )


class PaidInvoice(BaseModel):
    """An invoice that was paid: by this payment, for this time."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    payment: str
    charge: str
    kind: Literal["cycle", "change"]
    price_id: UUID
    amount: int
    currency: str
    period_start: datetime
    period_end: datetime
    change_id: UUID | None = None

    def shown(self) -> billing.Invoice:
        """As the Protocol shows it."""
        return billing.Invoice(
            reference=self.payment,
            charge=self.charge,
            kind=self.kind,
            price_id=self.price_id,
            money=Money(self.amount, self.currency),
            period_start=self.period_start,
            period_end=self.period_end,
            change_id=self.change_id,
        )


class Awaited(BaseModel):
    """A change as of `at` that holds once the buyer confirms it, until `until`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    plan: Plan
    change_id: UUID
    at: datetime
    until: datetime

    def shown(self) -> billing.AwaitedChange:
        """As the Protocol shows it."""
        return billing.AwaitedChange(price_id=self.plan.price_id, until=self.until)


class Subscription(Stored):
    """A subscription. Period `number` runs; `anchor` is when period 0 began. `failures`: of the invoice that is open.

    `paused_at`: since when nothing is billed.
    """

    prefix: ClassVar[str] = "sub"
    kind: Literal["subscription"] = "subscription"
    state: SubscriptionState
    customer: str | None
    plan: Plan
    fate: Fate
    began_at: datetime
    anchor: datetime
    number: int = 0
    paid_until: datetime | None = None
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False
    ended_at: datetime | None = None
    pending: Plan | None = None
    awaited: Awaited | None = None
    failures: int = 0
    paused_at: datetime | None = None
    decline_code: str | None = None
    invoices: tuple[PaidInvoice, ...] = ()

    @property
    def period_start(self) -> datetime:
        """When the running period began."""
        if self.state == "trialing":
            return self.began_at
        return nth(self.anchor, self.plan.interval, self.plan.interval_count, self.number)

    @property
    def period_end(self) -> datetime:
        """When it ends; a trial is a period of its own length."""
        if self.state == "trialing" and self.trial_end is not None:
            return self.trial_end
        return nth(self.anchor, self.plan.interval, self.plan.interval_count, self.number + 1)

    def shown(self) -> billing.SubscriptionSnapshot:
        """As the Protocol shows it."""
        has_begun = self.paid_until is not None
        return billing.SubscriptionSnapshot(
            provider=NAME,
            reference=self.id,
            our_id=self.our_id,
            state=self.state,
            price_id=self.plan.price_id,
            period_start=self.period_start if has_begun else None,
            period_end=self.period_end if has_begun else None,
            paid_until=self.paid_until,
            trial_end=self.trial_end,
            cancel_at_period_end=self.cancel_at_period_end,
            ended_at=self.ended_at,
            pending_price_id=None if self.pending is None else self.pending.price_id,
            decline_code=self.decline_code,
            awaited=None if self.awaited is None else self.awaited.shown(),
            paid=tuple(invoice.shown() for invoice in self.invoices[-INVOICES_SHOWN:]),
        )
