"""Which days want a report, and what the books say of one. Pure."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from cleanly.kernel.money import Money

# After a longer outage the days before are left out: their figures stand in the books.
CAUGHT_UP_MAX: Final = 7
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Booked:
    """What all transactions of one kind did to one of the platform's accounts (all of a family) in one currency."""

    currency: str
    kind: str
    account: str
    amount: int
    transactions: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there were, and what they came to in minor units."""

    count: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class CurrencyDay:
    """One currency's day. `fees`: ours, less what was given back; `provider_fees`: what the providers took.

    `payouts`: arrived. `payouts_back`: had been handed over, and came back. `failed_*`: how many ended so that day.
    """

    currency: str
    volume: Counted
    fees: int
    provider_fees: int
    refunds: Counted
    disputes: Counted
    payouts: Counted
    payouts_back: Counted
    failed_payments: int
    failed_payouts: int


@dataclass(frozen=True, slots=True)
class Health:
    """How the books were when the report was made: all 0 and False if all is well."""

    drift: int
    faults: int
    debtors_with_money: int
    hold_differences: int
    open_differences: int
    are_payouts_stopped: bool

    @property
    def is_well(self) -> bool:
        """Whether nobody has to look."""
        return not any((self.drift, self.faults, self.debtors_with_money, self.hold_differences, self.open_differences))


@dataclass(frozen=True, slots=True)
class Figures:
    """A day."""

    new_users: int
    currencies: tuple[CurrencyDay, ...]
    health: Health


def days_due(newest: date | None, *, now: datetime) -> tuple[date, ...]:
    """The days that are over and have no report yet, oldest first; the first report ever is yesterday's."""
    yesterday = now.astimezone(UTC).date() - _DAY
    first = yesterday if newest is None else max(newest + _DAY, yesterday - _DAY * (CAUGHT_UP_MAX - 1))
    return tuple(first + _DAY * number for number in range((yesterday - first).days + 1))


def bounds(day: date) -> tuple[datetime, datetime]:
    """Its first instant and the next day's, in UTC."""
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return begins, begins + _DAY


def by_currency(
    booked: Iterable[Booked], *, failed_payments: Mapping[str, int], failed_payouts: Mapping[str, int]
) -> tuple[CurrencyDay, ...]:
    """The day of every currency in which something happened."""
    found: dict[str, list[Booked]] = defaultdict(list)
    for one in booked:
        found[one.currency].append(one)
    names = sorted({*found, *failed_payments, *failed_payouts})
    return tuple(_of(name, found[name], failed_payments.get(name, 0), failed_payouts.get(name, 0)) for name in names)


def _of(currency: str, booked: Sequence[Booked], failed_payments: int, failed_payouts: int) -> CurrencyDay:
    return CurrencyDay(
        currency=currency,
        volume=_sum(booked, {"payment.captured"}, "clearing", 1),
        fees=_sum(booked, None, "fees", -1).amount,
        provider_fees=sum(_sum(booked, None, name, 1).amount for name in ("provider_fees", "dispute_fees")),
        refunds=_sum(booked, {"refund.made"}, "clearing", -1),
        disputes=_sum(booked, {"dispute.withdrawn"}, "dispute_suspense", 1),
        payouts=_sum(booked, {"payout.paid"}, "in_transit", -1),
        payouts_back=_sum(booked, {"payout.unsent"}, "in_transit", -1),
        failed_payments=failed_payments,
        failed_payouts=failed_payouts,
    )


def _sum(booked: Sequence[Booked], kinds: set[str] | None, account: str, sign: int) -> Counted:
    fitting = [one for one in booked if one.account == account and (kinds is None or one.kind in kinds)]
    return Counted(sum(one.transactions for one in fitting), sign * sum(one.amount for one in fitting))


def letter(figures: Figures) -> str:
    """The figures as the mail wants them: JSON of titles, each with its lines of a label and a value."""
    parts: list[tuple[str, list[tuple[str, str]]]] = [("Users", [("new", str(figures.new_users))])]
    parts += [(day.currency, _lines(day)) for day in figures.currencies]
    return json.dumps([*parts, ("Books", _health_lines(figures.health))])


def _lines(day: CurrencyDay) -> list[tuple[str, str]]:
    def money(amount: int) -> str:
        return f"{Money(amount, day.currency).decimal()} {day.currency}"

    def counted(it: Counted) -> str:
        return f"{money(it.amount)} ({it.count})"

    return [
        ("sold", counted(day.volume)),
        ("our fees", money(day.fees)),
        ("providers' fees", money(day.provider_fees)),
        ("refunds", counted(day.refunds)),
        ("disputes", counted(day.disputes)),
        ("payouts arrived", counted(day.payouts)),
        ("payouts that came back", counted(day.payouts_back)),
        ("failed payments", str(day.failed_payments)),
        ("failed payouts", str(day.failed_payouts)),
    ]


def _health_lines(health: Health) -> list[tuple[str, str]]:
    return [
        ("all is well", "yes" if health.is_well else "NO"),
        ("balances that drifted", str(health.drift)),
        ("faults", str(health.faults)),
        ("sellers owing beside having", str(health.debtors_with_money)),
        ("holds that do not explain", str(health.hold_differences)),
        ("differences to providers", str(health.open_differences)),
        ("payouts are stopped", "YES" if health.are_payouts_stopped else "no"),
    ]
