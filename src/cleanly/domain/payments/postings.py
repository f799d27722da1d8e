"""Which accounts a payment's money moves between (MONEY.md 1.3). Pure: amounts in, lines by account out."""

from collections.abc import Mapping
from uuid import UUID

from cleanly.domain.ledger.service import Account, chart
from cleanly.domain.payments.rules import SellersPart, Shares

# (owner, account) -> signed minor units: + debit, - credit.
Lines = Mapping[tuple[UUID | None, Account], int]


def _lines(*pairs: tuple[UUID | None, Account, int]) -> Lines:
    net: dict[tuple[UUID | None, Account], int] = {}
    for owner, name, amount in pairs:
        net[owner, name] = net.get((owner, name), 0) + amount
    return {account: amount for account, amount in net.items() if amount}


def captured(*, provider: str, seller: UUID | None, shares: Shares, country: str) -> Lines:
    """Money came in: the provider owes it to us, we owe it on."""
    return _lines(
        (None, chart.clearing(provider), shares.total),
        (seller, chart.PENDING, -shares.seller) if seller else (None, chart.SALES, -shares.seller),
        (None, chart.FEES, -shares.fee),
        (None, chart.tax_payable(country), -shares.tax),
    )


def refunded(
    *, provider: str, seller: UUID | None, shares: Shares, part: SellersPart, uncovered: int, country: str
) -> Lines:
    """Money goes back: each gives its share, the seller from where there is some; what no share covers is our loss."""
    return _lines(
        (None, chart.DISPUTE_LOSS, uncovered),
        *_from_seller(seller, shares.seller, part),
        (None, chart.FEES, shares.fee),
        (None, chart.tax_payable(country), shares.tax),
        (None, chart.clearing(provider), -shares.total - uncovered),
    )


def refund_failed(
    *, provider: str, seller: UUID | None, shares: Shares, uncovered: int, owed: int, free: int, country: str
) -> Lines:
    """The refund came back: what the seller gave pays what the seller owes, the rest is available."""
    seller_lines: tuple[tuple[UUID | None, Account, int], ...] = (
        ((seller, chart.RECEIVABLE, -owed), (seller, chart.AVAILABLE, -free))
        if seller
        else ((None, chart.SALES, -shares.seller),)
    )
    return _lines(
        (None, chart.clearing(provider), shares.total + uncovered),
        (None, chart.DISPUTE_LOSS, -uncovered),
        *seller_lines,
        (None, chart.FEES, -shares.fee),
        (None, chart.tax_payable(country), -shares.tax),
    )


def refund_covered(*, seller: UUID | None, shares: Shares, part: SellersPart, country: str) -> Lines:
    """A share came back after a refund that it would have covered: it covers it now, and our loss is less."""
    return _lines(
        *_from_seller(seller, shares.seller, part),
        (None, chart.FEES, shares.fee),
        (None, chart.tax_payable(country), shares.tax),
        (None, chart.DISPUTE_LOSS, -shares.total),
    )


def dispute_covered(*, seller: UUID, part: SellersPart, is_lost: bool) -> Lines:
    """As `dispute_held` and, if it was lost, `dispute_lost`, of what came back after the money had gone."""
    total = part.pending + part.available + part.reserve + part.receivable
    return _lines(
        *_from_seller(seller, total, part),
        (None, chart.DISPUTE_LOSS, -total) if is_lost else (seller, chart.DISPUTED, -total),
    )


def _from_seller(seller: UUID | None, amount: int, part: SellersPart) -> tuple[tuple[UUID | None, Account, int], ...]:
    if seller is None:
        return ((None, chart.SALES, amount),)
    return (
        (seller, chart.PENDING, part.pending),
        (seller, chart.AVAILABLE, part.available),
        (seller, chart.RESERVE, part.reserve),
        (seller, chart.RECEIVABLE, part.receivable),
    )


def dispute_withdrawn(*, provider: str, amount: int) -> Lines:
    """The provider took the money while the banks argue."""
    return _lines((None, chart.DISPUTE_SUSPENSE, amount), (None, chart.clearing(provider), -amount))


def dispute_held(*, seller: UUID, part: SellersPart) -> Lines:
    """The seller's part is set aside."""
    total = part.pending + part.available + part.reserve + part.receivable
    return _lines(*_from_seller(seller, total, part), (seller, chart.DISPUTED, -total))


def dispute_reinstated(*, provider: str, amount: int) -> Lines:
    """The provider gave it back."""
    return _lines((None, chart.clearing(provider), amount), (None, chart.DISPUTE_SUSPENSE, -amount))


def dispute_unheld(*, seller: UUID, owed: int, free: int) -> Lines:
    """The seller's part is free again, less what is owed."""
    return _lines(
        (seller, chart.DISPUTED, owed + free), (seller, chart.RECEIVABLE, -owed), (seller, chart.AVAILABLE, -free)
    )


def dispute_lost(*, seller: UUID | None, seller_part: int, amount: int) -> Lines:
    """Gone: the seller loses the seller's part, the platform the rest."""
    return _lines(
        (seller, chart.DISPUTED, seller_part) if seller else (None, chart.DISPUTE_LOSS, seller_part),
        (None, chart.DISPUTE_LOSS, amount - seller_part),
        (None, chart.DISPUTE_SUSPENSE, -amount),
    )


def dispute_overturned(
    *, provider: str, seller: UUID | None, seller_part: int, owed: int, free: int, amount: int
) -> Lines:
    """Lost, and given back after all: the seller gets the seller's part again, less what is owed."""
    back: tuple[tuple[UUID | None, Account, int], ...] = (
        ((seller, chart.RECEIVABLE, -owed), (seller, chart.AVAILABLE, -free))
        if seller
        else ((None, chart.DISPUTE_LOSS, -seller_part),)
    )
    return _lines((None, chart.clearing(provider), amount), *back, (None, chart.DISPUTE_LOSS, seller_part - amount))
