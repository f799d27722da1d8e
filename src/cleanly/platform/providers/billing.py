"""What we ask of a provider that bills subscriptions, in our words. The provider renews and tries again; we mirror.

Everything that changes something takes a `key`, as in `protocol.py`; errors are those of `errors.py`. A provider that
takes payments and bills nothing has no `Biller`: asking for one is UNSUPPORTED_BY_PROVIDER.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

from cleanly.kernel.money import Money
from cleanly.platform.providers.anchors import Interval
from cleanly.platform.providers.purchases import SubscriptionState

__all__ = [
    "AwaitedChange",
    "Biller",
    "ChangePreview",
    "Invoice",
    "NewSubscription",
    "Skill",
    "SubscriptionSnapshot",
    "Terms",
]


class Skill(StrEnum):
    """What a biller may lack: asked for nevertheless, it is UNSUPPORTED_BY_PROVIDER before anything is written."""

    CHANGE = "change"
    PAUSE = "pause"
    RENEW = "renew"  # after all, what was not to be renewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is billed: one of our prices. `money`: a period's, tax included."""

    price_id: UUID
    money: Money
    interval: Interval
    interval_count: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """A subscription to make. `our_id` goes into the provider's metadata: by it the object is found again."""

    our_id: UUID
    customer: str | None
    terms: Terms
    trial_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice that was paid. `reference` is its payment's id there, by which it is refunded; `charge` its movement.

    `kind`: `cycle` for a whole period, `change` for the rest of one after the change of plan that `change_id` names.
    """

    reference: str
    charge: str | None
    kind: Literal["cycle", "change"]
    price_id: UUID
    money: Money
    period_start: datetime
    period_end: datetime
    change_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedChange:
    """A change at once that holds as soon as the subscriber has confirmed its payment, and never after `until`."""

    price_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSnapshot:
    """A subscription as the provider sees it at one moment.

    `paid_until`: the end of the last period that was paid or is free; None before the first. `grace_until`: how long
    the provider itself lets it last while a payment fails. `must_acknowledge`: it waits to hear that we have granted it
    (Google Play). `awaited`: a change that waits for the subscriber. `paid`: its paid invoices, newest last.
    """

    provider: str
    reference: str
    our_id: UUID | None
    state: SubscriptionState
    price_id: UUID
    period_start: datetime | None = None
    period_end: datetime | None = None
    paid_until: datetime | None = None
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False
    ended_at: datetime | None = None
    pending_price_id: UUID | None = None
    resumes_at: datetime | None = None
    grace_until: datetime | None = None
    decline_code: str | None = None
    must_acknowledge: bool = False
    awaited: AwaitedChange | None = None
    paid: tuple[Invoice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePreview:
    """What a change would cost now. `due` is never negative: a credit is used up by later invoices."""

    due: Money
    at: datetime


@runtime_checkable
class Biller(Protocol):
    """A provider's side that bills subscriptions."""

    @property
    def name(self) -> str:
        """The provider's."""
        ...

    @property
    def account(self) -> str:
        """Which of our accounts there."""
        ...

    @property
    def skills(self) -> frozenset[Skill]:
        """What it can do besides making, ending and resuming."""
        ...

    async def create_subscription(self, new: NewSubscription, *, key: str) -> SubscriptionSnapshot:
        """Make a subscription; without a trial its first payment is then confirmed in the app."""
        ...

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """What the provider's Android SDK needs to pay what is open, as in `Provider`. Never stored, never logged.

        Stripe, for a trial: setupIntentClientSecret in place of clientSecret. PayPal: subscriptionId, approveUrl.
        Empty where nothing is open.
        """
        ...

    async def get_subscription(self, reference: str) -> SubscriptionSnapshot:
        """Look."""
        ...

    async def find_subscription(self, our_id: UUID) -> SubscriptionSnapshot | None:
        """Look by our id, for a call whose answer never came."""
        ...

    async def preview_change(self, reference: str, terms: Terms, *, at: datetime) -> ChangePreview:
        """What a change at that moment would cost; nothing is changed (Skill.CHANGE)."""
        ...

    async def change_subscription(
        self, reference: str, terms: Terms, *, change_id: UUID, at: datetime | None, key: str
    ) -> SubscriptionSnapshot:
        """Change the plan as of `at`, charging what a preview for that moment told; None: when the period ends.

        Where the bank wants to hear from the subscriber first it is `awaited`, and `client_parameters` tells what to
        confirm. Until then the plan is the old one.
        """
        ...

    async def cancel_subscription(self, reference: str, *, at_period_end: bool, key: str) -> SubscriptionSnapshot:
        """End it now, or not renew it."""
        ...

    async def pause_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """Bill nothing until it is resumed (Skill.PAUSE)."""
        ...

    async def resume_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """Renew it after all; go on after a pause."""
        ...
