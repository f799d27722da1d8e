"""payments: when a call was last made, and when a look first found nothing of it, its key being forgotten by then."""

from alembic import op

revision = "0013_payments_call_looks"
down_revision = "0012_reconciliation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE provider_calls ADD COLUMN asked_at TIMESTAMP WITH TIME ZONE")
    op.execute("ALTER TABLE provider_calls ADD COLUMN missed_at TIMESTAMP WITH TIME ZONE")


def downgrade() -> None:
    op.execute("ALTER TABLE provider_calls DROP COLUMN missed_at")
    op.execute("ALTER TABLE provider_calls DROP COLUMN asked_at")
