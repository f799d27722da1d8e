"""reports: what each day was."""

from alembic import op

revision = "0025_reports_daily"
down_revision = "0024_payouts_adjustments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE daily_reports (
            day DATE NOT NULL,
            figures JSONB NOT NULL,
            made_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT daily_reports_pkey PRIMARY KEY (day)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE daily_reports")
