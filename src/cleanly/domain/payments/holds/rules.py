"""When money is released, and where it goes. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cleanly.kernel.money import Money

BASIS_POINTS_MAX = 10_000
# What the books do not cover is looked at again, and told again, until a person has found out why.
UNCOVERED_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a seller's money rests, and what part of it rests longer.

    `hold_days`, `reserve_basis_points`: agreed with the seller, or the platform's usual ones.
    """

    hold_days: int
    reserve_basis_points: int


@dataclass(frozen=True, slots=True)
class Split:
    """Where the money of a hold goes, in minor units: what is owed first, then the reserve, the rest is free."""

    receivable: int
    reserve: int
    available: int


def split(remaining: int, currency: str, *, owed: int, reserve_basis_points: int) -> Split:
    """What is owed is netted before anything is set aside, so that nobody owes while having.

    Raises:
        ValueError: basis points outside 0 to 10,000, or less than nothing to split.
    """
    if not 0 <= reserve_basis_points <= BASIS_POINTS_MAX or remaining < 0:
        raise ValueError("a hold's money is split in parts of a whole")
    netted = min(remaining, max(0, owed))
    rest = Money(remaining - netted, currency)
    free, reserve = rest.allocate((BASIS_POINTS_MAX - reserve_basis_points, reserve_basis_points))
    return Split(receivable=netted, reserve=reserve.amount, available=free.amount)


def release_at(captured_at: datetime, *, hold_days: int) -> datetime:
    """The earliest; the provider's own line may put it off (`known`)."""
    return captured_at + timedelta(days=hold_days)


def known(planned: datetime, available_on: datetime) -> datetime:
    """When the money may go, now that the provider has said when it is available there."""
    return max(planned, available_on)
