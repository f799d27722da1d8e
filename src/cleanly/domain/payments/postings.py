"""Which accounts a payment's money moves between (MONEY.md 1.3). Pure: amounts in, entries by account name out."""

from collections.abc import Mapping
from uuid import UUID

from cleanly.domain.payments.rules import SellersPart, Shares

# (owner, account name) -> signed minor units: + debit, - credit.
Lines = Mapping[tuple[UUID | None, str], int]


def _lines(*pairs: tuple[UUID | None, str, int]) -> Lines:
    net: dict[tuple[UUID | None, str], int] = {}
    for owner, name, amount in pairs:
        net[owner, name] = net.get((owner, name), 0) + amount
    return {account: amount for account, amount in net.items() if amount}


def tax_account(country: str) -> str:
    """Where tax for a country is owed."""
    return f"tax_payable.{country}"


def captured(*, provider: str, seller: UUID | None, shares: Shares, country: str) -> Lines:
    """Money came in: the provider owes it to us, we owe it on."""
    return _lines(
        (None, f"clearing.{provider}", shares.total),
        (seller, "pending", -shares.seller) if seller else (None, "sales", -shares.seller),
        (None, "fees", -shares.fee),
        (None, tax_account(country), -shares.tax),
    )


def refunded(*, provider: str, seller: UUID | None, shares: Shares, part: SellersPart, country: str) -> Lines:
    """Money goes back: each gives its share, the seller from where there is some."""
    return _lines(
        *_from_seller(seller, shares.seller, part),
        (None, "fees", shares.fee),
        (None, tax_account(country), shares.tax),
        (None, f"clearing.{provider}", -shares.total),
    )


def refund_failed(*, provider: str, seller: UUID | None, shares: Shares, owed: int, free: int, country: str) -> Lines:
    """The refund came back: what the seller gave pays what the seller owes, the rest is available."""
    seller_lines: tuple[tuple[UUID | None, str, int], ...] = (
        ((seller, "receivable", -owed), (seller, "available", -free)) if seller else ((None, "sales", -shares.seller),)
    )
    return _lines(
        (None, f"clearing.{provider}", shares.total),
        *seller_lines,
        (None, "fees", -shares.fee),
        (None, tax_account(country), -shares.tax),
    )


def _from_seller(seller: UUID | None, amount: int, part: SellersPart) -> tuple[tuple[UUID | None, str, int], ...]:
    if seller is None:
        return ((None, "sales", amount),)
    return (
        (seller, "pending", part.pending),
        (seller, "available", part.available),
        (seller, "reserve", part.reserve),
        (seller, "receivable", part.receivable),
    )


def dispute_withdrawn(*, provider: str, amount: int) -> Lines:
    """The provider took the money while the banks argue."""
    return _lines((None, "dispute_suspense", amount), (None, f"clearing.{provider}", -amount))


def dispute_held(*, seller: UUID, part: SellersPart) -> Lines:
    """The seller's part is set aside."""
    total = part.pending + part.available + part.reserve + part.receivable
    return _lines(*_from_seller(seller, total, part), (seller, "disputed", -total))


def dispute_reinstated(*, provider: str, amount: int) -> Lines:
    """The provider gave it back."""
    return _lines((None, f"clearing.{provider}", amount), (None, "dispute_suspense", -amount))


def dispute_unheld(*, seller: UUID, owed: int, free: int) -> Lines:
    """The seller's part is free again, less what is owed."""
    return _lines((seller, "disputed", owed + free), (seller, "receivable", -owed), (seller, "available", -free))


def dispute_lost(*, seller: UUID | None, seller_part: int, amount: int) -> Lines:
    """Gone: the seller loses the seller's part, the platform the rest."""
    return _lines(
        (seller, "disputed", seller_part) if seller else (None, "dispute_loss", seller_part),
        (None, "dispute_loss", amount - seller_part),
        (None, "dispute_suspense", -amount),
    )
