"""outbound: endpoints, their secrets, deliveries and every try."""

from alembic import op

revision = "0014_outbound_delivery"
down_revision = "0013_payments_call_looks"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE outbound_endpoints (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        url text NOT NULL,
        description text NOT NULL,
        event_types text[] NOT NULL,
        rate_per_minute integer,
        ordered boolean NOT NULL,
        revision integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        disabled_at timestamptz,
        disabled_reason text,
        first_failure_at timestamptz,
        last_failure_at timestamptz,
        failures integer NOT NULL DEFAULT 0,
        last_success_at timestamptz,
        told integer NOT NULL DEFAULT 0,
        paced_until timestamptz,
        CONSTRAINT outbound_endpoints_pkey PRIMARY KEY (id),
        CONSTRAINT outbound_endpoints_rate_check CHECK (rate_per_minute BETWEEN 1 AND 60000),
        CONSTRAINT outbound_endpoints_disabled_reason_check CHECK (disabled_reason IN ('owner', 'failing', 'gone')),
        CONSTRAINT outbound_endpoints_disabled_check CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
        CONSTRAINT outbound_endpoints_told_check CHECK (told BETWEEN 0 AND 3),
        CONSTRAINT outbound_endpoints_failures_check CHECK ((failures = 0) = (first_failure_at IS NULL))
    )
    """,
    "CREATE INDEX outbound_endpoints_account_id_id_idx ON outbound_endpoints (account_id, id)",
    """
    CREATE TABLE outbound_secrets (
        id uuid NOT NULL,
        endpoint_id uuid NOT NULL,
        kind text NOT NULL,
        sealed bytea NOT NULL,
        public_key text,
        created_at timestamptz NOT NULL,
        ends_at timestamptz,
        CONSTRAINT outbound_secrets_pkey PRIMARY KEY (id),
        CONSTRAINT outbound_secrets_endpoint_id_fkey FOREIGN KEY (endpoint_id)
            REFERENCES outbound_endpoints (id) ON DELETE CASCADE,
        CONSTRAINT outbound_secrets_kind_check CHECK (kind IN ('v1', 'v1a')),
        CONSTRAINT outbound_secrets_public_key_check CHECK ((kind = 'v1a') = (public_key IS NOT NULL))
    )
    """,
    "CREATE INDEX outbound_secrets_endpoint_id_created_at_idx ON outbound_secrets (endpoint_id, created_at)",
    # Rows of a queue are changed twice in a short life: the table is vacuumed before a fifth of it is dead.
    """
    CREATE TABLE outbound_deliveries (
        id uuid NOT NULL,
        position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        message_id uuid NOT NULL,
        endpoint_id uuid NOT NULL,
        account_id uuid NOT NULL,
        state text NOT NULL,
        due_at timestamptz,
        tries integer NOT NULL DEFAULT 0,
        step integer NOT NULL DEFAULT 0,
        order_key text,
        claimed_by uuid,
        lease_until timestamptz,
        done_at timestamptz,
        written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT outbound_deliveries_pkey PRIMARY KEY (id),
        CONSTRAINT outbound_deliveries_message_id_endpoint_id_key UNIQUE (message_id, endpoint_id),
        CONSTRAINT outbound_deliveries_message_id_fkey FOREIGN KEY (message_id)
            REFERENCES outbound_messages (id) ON DELETE CASCADE,
        CONSTRAINT outbound_deliveries_state_check
            CHECK (state IN ('pending', 'claimed', 'succeeded', 'failed', 'skipped')),
        CONSTRAINT outbound_deliveries_due_at_check
            CHECK ((state IN ('pending', 'claimed')) = (due_at IS NOT NULL)),
        CONSTRAINT outbound_deliveries_claimed_check
            CHECK ((state = 'claimed') = (lease_until IS NOT NULL AND claimed_by IS NOT NULL))
    ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)
    """,
    """
    CREATE INDEX outbound_deliveries_claim_idx ON outbound_deliveries (endpoint_id, due_at, position)
        WHERE state = 'pending'
    """,
    "CREATE INDEX outbound_deliveries_due_idx ON outbound_deliveries (due_at) WHERE state = 'pending'",
    "CREATE INDEX outbound_deliveries_lease_idx ON outbound_deliveries (lease_until) WHERE state = 'claimed'",
    """
    CREATE INDEX outbound_deliveries_order_idx ON outbound_deliveries (endpoint_id, order_key, position)
        WHERE order_key IS NOT NULL AND state IN ('pending', 'claimed')
    """,
    "CREATE INDEX outbound_deliveries_account_id_position_idx ON outbound_deliveries (account_id, position)",
    "CREATE INDEX outbound_deliveries_endpoint_id_position_idx ON outbound_deliveries (endpoint_id, position)",
    """
    CREATE TABLE outbound_attempts (
        delivery_id uuid NOT NULL,
        number integer NOT NULL,
        started_at timestamptz NOT NULL,
        duration_ms integer NOT NULL,
        outcome text NOT NULL,
        status integer,
        headers jsonb,
        body bytea,
        address text,
        error text,
        CONSTRAINT outbound_attempts_pkey PRIMARY KEY (delivery_id, number),
        CONSTRAINT outbound_attempts_delivery_id_fkey FOREIGN KEY (delivery_id)
            REFERENCES outbound_deliveries (id) ON DELETE CASCADE,
        CONSTRAINT outbound_attempts_outcome_check
            CHECK (outcome IN ('succeeded', 'refused', 'timeout', 'unreachable', 'broken', 'forbidden')),
        CONSTRAINT outbound_attempts_status_check
            CHECK ((outcome IN ('succeeded', 'refused')) = (status IS NOT NULL)),
        CONSTRAINT outbound_attempts_body_check CHECK (length(body) <= 16384)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE outbound_attempts, outbound_deliveries, outbound_secrets, outbound_endpoints")
