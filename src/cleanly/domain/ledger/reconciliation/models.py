"""Lines of the providers' books as they told them, what differs from ours, how each stands, and what runs found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_TIME = DateTime(timezone=True)


class ProviderEntryRow(Base):
    """One line of a provider's books. `object`: the source, or the line itself if it names none.

    `original_*`: what moved before the provider converted it. `match`: `open` until a transaction of ours is found;
    `none` if there is none to be found. `fee_booked_at`: when all that follows at once was posted, or seen to come to
    nothing: its cost, what went to our bank, what was converted. `available_booked_at`: when it became available.
    """

    __tablename__ = "provider_entries"
    __table_args__ = (
        UniqueConstraint("provider", "provider_account", "provider_entry_id", name="provider_entries_identity"),
        UniqueConstraint("matched_transaction_id", name="provider_entries_matched_transaction_id_key"),
        CheckConstraint("match IN ('open', 'matched', 'amount', 'currency', 'duplicate', 'none')", name="match"),
        CheckConstraint(
            "(match IN ('matched', 'amount', 'currency')) = (matched_transaction_id IS NOT NULL)", name="matched"
        ),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint(
            "(original_amount IS NULL) = (original_currency IS NULL) AND original_currency <> currency", name="original"
        ),
        Index("provider_entries_object_idx", "provider", "provider_account", "object"),
        Index(
            "provider_entries_open_idx",
            "provider",
            "provider_account",
            "object",
            postgresql_where=text("match = 'open'"),
        ),
        Index(
            "provider_entries_unbooked_idx",
            "provider",
            "currency",
            "id",
            postgresql_where=text("fee_booked_at IS NULL OR available_booked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    provider_entry_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    object: Mapped[str] = mapped_column(Text)
    gross: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    net: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    original_amount: Mapped[int | None] = mapped_column(BigInteger)
    original_currency: Mapped[str | None] = mapped_column(Text)
    meta: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(_TIME)
    available_on: Mapped[datetime | None] = mapped_column(_TIME)
    imported_at: Mapped[datetime] = mapped_column(_TIME)
    match: Mapped[str] = mapped_column(Text)
    matched_transaction_id: Mapped[UUID | None]
    fee_booked_at: Mapped[datetime | None] = mapped_column(_TIME)
    available_booked_at: Mapped[datetime | None] = mapped_column(_TIME)


class ProviderAliasRow(Base):
    """A name in a provider's books, and the name under which we have booked the same thing."""

    __tablename__ = "provider_aliases"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    provider_account: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    object: Mapped[str] = mapped_column(Text)


class ReconciliationItemRow(Base):
    """One difference, told once. `subject`: the line of theirs or the posting of ours that it is about.

    Of kind `balance` the object is a currency, and the subject since when the provider's balance differs.
    """

    __tablename__ = "reconciliation_items"
    __table_args__ = (
        UniqueConstraint(
            "provider", "provider_account", "kind", "object", "subject", name="reconciliation_items_identity"
        ),
        CheckConstraint(
            "kind IN ('missing_local', 'missing_provider', 'amount', 'currency', 'duplicate', 'balance')", name="kind"
        ),
        CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (reason IS NULL)",
            name="resolved",
        ),
        Index("reconciliation_items_open_idx", "id", postgresql_where=text("resolved_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    object: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    opened_at: Mapped[datetime] = mapped_column(_TIME)
    resolved_at: Mapped[datetime | None] = mapped_column(_TIME)
    resolved_by: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(Text)


class ProviderImportRow(Base):
    """How far a provider's books were read, and (by the database's clock) up to when ours were held against them.

    Its lock lets one process at a time write for that provider.
    """

    __tablename__ = "provider_imports"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    provider_account: Mapped[str] = mapped_column(Text, primary_key=True)
    imported_until: Mapped[datetime | None] = mapped_column(_TIME)
    judged_until: Mapped[datetime | None] = mapped_column(_TIME)


class ProviderStandingRow(Base):
    """A provider's money in one currency at the last look, in minor units.

    `held`: by its own word. `booked`: by our account `provider`. `coming`: its lines that are not available yet.
    `difference`: `held` less both; `differs_since`: from when on it was never 0 and never turned its sign.
    """

    __tablename__ = "provider_standings"
    __table_args__ = (CheckConstraint("(difference = 0) = (differs_since IS NULL)", name="differs"),)

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    provider_account: Mapped[str] = mapped_column(Text, primary_key=True)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    held: Mapped[int] = mapped_column(BigInteger)
    booked: Mapped[int] = mapped_column(BigInteger)
    coming: Mapped[int] = mapped_column(BigInteger)
    clearing: Mapped[int] = mapped_column(BigInteger)
    difference: Mapped[int] = mapped_column(BigInteger)
    differs_since: Mapped[datetime | None] = mapped_column(_TIME)
    looked_at: Mapped[datetime] = mapped_column(_TIME)


class ReconciliationReportRow(Base):
    """What one run found at one provider. `fault`: why it could not be asked; what is written beside it was done."""

    __tablename__ = "reconciliation_reports"
    __table_args__ = (Index("reconciliation_reports_started_at_idx", "started_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str] = mapped_column(Text)
    provider_account: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(_TIME)
    ended_at: Mapped[datetime] = mapped_column(_TIME)
    imported: Mapped[int] = mapped_column(BigInteger)
    booked: Mapped[int] = mapped_column(BigInteger)
    opened: Mapped[int] = mapped_column(BigInteger)
    open_items: Mapped[dict[str, Any]] = mapped_column(JSONB)
    standings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    fault: Mapped[str | None] = mapped_column(Text)
