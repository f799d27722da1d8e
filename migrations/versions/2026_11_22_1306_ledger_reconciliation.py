"""ledger: the providers' own books as they told them, and what differs from ours."""

from alembic import op

revision = "0012_reconciliation"
down_revision = "0011_outbound"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE provider_entries (
        id uuid NOT NULL,
        provider text NOT NULL,
        provider_account text NOT NULL,
        provider_entry_id text NOT NULL,
        kind text NOT NULL,
        source text,
        object text NOT NULL,
        gross bigint NOT NULL,
        fee bigint NOT NULL,
        net bigint NOT NULL,
        currency text NOT NULL,
        meta jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        available_on timestamptz,
        imported_at timestamptz NOT NULL,
        match text NOT NULL,
        matched_transaction_id uuid,
        fee_booked_at timestamptz,
        available_booked_at timestamptz,
        CONSTRAINT provider_entries_pkey PRIMARY KEY (id),
        CONSTRAINT provider_entries_identity UNIQUE (provider, provider_account, provider_entry_id),
        CONSTRAINT provider_entries_matched_transaction_id_key UNIQUE (matched_transaction_id),
        CONSTRAINT provider_entries_match_check
            CHECK (match IN ('open', 'matched', 'amount', 'currency', 'duplicate', 'none')),
        CONSTRAINT provider_entries_matched_check
            CHECK ((match IN ('matched', 'amount', 'currency')) = (matched_transaction_id IS NOT NULL)),
        CONSTRAINT provider_entries_currency_check CHECK (currency ~ '^[A-Z]{3}$')
    )
    """,
    "CREATE INDEX provider_entries_object_idx ON provider_entries (provider, provider_account, object)",
    """
    CREATE INDEX provider_entries_open_idx ON provider_entries (provider, provider_account, object)
        WHERE match = 'open'
    """,
    """
    CREATE INDEX provider_entries_unbooked_idx ON provider_entries (provider, currency, id)
        WHERE fee_booked_at IS NULL OR available_booked_at IS NULL
    """,
    """
    CREATE TABLE reconciliation_items (
        id uuid NOT NULL,
        kind text NOT NULL,
        provider text NOT NULL,
        provider_account text NOT NULL,
        object text NOT NULL,
        subject text NOT NULL,
        details jsonb NOT NULL,
        opened_at timestamptz NOT NULL,
        resolved_at timestamptz,
        resolved_by uuid,
        reason text,
        CONSTRAINT reconciliation_items_pkey PRIMARY KEY (id),
        CONSTRAINT reconciliation_items_identity UNIQUE (provider, provider_account, kind, object, subject),
        CONSTRAINT reconciliation_items_kind_check
            CHECK (kind IN ('missing_local', 'missing_provider', 'amount', 'currency', 'duplicate')),
        CONSTRAINT reconciliation_items_resolved_check
            CHECK ((resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (reason IS NULL))
    )
    """,
    "CREATE INDEX reconciliation_items_open_idx ON reconciliation_items (id) WHERE resolved_at IS NULL",
    """
    CREATE TABLE provider_imports (
        provider text NOT NULL,
        provider_account text NOT NULL,
        imported_until timestamptz,
        judged_until timestamptz,
        CONSTRAINT provider_imports_pkey PRIMARY KEY (provider, provider_account)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE provider_imports, reconciliation_items, provider_entries")
