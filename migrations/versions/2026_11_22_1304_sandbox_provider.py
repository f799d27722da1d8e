"""sandbox: the provider that lives here: its objects, keys, events, plans and counters."""

from alembic import op

revision = "0010_sandbox"
down_revision = "0009_payments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE sandbox_counters (
            name text NOT NULL,
            value bigint NOT NULL,
            CONSTRAINT sandbox_counters_pkey PRIMARY KEY (name)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE sandbox_objects (
            id text NOT NULL,
            kind text NOT NULL,
            number bigint NOT NULL,
            our_id uuid,
            parent text,
            data jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT sandbox_objects_pkey PRIMARY KEY (id),
            CONSTRAINT sandbox_objects_kind_number_key UNIQUE (kind, number)
        )
        """
    )
    op.execute("CREATE INDEX sandbox_objects_our_id_idx ON sandbox_objects (our_id)")
    op.execute(
        """
        CREATE TABLE sandbox_keys (
            key text NOT NULL,
            request bytea NOT NULL,
            state text NOT NULL,
            answer jsonb,
            started_at timestamptz NOT NULL,
            CONSTRAINT sandbox_keys_pkey PRIMARY KEY (key),
            CONSTRAINT sandbox_keys_state_check CHECK (state IN ('missed', 'running', 'done'))
        )
        """
    )
    op.execute(
        """
        CREATE TABLE sandbox_events (
            number bigint NOT NULL,
            type text NOT NULL,
            payment text NOT NULL,
            body bytea NOT NULL,
            copies smallint NOT NULL,
            attempts smallint NOT NULL,
            created_at timestamptz NOT NULL,
            due_at timestamptz,
            delivered_at timestamptz,
            CONSTRAINT sandbox_events_pkey PRIMARY KEY (number)
        )
        """
    )
    op.execute("CREATE INDEX sandbox_events_payment_idx ON sandbox_events (payment)")
    op.execute("CREATE INDEX sandbox_events_due_at_idx ON sandbox_events (due_at) WHERE due_at IS NOT NULL")
    op.execute(
        """
        CREATE TABLE sandbox_plans (
            id bigint GENERATED ALWAYS AS IDENTITY,
            due_at timestamptz NOT NULL,
            action text NOT NULL,
            object_id text NOT NULL,
            CONSTRAINT sandbox_plans_pkey PRIMARY KEY (id)
        )
        """
    )
    op.execute("CREATE INDEX sandbox_plans_due_at_idx ON sandbox_plans (due_at)")


def downgrade() -> None:
    for table in ("plans", "events", "keys", "objects", "counters"):
        op.execute(f"DROP TABLE sandbox_{table}")
