"""The chart of accounts: names with their kind, floor and shards. An account exists per owner and currency."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Kind = Literal["asset", "liability", "income", "expense", "equity"]
_BUSY_SHARDS = 16


@dataclass(frozen=True, slots=True)
class Account:
    """A line of the chart. `floor`: the balance never goes below it (None: unbounded). `shards`: rows that share it."""

    name: str
    kind: Kind
    floor: int | None = None
    shards: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """One account: whose (None: the platform's), which line of the chart, in what currency."""

    owner_id: UUID | None
    account: Account
    currency: str


def clearing(provider: str) -> Account:
    """What we booked and the provider's own entries have not settled yet: exactly what is not reconciled."""
    return Account(f"clearing.{provider}", "asset", shards=_BUSY_SHARDS)


def provider(name: str) -> Account:
    """What the provider's own entries say it holds for us."""
    return Account(f"provider.{name}", "asset", shards=_BUSY_SHARDS)


def in_transit(provider: str) -> Account:
    """Sent to sellers, not yet arrived."""
    return Account(f"in_transit.{provider}", "asset")


def tax_payable(country: str) -> Account:
    """Tax that we took and owe to a country (ISO 3166 alpha-2)."""
    return Account(f"tax_payable.{country.lower()}", "liability", shards=_BUSY_SHARDS)


BANK = Account("bank", "asset")
DISPUTE_SUSPENSE = Account("dispute_suspense", "asset")
FEES = Account("fees", "income", shards=_BUSY_SHARDS)
SALES = Account("sales", "income", shards=_BUSY_SHARDS)
PROVIDER_FEES = Account("provider_fees", "expense", shards=_BUSY_SHARDS)
DISPUTE_FEES = Account("dispute_fees", "expense")
DISPUTE_LOSS = Account("dispute_loss", "expense")
BAD_DEBT = Account("bad_debt", "expense")
# What was given to sellers by hand, less what was taken back.
ADJUSTMENTS = Account("adjustments", "expense")
FX = Account("fx", "equity")

PENDING = Account("pending", "liability", floor=0)
AVAILABLE = Account("available", "liability", floor=0)
RESERVE = Account("reserve", "liability", floor=0)
DISPUTED = Account("disputed", "liability", floor=0)
IN_PAYOUT = Account("in_payout", "liability", floor=0)
# What the seller owes us: an asset of ours, so its floor keeps us from owing through it.
RECEIVABLE = Account("receivable", "asset", floor=0)

SELLER = (PENDING, AVAILABLE, RESERVE, DISPUTED, IN_PAYOUT, RECEIVABLE)

_FIXED = {
    account.name: account
    for account in (
        *SELLER,
        BANK,
        DISPUTE_SUSPENSE,
        FEES,
        SALES,
        PROVIDER_FEES,
        DISPUTE_FEES,
        DISPUTE_LOSS,
        BAD_DEBT,
        ADJUSTMENTS,
        FX,
    )
}
_FAMILIES = {"clearing": clearing, "provider": provider, "in_transit": in_transit, "tax_payable": tax_payable}


def named(name: str) -> Account:
    """The account of that name: `fees`, `clearing.stripe`, `tax_payable.de`.

    Raises:
        ValueError: the chart has no such line.
    """
    family, dot, member = name.partition(".")
    if name in _FIXED:
        return _FIXED[name]
    if family in _FAMILIES and dot and member:
        return _FAMILIES[family](member)
    raise ValueError(f"the chart has no account {name!r}")


def place(owner_id: UUID | None, name: str, currency: str) -> Place:
    """One account by the names of its parts.

    Raises:
        ValueError: the chart has no such line, or it has no such owner: `pending` is a seller's, `fees` is ours.
    """
    account = named(name)
    if (account in SELLER) != (owner_id is not None):
        raise ValueError(f"{name!r} is not an account of {'a seller' if owner_id else 'the platform'}")
    return Place(owner_id, account, currency)


def of_seller(seller_id: UUID, currency: str) -> tuple[Place, ...]:
    """A seller's six accounts in one currency."""
    return tuple(Place(seller_id, account, currency) for account in SELLER)
