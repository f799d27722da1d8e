"""subscriptions: a change whose payment waits for the subscriber, and until when."""

from alembic import op

revision = "0027_subscriptions_awaited"
down_revision = "0026_ledger_aliases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE subscription_changes ADD COLUMN waits_until TIMESTAMP WITH TIME ZONE")


def downgrade() -> None:
    op.execute("ALTER TABLE subscription_changes DROP COLUMN waits_until")
