"""What we ask of a provider about sellers: their accounts there, and money sent to them. As `protocol.py` in all else.

Two ways of paying. With TRANSFERS it takes two steps: a transfer from us to the seller's account, then a payout from
that account to the seller's bank (Stripe). Without, one payout goes from us to the seller (an item of PayPal Payouts).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

from cleanly.kernel.money import Money
from cleanly.platform.providers.protocol import Capability

AccountState = Literal["pending", "active", "restricted", "closed"]
PayoutState = Literal["pending", "in_transit", "paid", "failed", "returned", "canceled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a seller's money goes. `fingerprint`: the same for the same destination, told to nobody outside.

    `changed_at`: if the provider tells it. `last4` may be any short hint that a person recognises (`…@example.com`).
    """

    last4: str
    fingerprint: str
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A seller's account to be. `our_id`, of our row, goes into its metadata. `payee`: PayPal's, an e-mail or an id."""

    our_id: UUID
    email: str
    country: str
    payee: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSnapshot:
    """A seller's account as the provider sees it. `our_id`: None if it is not ours.

    `pending`: onboarding is not finished. `restricted`: it lost something that it had, see `requirements` and
    `disabled_reason`. `closed`: gone, or it took our access away.
    """

    provider: str
    reference: str
    our_id: UUID | None
    state: AccountState
    charges_enabled: bool
    payouts_enabled: bool
    requirements: tuple[str, ...] = ()
    disabled_reason: str | None = None
    destination: Destination | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingLink:
    """Where the seller goes to finish; used once, so it is made anew each time."""

    url: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTransfer:
    """Money from us to a seller's account. `our_id`: of our payout, into the metadata. `account`: the reference."""

    our_id: UUID
    account: str
    money: Money
    transfer_group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSnapshot:
    """A transfer; `reversed_amount` of it came back, in minor units of its currency."""

    provider: str
    reference: str
    our_id: UUID | None
    account: str
    money: Money
    reversed_amount: int = 0

    @property
    def is_reversed(self) -> bool:
        """All of it came back."""
        return self.reversed_amount >= self.money.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayout:
    """Money to the seller's bank. `our_id`: of our payout. `transfer`: the first of two steps, None where there is one.

    `destination`: the fingerprint that was pinned; an adapter that can name the destination to the provider does.
    """

    our_id: UUID
    account: str
    money: Money
    transfer: str | None
    destination: str | None
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutSnapshot:
    """A payout as the provider sees it.

    `pending`, `in_transit`: on its way (PayPal PENDING, UNCLAIMED, ONHOLD are in_transit). `paid` may still become
    failed or returned. `failed`, `canceled`: its money is on the seller's account again (two steps) or with us (one).
    `returned`: it came back after a while. `line`: what the provider's books call it, where that is another name.
    """

    provider: str
    reference: str
    our_id: UUID | None
    account: str
    state: PayoutState
    money: Money
    failure_code: str | None = None
    arrives_at: datetime | None = None
    line: str | None = None


@runtime_checkable
class SellerProvider(Protocol):
    """The seller side of a provider (SELLER_ACCOUNTS, PAYOUTS). Raises Refused, Unknown, NotSent from every call.

    `errors.NotYet`, a Refused: not now (the money is not there yet); another attempt, under a new key, may succeed.
    `errors.NotThere`, a Refused: no such thing.
    """

    @property
    def name(self) -> str:
        """`stripe`, `paypal`, `sandbox`."""
        ...

    @property
    def account(self) -> str:
        """Which of our accounts there."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do: TRANSFERS says that paying takes two steps."""
        ...

    @property
    def key_memory(self) -> timedelta:
        """As `Provider`'s; the shortest of this side's calls."""
        ...

    async def create_account(self, new: NewAccount, *, key: str) -> AccountSnapshot:
        """Open a seller's account."""
        ...

    async def find_account(self, our_id: UUID) -> AccountSnapshot | None:
        """Look by our id, after a call without an answer. None: surely not there (yet)."""
        ...

    async def get_account(self, reference: str) -> AccountSnapshot:
        """Look."""
        ...

    async def onboarding_link(self, reference: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
        """Where the seller gives the provider what it needs. Never stored, never logged."""
        ...

    async def send_transfer(self, new: NewTransfer, *, key: str) -> TransferSnapshot:
        """First of two steps (TRANSFERS). NotYet: our own balance there does not cover it."""
        ...

    async def find_transfer(self, our_id: UUID) -> TransferSnapshot | None:
        """Look by our id; the newest."""
        ...

    async def reverse_transfer(self, reference: str, *, our_id: UUID, key: str) -> TransferSnapshot:
        """Take the whole transfer back. NotYet: the account's balance does not cover it (yet).

        One that came back already is answered as it stands, not refused.
        """
        ...

    async def send_payout(self, new: NewPayout, *, key: str) -> PayoutSnapshot:
        """The last step. NotYet: the account's balance does not cover it (yet)."""
        ...

    async def get_payout(self, reference: str, *, account: str) -> PayoutSnapshot:
        """Look."""
        ...

    async def find_payout(self, our_id: UUID, *, account: str) -> PayoutSnapshot | None:
        """Look by our id; the newest. `account`: the seller's. None: surely not there (yet)."""
        ...

    async def cancel_payout(self, reference: str, *, account: str, key: str) -> PayoutSnapshot:
        """Call back one that has not arrived: a bank has not been told yet, or nobody has claimed it.

        Refused: it is too late for that. The answer is how it stands then.
        """
        ...
