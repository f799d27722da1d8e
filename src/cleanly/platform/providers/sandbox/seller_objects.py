"""What the sandbox keeps of sellers: their accounts, what was sent there, what went on to their banks."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from cleanly.kernel.money import Money
from cleanly.platform.providers.protocol_sellers import (
    AccountSnapshot,
    AccountState,
    Destination,
    PayoutSnapshot,
    PayoutState,
    TransferSnapshot,
)
from cleanly.platform.providers.sandbox.objects import NAME, Stored
from cleanly.platform.providers.sandbox.rules import Fate


class SellerAccount(Stored):
    """A seller's account. `balances`: minor units per currency, sent there and not paid out yet."""

    prefix: ClassVar[str] = "sa"
    fate: ClassVar[Fate] = Fate.PLAIN
    kind: Literal["account"] = "account"
    country: str
    state: AccountState
    payouts_enabled: bool
    requirements: tuple[str, ...] = ()
    disabled_reason: str | None = None
    last4: str | None = None
    changed_at: datetime | None = None
    balances: dict[str, int] = Field(default_factory=dict[str, int])

    def moved(self, amount: int, currency: str) -> "SellerAccount":
        """With so much more (or less) on it."""
        held = self.balances.get(currency, 0) + amount
        return self.model_copy(update={"balances": self.balances | {currency: held}})

    def shown(self) -> AccountSnapshot:
        """As the Protocol shows it."""
        destination = None
        if self.last4 is not None:
            destination = Destination(
                last4=self.last4, fingerprint=f"{self.id}:{self.last4}", changed_at=self.changed_at
            )
        return AccountSnapshot(
            provider=NAME,
            reference=self.id,
            our_id=self.our_id,
            state=self.state,
            charges_enabled=self.state == "active",
            payouts_enabled=self.payouts_enabled,
            requirements=self.requirements,
            disabled_reason=self.disabled_reason,
            destination=destination,
            country=self.country,
        )


class Transfer(Stored):
    """Money from us to a seller's account."""

    prefix: ClassVar[str] = "tr"
    kind: Literal["transfer"] = "transfer"
    account: str
    amount: int
    currency: str
    reversed_amount: int = 0

    @property
    def parent(self) -> str:
        """The seller's account."""
        return self.account

    def shown(self) -> TransferSnapshot:
        """As the Protocol shows it."""
        return TransferSnapshot(
            provider=NAME,
            reference=self.id,
            our_id=self.our_id,
            account=self.account,
            money=Money(self.amount, self.currency),
            reversed_amount=self.reversed_amount,
        )


class Payout(Stored):
    """Money to a seller's bank; `is_direct`: from us, in one step."""

    prefix: ClassVar[str] = "po"
    kind: Literal["payout"] = "payout"
    account: str
    state: PayoutState
    amount: int
    currency: str
    fate: Fate
    is_direct: bool
    arrives_at: datetime
    failure_code: str | None = None

    @property
    def parent(self) -> str:
        """The seller's account."""
        return self.account

    def shown(self) -> PayoutSnapshot:
        """As the Protocol shows it."""
        return PayoutSnapshot(
            provider=NAME,
            reference=self.id,
            our_id=self.our_id,
            account=self.account,
            state=self.state,
            money=Money(self.amount, self.currency),
            failure_code=self.failure_code,
            arrives_at=self.arrives_at,
        )
