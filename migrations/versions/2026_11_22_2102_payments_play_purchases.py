"""payments: what was bought once in the app, at Google Play."""

from alembic import op

revision = "0022_payments_play_purchases"
down_revision = "0021_entitlements_sources"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE play_purchases (
            payment_id uuid NOT NULL,
            must_acknowledge boolean NOT NULL DEFAULT false,
            created_at timestamp with time zone NOT NULL,
            CONSTRAINT play_purchases_pkey PRIMARY KEY (payment_id),
            CONSTRAINT play_purchases_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments (id)
        )
        """
    )
    op.execute("CREATE INDEX play_purchases_unacknowledged_idx ON play_purchases (created_at) WHERE must_acknowledge")


def downgrade() -> None:
    op.execute("DROP TABLE play_purchases")
