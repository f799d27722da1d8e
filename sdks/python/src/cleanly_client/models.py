"""What the service answers with. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from cleanly_client.money import Money
from cleanly_client.unset import UNSET, Unset
from cleanly_client.wire import Word


class AdjustmentKind(Word):
    """Words of `AdjustmentKind`; a newer service may say others."""

    CREDIT = "credit"
    DEBIT = "debit"
    WRITE_OFF = "write_off"


class AdjustmentState(Word):
    """Words of `AdjustmentState`; a newer service may say others."""

    PENDING = "pending"
    POSTED = "posted"
    REFUSED = "refused"


class ChangePreviewTakesHold(Word):
    """Words of `ChangePreviewTakesHold`; a newer service may say others."""

    NOW = "now"
    AT_PERIOD_END = "at_period_end"


class DisputeMoneyIs(Word):
    """Words of `DisputeMoneyIs`; a newer service may say others."""

    UNTOUCHED = "untouched"
    WITHDRAWN = "withdrawn"
    REINSTATED = "reinstated"
    LOST = "lost"


class DisputeState(Word):
    """Words of `DisputeState`; a newer service may say others."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


class EndpointHealthState(Word):
    """Words of `EndpointHealthState`; a newer service may say others."""

    GOOD = "good"
    FAILING = "failing"


class InboundEventState(Word):
    """Words of `InboundEventState`; a newer service may say others."""

    STORED = "stored"
    DONE = "done"
    IGNORED = "ignored"
    WAITING = "waiting"
    DEAD = "dead"


class PaymentCaptureMethod(Word):
    """Words of `PaymentCaptureMethod`; a newer service may say others."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class PaymentState(Word):
    """Words of `PaymentState`; a newer service may say others."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    UNKNOWN = "unknown"
    FAILED = "failed"
    CANCELED = "canceled"


class PayoutAccountStatus(Word):
    """Words of `PayoutAccountStatus`; a newer service may say others."""

    PENDING = "pending"
    ENABLED = "enabled"
    RESTRICTED = "restricted"
    DISABLED = "disabled"


class PayoutScheduleInterval(Word):
    """Words of `PayoutScheduleInterval`; a newer service may say others."""

    MANUAL = "manual"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class PayoutState(Word):
    """Words of `PayoutState`; a newer service may say others."""

    REQUESTED = "requested"
    HELD = "held"
    SENDING = "sending"
    UNKNOWN = "unknown"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"
    CANCELED = "canceled"


class PriceInterval(Word):
    """Words of `PriceInterval`; a newer service may say others."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class PriceType(Word):
    """Words of `PriceType`; a newer service may say others."""

    ONE_TIME = "one_time"
    RECURRING = "recurring"


class ProductKind(Word):
    """Words of `ProductKind`; a newer service may say others."""

    PHYSICAL = "physical"
    DIGITAL = "digital"
    SERVICE = "service"


class ProductStatus(Word):
    """Words of `ProductStatus`; a newer service may say others."""

    ACTIVE = "active"
    ARCHIVED = "archived"


class ReadyStatus(Word):
    """Words of `ReadyStatus`; a newer service may say others."""

    OK = "ok"
    DEGRADED = "degraded"


class ReconciliationItemKind(Word):
    """Words of `ReconciliationItemKind`; a newer service may say others."""

    MISSING_LOCAL = "missing_local"
    MISSING_PROVIDER = "missing_provider"
    AMOUNT = "amount"
    CURRENCY = "currency"
    DUPLICATE = "duplicate"
    BALANCE = "balance"


class RefundState(Word):
    """Words of `RefundState`; a newer service may say others."""

    CREATED = "created"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class SubscriptionPeriodKind(Word):
    """Words of `SubscriptionPeriodKind`; a newer service may say others."""

    CYCLE = "cycle"
    CHANGE = "change"


class SubscriptionState(Word):
    """Words of `SubscriptionState`; a newer service may say others."""

    INCOMPLETE = "incomplete"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    CANCELED = "canceled"
    EXPIRED = "expired"


class WebhookDeliveryState(Word):
    """Words of `WebhookDeliveryState`; a newer service may say others."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


class WebhookEndpointDisabledReason(Word):
    """Words of `WebhookEndpointDisabledReason`; a newer service may say others."""

    OWNER = "owner"
    FAILING = "failing"
    GONE = "gone"


class WebhookKeyKind(Word):
    """Words of `WebhookKeyKind`; a newer service may say others."""

    V1 = "v1"
    V1A = "v1a"


class WebhookTryOutcome(Word):
    """Words of `WebhookTryOutcome`; a newer service may say others."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    BROKEN = "broken"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Heard. What follows comes by mail."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One adjustment. `pending`: above what one administrator may do alone, until another has approved it."""

    id: UUID
    seller_id: UUID
    kind: AdjustmentKind
    money: Money
    reason: str
    description: str | None
    state: AdjustmentState
    asked_by: UUID
    decided_by: UUID | None
    decided_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a seller has in one currency. `pending` is the sum of `held`, `reserve` and `disputed`."""

    currency: str
    pending: Money
    """The seller's, but not yet free."""
    held: Money
    """Kept back after sales, for refunds and disputes."""
    reserve: Money
    """Kept back longer, where that was agreed."""
    disputed: Money
    """The part of disputes that are undecided."""
    available: Money
    """Free to be paid out."""
    in_transit: Money
    """On its way to the seller."""
    receivable: Money
    """What the seller owes; what is released next pays it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """One balance for each currency in which the seller has sold. There is no total across currencies."""

    items: tuple[Balance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """How the books were when the report was made: all 0 and false if all is well."""

    drift: int
    faults: int
    debtors_with_money: int
    hold_differences: int
    open_differences: int
    are_payouts_stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePreview:
    """What a change would cost; `preview_token` accepts it, until `expires_at`."""

    price_id: UUID
    amount_due: Money
    effective_at: datetime
    takes_hold: ChangePreviewTakesHold
    expires_at: datetime
    preview_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """By how much each balance changed, in minor units. What is owed counts upward: 5 is owing 5 more."""

    pending: int
    available: int
    reserve: int
    disputed: int
    in_transit: int
    receivable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many, and what they came to in minor units."""

    count: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many messages, by what had become of them."""

    failed: int
    skipped: int
    succeeded: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyDay:
    """One currency's day. `payouts` arrived; `payouts_back` had been handed over and came back."""

    currency: str
    volume: Counted
    fees: int
    """Ours, less what was given back."""
    provider_fees: int
    refunds: Counted
    disputes: Counted
    payouts: Counted
    payouts_back: Counted
    failed_payments: int
    failed_payouts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """One day in UTC."""

    day: str
    new_users: int
    currencies: tuple[CurrencyDay, ...]
    health: Books
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the money goes, as the seller recognises it. `changed_at`: null for the first that was ever given."""

    hint: str
    changed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A dispute. `money_is` follows the provider's movements of money, not the dispute's state."""

    id: UUID
    payment_id: UUID
    state: DisputeState
    money_is: DisputeMoneyIs
    money: Money
    reason: str
    evidence_due_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointHealth:
    """`failures` since `first_failure_at`, none of them followed by a success."""

    state: EndpointHealthState
    failures: int
    first_failure_at: datetime | None
    last_failure_at: datetime | None
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """Something that may be used now."""

    product_id: UUID
    subscription_id: UUID | None
    """What entitles to it, if it is a subscription."""
    payment_id: UUID | None
    """What entitles to it, if it was bought once."""
    starts_at: datetime
    ends_at: datetime | None
    """Until when, the grace for a late payment included; null: for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlements:
    """All that the caller may use now."""

    items: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One row of the error table."""

    code: str
    status: int
    message: str
    action: str
    """What the client should do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTable:
    """The whole error table."""

    items: tuple[ErrorRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The process answers."""

    status: str
    timestamp: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTerms:
    """How long a seller's money rests after a capture, and what part of it rests longer, in basis points.

    `is_agreed`: with this seller; else the platform's usual terms.
    """

    seller_id: UUID
    hold_days: int
    reserve_basis_points: int
    is_agreed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEvent:
    """One event and what became of it."""

    id: UUID
    provider: str
    provider_account: str
    event_id: str
    type: str
    object_kind: str
    object_id: str
    our_id: UUID | None
    livemode: bool
    source: str
    """push, sweep or replay."""
    state: InboundEventState
    attempts: int
    """Tries that have ended."""
    next_at: datetime | None
    """When it is tried next."""
    last_error: str | None
    """Why it failed last, or why it was ignored."""
    provider_created_at: datetime
    received_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundLetter:
    """One event with what came with it. `body` is null once it was emptied."""

    id: UUID
    provider: str
    provider_account: str
    event_id: str
    type: str
    object_kind: str
    object_id: str
    our_id: UUID | None
    livemode: bool
    source: str
    """push, sweep or replay."""
    state: InboundEventState
    attempts: int
    """Tries that have ended."""
    next_at: datetime | None
    """When it is tried next."""
    last_error: str | None
    """Why it failed last, or why it was ignored."""
    provider_created_at: datetime
    received_at: datetime
    done_at: datetime | None
    api_version: str | None
    verified_with: str
    headers: Mapping[str, Any]
    body: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundReplayed:
    """How many will be acted on again. Call again with the cursor until there is none."""

    replayed: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrice:
    """A new price. `interval`, `interval_count`, `trial_days` and `plan_group` belong to a recurring one.

    `plan_group` names the seller's plans of which a subscriber has one at a time; a new name makes a new group.
    `access_days` belongs to something digital that is bought once: how long a piece may be used; for good if
    absent.
    """

    unit_amount: Money
    type: Literal["one_time", "recurring"] | Unset = UNSET
    interval: Literal["day", "week", "month", "year"] | Unset | None = UNSET
    interval_count: int | Unset | None = UNSET
    trial_days: int | Unset | None = UNSET
    access_days: int | Unset | None = UNSET
    plan_group: str | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment as its buyer and its seller see it."""

    id: UUID
    state: PaymentState
    provider: str
    price_id: UUID
    quantity: int
    description: str
    buyer_id: UUID
    seller_id: UUID | None
    capture_method: PaymentCaptureMethod
    total: Money
    captured: Money
    refunded: Money
    refunding: Money
    decline_code: str | None
    metadata: Mapping[str, str]
    client: Mapping[str, str] = field(repr=False)
    """What the provider's Android SDK needs while the buyer must act; empty otherwise."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One payout. `destination`: the last digits of where it goes, as it was when it was asked for."""

    id: UUID
    state: PayoutState
    """`held`: somebody looks at it first. `paid` may still become `failed`."""
    money: Money
    provider: str
    payout_account_id: UUID
    destination: str | None
    is_scheduled: bool
    failure_code: str | None
    arrives_at: datetime | None
    paid_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutAccount:
    """A seller's account at a provider."""

    id: UUID
    provider: str
    country: str
    status: PayoutAccountStatus
    charges_enabled: bool
    payouts_enabled: bool
    requirements: tuple[str, ...]
    """What the provider still wants to know."""
    disabled_reason: str | None
    destination: Destination | None
    is_default: bool
    """By which payouts go."""
    is_verified: bool
    """It was shown that somebody receives what is sent there."""
    onboarding_url: str | None
    """A page of the provider's, for a single visit; null when there is nothing to do."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutAccountSeen:
    """As an operator sees it."""

    id: UUID
    provider: str
    country: str
    status: PayoutAccountStatus
    charges_enabled: bool
    payouts_enabled: bool
    requirements: tuple[str, ...]
    """What the provider still wants to know."""
    disabled_reason: str | None
    destination: Destination | None
    is_default: bool
    """By which payouts go."""
    is_verified: bool
    """It was shown that somebody receives what is sent there."""
    onboarding_url: str | None
    """A page of the provider's, for a single visit; null when there is nothing to do."""
    created_at: datetime
    updated_at: datetime
    seller_id: UUID
    provider_account: str
    reference: str | None
    looked_at: datetime | None
    enabled_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutAccounts:
    """A seller's accounts, the default one first."""

    items: tuple[PayoutAccount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutSchedule:
    """When what is available is paid out. `next_at` is null where it is done by hand."""

    interval: PayoutScheduleInterval
    weekday: int | None
    day: int | None
    minimums: tuple[Money, ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutStop:
    """Whether payouts are sent. While they are stopped they may be asked for, and wait."""

    is_stopped: bool
    reason: str | None
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price: what it costs never changes once it was used, only whether it is on offer (`active`)."""

    id: UUID
    product_id: UUID
    unit_amount: Money
    type: PriceType
    interval: PriceInterval | None
    interval_count: int | None
    trial_days: int | None
    plan_group_id: UUID | None
    plan_group: str | None
    tax_behavior: str
    active: bool
    created_at: datetime
    access_days: int | None = None
    """How long a piece may be used; null: for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProduct:
    """What a plan is a price of."""

    id: UUID
    name: str
    kind: ProductKind
    image_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A recurring price on offer, with its product."""

    price: Price
    product: PlanProduct


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGroup:
    """Plans of which a subscriber has one at a time."""

    id: UUID
    seller_id: UUID | None
    name: str
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayAccount:
    """What the app hands to Google Play as the obfuscated account id, in every purchase that this user makes."""

    obfuscated_account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The whole product: the frozen value that crosses the slice's border, and the body that everybody reads."""

    id: UUID
    seller_id: UUID | None
    name: str
    image_urls: tuple[str, ...]
    kind: ProductKind
    status: ProductStatus
    prices: tuple[Price, ...]
    created_at: datetime
    updated_at: datetime
    description: str
    etag: str | None = field(default=None, compare=False)
    """Its version, for `if_match`; None in a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSummary:
    """A product as lists show it. `seller_id` is null for the platform's own; `prices` are those on offer."""

    id: UUID
    seller_id: UUID | None
    name: str
    image_urls: tuple[str, ...]
    kind: ProductKind
    status: ProductStatus
    prices: tuple[Price, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Each dependency's state: `ok`, `degraded` or `down`."""

    status: ReadyStatus
    dependencies: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationItem:
    """One difference between a provider's books and ours."""

    id: UUID
    kind: ReconciliationItemKind
    provider: str
    provider_account: str
    object: str
    """The provider's object."""
    details: Mapping[str, Any]
    """Both sides as they were seen; amounts in minor units."""
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: UUID | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationStanding:
    """A provider's money in one currency, in minor units: by its own word, and by our books."""

    currency: str
    held: int
    """What the provider says it holds."""
    booked: int
    """What our books say it holds and we may use."""
    coming: int
    """Its lines that are not available yet."""
    clearing: int
    """Booked by us, not settled by its lines."""
    difference: int
    """`held` less `booked` and `coming`, apart from what moved during the look."""
    differs_since: str | None
    """After 24 hours it is a difference of its own, of kind `balance`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationReport:
    """What one run found at one provider."""

    id: UUID
    provider: str
    provider_account: str
    started_at: datetime
    ended_at: datetime
    is_clean: bool
    """Nothing differs, nothing waits for a person, and the provider was asked."""
    imported: int
    """Lines that were new."""
    booked: int
    """Lines from which something was booked."""
    opened: int
    """Differences that were new."""
    open_items: Mapping[str, int]
    """Differences that nobody had resolved, by kind."""
    standings: tuple[ReconciliationStanding, ...]
    """Empty if the provider could not be asked."""
    fault: str | None
    """Why it could not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund."""

    id: UUID
    payment_id: UUID
    state: RefundState
    money: Money
    reason: str | None
    failure_code: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many are sent again, or would be. Call again with the cursor until there is none.

    A dry run counts all at once, up to 100,000, and has no cursor.
    """

    dry_run: bool
    messages: int
    by_state: Counts
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPayout:
    """A payout as an operator sees it. `alarm`: the provider's money on it is not what our row says."""

    id: UUID
    state: PayoutState
    """`held`: somebody looks at it first. `paid` may still become `failed`."""
    money: Money
    provider: str
    payout_account_id: UUID
    destination: str | None
    is_scheduled: bool
    failure_code: str | None
    arrives_at: datetime | None
    paid_at: datetime | None
    created_at: datetime
    updated_at: datetime
    seller_id: UUID
    held_for: tuple[str, ...]
    held_until: datetime | None
    alarm: str | None
    transfer_reference: str | None
    payout_reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerFee:
    """What a seller's sales cost: `is_agreed` with this seller, or else the platform's usual fee."""

    seller_id: UUID
    basis_points: int
    fixed: Mapping[str, int]
    """Minor units by currency; none for a currency that is absent."""
    is_agreed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One device's session."""

    id: UUID
    name: str | None
    """X-Device-Name, or the User-Agent, at login."""
    address: str | None
    created_at: datetime
    last_used_at: datetime
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A living account: the frozen value that crosses the slice's border, and the body that its owner reads."""

    id: UUID
    email: str
    email_verified: bool
    name: str
    avatar_url: str | None
    role: str
    created_at: datetime
    updated_at: datetime
    etag: str | None = field(default=None, compare=False)
    """Its version, for `if_match`; None in a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session and whose it is."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    """Seconds that the access token lives."""
    token_type: str
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSums:
    """Balances at one moment, or changes over a time. `total`: what is had, less what is owed."""

    pending: int
    available: int
    reserve: int
    disputed: int
    in_transit: int
    receivable: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementType:
    """What all transactions of one type did."""

    type: str
    sums: StatementSums


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCurrency:
    """One currency's month: `opening` and all `types` together are `closing`."""

    currency: str
    opening: StatementSums
    types: tuple[StatementType, ...]
    closing: StatementSums


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A month in UTC, in minor units. `is_final`: it is over, so nothing comes to it any more."""

    month: str
    since: datetime
    until: datetime
    is_final: bool
    items: tuple[StatementCurrency, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription as its subscriber sees it."""

    id: UUID
    state: SubscriptionState
    provider: str
    plan_group_id: UUID
    product_id: UUID
    price_id: UUID
    period_start: datetime | None
    period_end: datetime | None
    paid_until: datetime | None
    trial_end: datetime | None
    cancel_at_period_end: bool
    pending_price_id: UUID | None
    """The plan from the next period on, if another was chosen."""
    grace_until: datetime | None
    """How long it lasts on while its payment fails."""
    resumes_at: datetime | None
    ended_at: datetime | None
    decline_code: str | None
    client: Mapping[str, str] = field(repr=False)
    """What the provider's Android SDK needs while something is to be paid or confirmed, or a trial lacks its card."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChange:
    """One of the two: what it would cost, or the subscription after the change."""

    preview: ChangePreview | None
    subscription: Subscription | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPeriod:
    """A time that was paid for: an invoice and its receipt. `payment_id`: its payment, where it is booked here."""

    id: UUID
    kind: SubscriptionPeriodKind
    price_id: UUID
    period_start: datetime
    period_end: datetime
    amount: Money
    payment_id: UUID | None
    given_back_at: datetime | None
    paid_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A pair of tokens. Store it before using it."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    """Seconds that the access token lives."""
    token_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionObject:
    """What a transaction belongs to."""

    type: str
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One thing that happened to the caller's money."""

    id: UUID
    type: str
    """What happened."""
    created_at: datetime
    currency: str
    amount: Money
    """What the caller has more, or less; 0 for a move between balances."""
    changes: Changes
    object: TransactionObject | None
    payment_id: UUID | None
    description: str | None
    """What it was for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The e-mail that is now known to be the user's."""

    email: str
    email_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAttempt:
    """A try with what was answered; `body` is its first 16 KiB."""

    number: int
    started_at: datetime
    duration_ms: int
    outcome: WebhookTryOutcome
    status: int | None
    address: str | None
    """Who was called: the address that the name led to."""
    error: str | None
    headers: Mapping[str, str] | None
    body: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTry:
    """How a try ended. `status` is null if there was no answer; `error` then says why."""

    number: int
    started_at: datetime
    duration_ms: int
    outcome: WebhookTryOutcome
    status: int | None
    address: str | None
    """Who was called: the address that the name led to."""
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """One message on its way to one endpoint.

    pending, claimed (being tried now), succeeded, failed (given up), skipped (published while the endpoint was
    off).
    """

    id: UUID
    message_id: UUID
    """The header webhook-id."""
    endpoint_id: UUID
    type: str
    state: WebhookDeliveryState
    tries: int
    """Tries that have ended."""
    published_at: datetime
    due_at: datetime | None
    """When it is tried next."""
    done_at: datetime | None
    last_attempt: WebhookTry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookKey:
    """A key that signs. `ends_at`: null of the newest; one that was rotated out signs until then."""

    kind: WebhookKeyKind
    public_key: str | None
    created_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """An endpoint. `disabled_reason`: `owner`, or `failing` and `gone`, which only a good test switches on again."""

    id: UUID
    url: str
    event_types: tuple[str, ...]
    description: str
    enabled: bool
    disabled_reason: WebhookEndpointDisabledReason | None
    disabled_at: datetime | None
    rate_per_minute: int | None
    ordered: bool
    keys: tuple[WebhookKey, ...]
    health: EndpointHealth
    created_at: datetime
    updated_at: datetime
    etag: str | None = field(default=None, compare=False)
    """Its version, for `if_match`; None in a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointMade:
    """With the `secret` of `v1`: it is shown this once. With `v1a` it is null, and `keys` tell the public half."""

    id: UUID
    url: str
    event_types: tuple[str, ...]
    description: str
    enabled: bool
    disabled_reason: WebhookEndpointDisabledReason | None
    disabled_at: datetime | None
    rate_per_minute: int | None
    ordered: bool
    keys: tuple[WebhookKey, ...]
    health: EndpointHealth
    created_at: datetime
    updated_at: datetime
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """What a subscriber is told, and its id: the header webhook-id of every try."""

    id: UUID
    type: str
    timestamp: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEventType:
    """One kind of event. New fields may appear in `data` at any time; none goes or changes its meaning."""

    type: str
    summary: str
    data_schema: Mapping[str, Any]
    """JSON Schema (2020-12) of `data`."""
    example: Mapping[str, Any]
    """A whole body as it is delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEventTypes:
    """The whole catalogue, by name."""

    items: tuple[WebhookEventType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """One message and where it went."""

    id: UUID
    type: str
    timestamp: datetime
    data: Mapping[str, Any]
    deliveries: tuple[WebhookDelivery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPoll:
    """The next events of an endpoint, oldest first. Pass `next_cursor` as `after`, now or later: nothing is missed."""

    items: tuple[WebhookEvent, ...]
    next_cursor: str | None
    """Null only where nothing was ever there."""
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTest:
    """How the endpoint answered an event `endpoint.test`. `status` is null if it did not; `error` then says why."""

    endpoint_id: UUID
    is_success: bool
    outcome: WebhookTryOutcome
    started_at: datetime
    duration_ms: int
    status: int | None
    headers: Mapping[str, str] | None
    body: str | None
    """The first 16 KiB."""
    address: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeWebhookDelivery:
    """A delivery with its message and its tries, the first one first; of more than 100 the newest."""

    id: UUID
    message_id: UUID
    """The header webhook-id."""
    endpoint_id: UUID
    type: str
    state: WebhookDeliveryState
    tries: int
    """Tries that have ended."""
    published_at: datetime
    due_at: datetime | None
    """When it is tried next."""
    done_at: datetime | None
    last_attempt: WebhookTry | None
    message: WebhookEvent
    attempts: tuple[WebhookAttempt, ...]
