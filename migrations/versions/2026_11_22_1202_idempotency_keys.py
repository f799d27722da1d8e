"""idempotency: one row per key whose answer is known or whose flow is running."""

from alembic import op

revision = "0003_idempotency"
down_revision = "0002_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE idempotency_keys (
            owner text NOT NULL,
            route text NOT NULL,
            key text NOT NULL,
            fingerprint bytea NOT NULL,
            state text NOT NULL,
            lease_until timestamptz,
            resource_id uuid,
            status smallint,
            headers jsonb NOT NULL DEFAULT '{}'::jsonb,
            body bytea,
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL,
            CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner, route, key),
            CONSTRAINT idempotency_keys_state_check CHECK (state IN ('running', 'done')),
            CONSTRAINT idempotency_keys_answer_check
                CHECK ((state = 'running' AND lease_until IS NOT NULL) OR (state = 'done' AND status IS NOT NULL))
        )
        """
    )
    op.execute("CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at)")


def downgrade() -> None:
    op.execute("DROP TABLE idempotency_keys")
