"""What we ask of a payment provider, in our words. Adapters translate; nobody else knows a vendor's field.

Everything that changes something takes a `key`, kept by the caller with the very arguments: the same key
again must not do it again. Three errors only, in `providers/errors.py`: Refused, Unknown, NotSent. No adapter retries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

from cleanly.kernel.money import Money


class Capability(StrEnum):
    """What a provider may lack; asking for it is UNSUPPORTED_BY_PROVIDER before any row is written."""

    PAYMENTS = "payments"
    MANUAL_CAPTURE = "manual_capture"
    PARTIAL_CAPTURE = "partial_capture"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    CUSTOMERS = "customers"
    LIST_ENTRIES = "list_entries"
    LIST_EVENTS = "list_events"
    SELLER_ACCOUNTS = "seller_accounts"
    PAYOUTS = "payouts"
    TRANSFERS = "transfers"  # a payout takes two steps: to the seller's account, then from there


PaymentState = Literal["requires_action", "processing", "authorized", "captured", "failed", "canceled"]
RefundState = Literal["pending", "succeeded", "failed"]
DisputeState = Literal["needs_response", "under_review", "won", "lost", "closed"]
# `purchase`: a one-time purchase in the app, which only Google Play has.
ObjectKind = Literal[
    "payment", "refund", "dispute", "entry", "account", "transfer", "payout", "subscription", "purchase", "other"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A payment to make. `our_id` goes into the provider's metadata: by it the object is found again."""

    our_id: UUID
    money: Money
    capture: Literal["automatic", "manual"]
    customer: str | None  # the provider's id of the buyer, where it has CUSTOMERS
    description: str
    transfer_group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSnapshot:
    """A payment as the provider sees it at one moment.

    `captured`: what was taken, in the payment's currency (0 until then). `charge`: the provider's id of the money
    movement, which entries and disputes name (Stripe charge, PayPal capture). `our_id`: None if it is not ours.
    `awaits_us`: the buyer has agreed, and nothing moves until we `complete_payment` (a PayPal order that is APPROVED).
    """

    provider: str
    reference: str
    our_id: UUID | None
    state: PaymentState
    money: Money
    captured: int = 0
    charge: str | None = None
    decline_code: str | None = None
    authorized_until: datetime | None = None
    awaits_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """A refund as the provider sees it. `our_id`: None for one made in the provider's dashboard.

    `came_back`: it failed after its money had left, so the provider's books hold both ways.
    """

    provider: str
    reference: str
    our_id: UUID | None
    payment_reference: str
    state: RefundState
    money: Money
    failure_code: str | None = None
    came_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeMovement:
    """Money that a dispute moved: the truth about its money, whatever its status says."""

    kind: Literal["withdrawn", "reinstated"]
    money: Money
    entry: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeSnapshot:
    """A dispute as the provider sees it."""

    provider: str
    reference: str
    payment_reference: str
    state: DisputeState
    money: Money
    reason: str
    movements: tuple[DisputeMovement, ...] = ()
    evidence_due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the provider's own books. `net = gross - fee`, signed; `source` names the object that moved it.

    `kind`: charge, refund, dispute, dispute_reversal, fee, dispute_fee, payout (between the provider and our bank,
    either way), conversion (one side of it), transfer (to a seller), hold (inside the provider), adjustment, other.
    `original`: what moved, signed alike, where the provider converted it into the line's currency.
    """

    provider: str
    id: str
    kind: str
    source: str | None
    gross: Money
    fee: Money
    net: Money
    created_at: datetime
    available_on: datetime | None
    original: Money | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedEvent:
    """Provider news whose signature was good: a hint to look, never the truth itself.

    `object`: the provider's id of what it is about; `our_id` if the event's metadata told it; `verified_with`: which
    secret or certificate.
    """

    provider: str
    account: str
    id: str
    type: str
    kind: ObjectKind
    object: str
    our_id: UUID | None
    is_live: bool
    api_version: str | None
    created_at: datetime
    verified_with: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of entries or events; `cursor` is None on the last.

    `told_until`: nothing older than this is still to come, where entries do not come oldest first.
    """

    entries: Sequence[Entry] = ()
    events: Sequence["StoredEvent"] = ()
    cursor: str | None = None
    told_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event from the provider's own list, with the bytes as they would have been pushed."""

    event: VerifiedEvent
    body: bytes


@dataclass(frozen=True, slots=True)
class Balance:
    """What the provider holds for us, per currency."""

    available: Mapping[str, int]
    pending: Mapping[str, int]


Snapshot = PaymentSnapshot | RefundSnapshot | DisputeSnapshot


@runtime_checkable
class Provider(Protocol):
    """A payment provider. Raises `errors.Refused`, `errors.Unknown`, `errors.NotSent` from every call."""

    @property
    def name(self) -> str:
        """`stripe`, `paypal`, `sandbox`."""
        ...

    @property
    def account(self) -> str:
        """Which of our accounts there: part of every unique key of ours."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        ...

    @property
    def key_memory(self) -> timedelta:
        """How long the same key is surely taken for the same call. After that it may be a new one: look first."""
        ...

    @property
    def refund_key_memory(self) -> timedelta:
        """As `key_memory`, of refunds."""
        ...

    async def ensure_customer(self, user_id: UUID, email: str, *, key: str) -> str:
        """The provider's id of a buyer, made if need be (CUSTOMERS)."""
        ...

    async def create_payment(self, new: NewPayment, *, key: str) -> PaymentSnapshot:
        """Make a payment that the buyer then confirms in the app."""
        ...

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """What the provider's Android SDK needs, camelCase as the API answers it. Never stored, never logged.

        Stripe PaymentSheet: clientSecret, customer, ephemeralKey, publishableKey. PayPal: orderId, approveUrl.
        """
        ...

    async def get_payment(self, reference: str) -> PaymentSnapshot:
        """Look. PayPal: an approved order is requires_action and `awaits_us` until it is captured or authorized."""
        ...

    async def find_payment(self, our_id: UUID) -> PaymentSnapshot | None:
        """Look by our id: for a call whose answer never came. None: surely not there (yet)."""
        ...

    async def complete_payment(
        self, reference: str, *, capture: Literal["automatic", "manual"], key: str
    ) -> PaymentSnapshot:
        """After the buyer's approval: capture or authorize if the provider waits for us (`awaits_us`); else a look."""
        ...

    async def capture_payment(self, reference: str, money: Money, *, key: str) -> PaymentSnapshot:
        """Take an authorized payment, all or part of it, once."""
        ...

    async def cancel_payment(self, reference: str, *, key: str) -> PaymentSnapshot:
        """Give it up; no money moves."""
        ...

    async def refund(self, reference: str, charge: str, money: Money, *, our_id: UUID, key: str) -> RefundSnapshot:
        """Give money back."""
        ...

    async def get_refund(self, reference: str) -> RefundSnapshot:
        """Look."""
        ...

    async def find_refund(self, payment_reference: str, our_id: UUID) -> RefundSnapshot | None:
        """Look by our id. CannotLook where a payment's refunds are listed nowhere."""
        ...

    async def get_dispute(self, reference: str) -> DisputeSnapshot:
        """Look."""
        ...

    async def list_entries(self, since: datetime, cursor: str | None) -> Listing:
        """The provider's books since a time, oldest first (LIST_ENTRIES)."""
        ...

    async def list_events(self, since: datetime, cursor: str | None) -> Listing:
        """Events since a time, as they were pushed (LIST_EVENTS)."""
        ...

    async def get_balance(self) -> Balance:
        """What it holds for us."""
        ...

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """Check a push; `headers` with lower-case names.

        Raises:
            errors.BadSignature: not from the provider, too old, too new, or for somebody else.
        """
        ...

    async def fetch_object(self, event: VerifiedEvent) -> Snapshot | None:
        """Fetch what the event is about; None for kinds that nobody here handles."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
