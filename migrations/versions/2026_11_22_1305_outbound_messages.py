"""outbound: what subscribers are told, written with what makes it true."""

from alembic import op

revision = "0011_outbound"
down_revision = "0010_sandbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE outbound_messages (
            id uuid NOT NULL,
            account_id uuid NOT NULL,
            type text NOT NULL,
            data jsonb NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT outbound_messages_pkey PRIMARY KEY (id)
        )
        """
    )
    op.execute("CREATE INDEX outbound_messages_account_id_id_idx ON outbound_messages (account_id, id)")


def downgrade() -> None:
    op.execute("DROP TABLE outbound_messages")
