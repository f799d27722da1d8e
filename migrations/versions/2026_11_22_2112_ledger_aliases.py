"""ledger: names in providers' books for what we have booked under another."""

from alembic import op

revision = "0026_ledger_aliases"
down_revision = "0025_reports_daily"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE provider_aliases (
            provider TEXT NOT NULL,
            provider_account TEXT NOT NULL,
            source TEXT NOT NULL,
            object TEXT NOT NULL,
            CONSTRAINT provider_aliases_pkey PRIMARY KEY (provider, provider_account, source)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE provider_aliases")
