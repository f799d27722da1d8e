"""inbound: what providers told us, once each, and how far their own lists have been read."""

from alembic import op

revision = "0008_inbound"
down_revision = "0007_catalog"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE inbound_events (
            id uuid NOT NULL,
            provider text NOT NULL,
            provider_account text NOT NULL,
            event_id text NOT NULL,
            type text NOT NULL,
            object_kind text NOT NULL,
            object_id text NOT NULL,
            our_id uuid,
            livemode boolean NOT NULL,
            api_version text,
            provider_created_at timestamptz NOT NULL,
            received_at timestamptz NOT NULL,
            headers jsonb NOT NULL,
            body bytea,
            verified_with text NOT NULL,
            source text NOT NULL,
            state text NOT NULL,
            attempts integer NOT NULL DEFAULT 0,
            next_at timestamptz,
            last_error text,
            done_at timestamptz,
            CONSTRAINT inbound_events_pkey PRIMARY KEY (id),
            CONSTRAINT inbound_events_provider_provider_account_event_id_key
                UNIQUE (provider, provider_account, event_id),
            CONSTRAINT inbound_events_source_check CHECK (source IN ('push', 'sweep', 'replay')),
            CONSTRAINT inbound_events_state_check CHECK (state IN ('stored', 'done', 'ignored', 'waiting', 'dead')),
            CONSTRAINT inbound_events_next_at_check
                CHECK ((state IN ('stored', 'waiting')) = (next_at IS NOT NULL))
        )
        """
    )
    op.execute("CREATE INDEX inbound_events_state_id_idx ON inbound_events (state, id) WHERE state <> 'done'")
    op.execute("CREATE INDEX inbound_events_received_at_idx ON inbound_events (received_at) WHERE body IS NOT NULL")
    op.execute(
        """
        CREATE TABLE inbound_sweeps (
            provider text NOT NULL,
            provider_account text NOT NULL,
            swept_until timestamptz NOT NULL,
            CONSTRAINT inbound_sweeps_pkey PRIMARY KEY (provider, provider_account)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE inbound_sweeps")
    op.execute("DROP TABLE inbound_events")
