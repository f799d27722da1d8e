"""The ledger's tables, for SELECT only: `ledger_post` and `ledger_open` alone write them.

Triggers, functions and views are in the migration; nothing here knows them.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names  # pyright: ignore[reportUnknownVariableType]
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import conv
from sqlalchemy.types import UserDefinedType

from cleanly.kernel.db import Base


class Xid8(UserDefinedType[int]):
    """A 64-bit transaction id, for which SQLAlchemy has no type."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Its name in DDL."""
        return "xid8"


ischema_names["xid8"] = Xid8  # or reading the schema back warns of a type it does not know


class LedgerAccount(Base):
    """A place for money. `normal` is the sign of its natural side: 1 for assets and expenses, -1 for the rest."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z][a-z0-9_.]{1,62}$'", name="name"),
        CheckConstraint("kind IN ('asset', 'liability', 'income', 'expense', 'equity')", name="kind"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("shards BETWEEN 1 AND 64", name="shards"),
        CheckConstraint("shards = 1 OR min_balance IS NULL", name=conv("ledger_accounts_bounded_is_single")),
        UniqueConstraint(
            "owner_id", "name", "currency", name="ledger_accounts_identity", postgresql_nulls_not_distinct=True
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    owner_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    normal: Mapped[int] = mapped_column(
        SmallInteger,
        # As the server writes it back: what is compared is the text.
        Computed(
            "CASE WHEN (kind = ANY (ARRAY['asset'::text, 'expense'::text])) THEN 1 ELSE '-1'::integer END",
            persisted=True,
        ),
    )
    min_balance: Mapped[int | None] = mapped_column(BigInteger)
    shards: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))


class LedgerBalance(Base):
    """One shard's balance on the account's natural side, and how many entries made it."""

    __tablename__ = "ledger_balances"
    __table_args__ = (
        CheckConstraint("min_balance IS NULL OR posted >= min_balance", name=conv("ledger_balances_floor")),
        CheckConstraint("NOT closed OR (posted = 0 AND min_balance IS NOT NULL)", name=conv("ledger_balances_closed")),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger_accounts.id"), primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("0"))
    min_balance: Mapped[int | None] = mapped_column(BigInteger)
    posted: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    closed: Mapped[bool] = mapped_column(server_default=text("false"))


class LedgerTransaction(Base):
    """One event in the books, in one currency. `reference` happens once; `xact` is the commit it belongs to."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        CheckConstraint("length(reference) BETWEEN 3 AND 200", name="reference"),
        CheckConstraint("kind ~ '^[a-z][a-z0-9_.]{1,62}$'", name="kind"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        UniqueConstraint("reference", name="ledger_transactions_reference"),
        UniqueConstraint("reverses_id", name="ledger_transactions_reversed_once"),
        Index("ledger_transactions_source", "source_id", postgresql_where=text("source_id IS NOT NULL")),
        Index("ledger_transactions_created", "created_at"),
        Index(
            "ledger_transactions_provider",
            text("(meta ->> 'provider_object')"),
            postgresql_where=text("meta ? 'provider_object'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    source_id: Mapped[UUID | None]
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transactions.id"))
    meta: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    xact: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))


class LedgerEntry(Base):
    """One account's part of a transaction: + debit, - credit. `balance_after` on bounded accounts only."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        Index("ledger_entries_account", "account_id", text("transaction_id DESC")),
    )

    transaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    shard: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    amount: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[int | None] = mapped_column(BigInteger)
