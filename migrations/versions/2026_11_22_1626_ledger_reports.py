"""ledger: what was converted, how each provider stands and since when it differs, and what each run found."""

from alembic import op

revision = "0015_reconciliation_reports"
down_revision = "0014_outbound_delivery"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE provider_entries ADD COLUMN original_amount bigint, ADD COLUMN original_currency text",
    # Every row fulfils these, so they are validated at once: no release had them before, the tables are small.
    """
    ALTER TABLE provider_entries ADD CONSTRAINT provider_entries_original_check
        CHECK ((original_amount IS NULL) = (original_currency IS NULL) AND original_currency <> currency) NOT VALID
    """,
    # The next one is wider, so nobody loses a guarantee.
    """
    -- squawk-ignore ban-drop-constraint
    ALTER TABLE reconciliation_items DROP CONSTRAINT reconciliation_items_kind_check
    """,
    """
    ALTER TABLE reconciliation_items ADD CONSTRAINT reconciliation_items_kind_check
        CHECK (kind IN ('missing_local', 'missing_provider', 'amount', 'currency', 'duplicate', 'balance')) NOT VALID
    """,
    """
    -- squawk-ignore constraint-missing-not-valid
    ALTER TABLE provider_entries VALIDATE CONSTRAINT provider_entries_original_check
    """,
    """
    -- squawk-ignore constraint-missing-not-valid
    ALTER TABLE reconciliation_items VALIDATE CONSTRAINT reconciliation_items_kind_check
    """,
    """
    CREATE TABLE provider_standings (
        provider text NOT NULL,
        provider_account text NOT NULL,
        currency text NOT NULL,
        held bigint NOT NULL,
        booked bigint NOT NULL,
        coming bigint NOT NULL,
        clearing bigint NOT NULL,
        difference bigint NOT NULL,
        differs_since timestamptz,
        looked_at timestamptz NOT NULL,
        CONSTRAINT provider_standings_pkey PRIMARY KEY (provider, provider_account, currency),
        CONSTRAINT provider_standings_differs_check CHECK ((difference = 0) = (differs_since IS NULL))
    )
    """,
    """
    CREATE TABLE reconciliation_reports (
        id uuid NOT NULL,
        provider text NOT NULL,
        provider_account text NOT NULL,
        started_at timestamptz NOT NULL,
        ended_at timestamptz NOT NULL,
        imported bigint NOT NULL,
        booked bigint NOT NULL,
        opened bigint NOT NULL,
        open_items jsonb NOT NULL,
        standings jsonb NOT NULL,
        fault text,
        CONSTRAINT reconciliation_reports_pkey PRIMARY KEY (id)
    )
    """,
    "CREATE INDEX reconciliation_reports_started_at_idx ON reconciliation_reports (started_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE reconciliation_reports, provider_standings")
    # What the kind before does not know goes: it can be found again.
    op.execute("DELETE FROM reconciliation_items WHERE kind = 'balance'")
    op.execute("ALTER TABLE reconciliation_items DROP CONSTRAINT reconciliation_items_kind_check")
    op.execute(
        "ALTER TABLE reconciliation_items ADD CONSTRAINT reconciliation_items_kind_check"
        " CHECK (kind IN ('missing_local', 'missing_provider', 'amount', 'currency', 'duplicate'))"
    )
    op.execute("ALTER TABLE provider_entries DROP COLUMN original_amount, DROP COLUMN original_currency")
