"""payouts: payouts, when sellers are paid by themselves, the switch that stops all of it."""

from alembic import op

revision = "0019_payouts"
down_revision = "0018_subscriptions"
branch_labels = None
depends_on = None

# New tables: their indexes are built on nothing.
_UP = (
    """
    CREATE TABLE payouts (
        id UUID NOT NULL,
        seller_id UUID NOT NULL,
        payout_account_id UUID NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        account_reference TEXT NOT NULL,
        destination TEXT,
        destination_last4 TEXT,
        currency TEXT NOT NULL,
        amount BIGINT NOT NULL,
        state TEXT NOT NULL,
        is_scheduled BOOLEAN NOT NULL,
        is_two_step BOOLEAN NOT NULL,
        is_sent BOOLEAN NOT NULL,
        is_paid BOOLEAN NOT NULL,
        attempt INTEGER NOT NULL,
        ending TEXT,
        failure_code TEXT,
        held_for TEXT[] NOT NULL,
        held_until TIMESTAMP WITH TIME ZONE,
        reviewed_by UUID,
        alarm TEXT,
        provider_transfer_id TEXT,
        provider_payout_id TEXT,
        arrives_at TIMESTAMP WITH TIME ZONE,
        sent_at TIMESTAMP WITH TIME ZONE,
        paid_at TIMESTAMP WITH TIME ZONE,
        revision INTEGER NOT NULL,
        check_at TIMESTAMP WITH TIME ZONE,
        checks INTEGER NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT payouts_pkey PRIMARY KEY (id),
        CONSTRAINT payouts_state_check CHECK (
            state IN ('requested', 'held', 'sending', 'unknown', 'in_transit', 'paid', 'failed', 'returned', 'canceled')
        ),
        CONSTRAINT payouts_amount_check CHECK (amount > 0),
        CONSTRAINT payouts_ending_check CHECK (ending IN ('failed', 'returned', 'canceled')),
        CONSTRAINT payouts_paid_was_sent_check CHECK (is_sent OR NOT is_paid),
        CONSTRAINT payouts_seller_id_fkey FOREIGN KEY(seller_id) REFERENCES users (id)
    )
    """,
    """
    CREATE UNIQUE INDEX payouts_open_key ON payouts (seller_id, currency)
        WHERE state IN ('requested', 'held', 'sending', 'unknown', 'in_transit')
    """,
    "CREATE INDEX payouts_seller_id_idx ON payouts (seller_id, id)",
    "CREATE INDEX payouts_check_at_idx ON payouts (check_at) WHERE check_at IS NOT NULL",
    """
    CREATE INDEX payouts_unfinished_idx ON payouts (state, id)
        WHERE state IN ('requested', 'held', 'sending', 'unknown', 'in_transit')
    """,
    "CREATE INDEX payouts_provider_payout_id_idx ON payouts (provider, provider_payout_id)",
    """
    CREATE TABLE payout_stops (
        id UUID NOT NULL,
        switch TEXT NOT NULL,
        reason TEXT NOT NULL,
        stopped_by UUID,
        stopped_at TIMESTAMP WITH TIME ZONE NOT NULL,
        resumed_by UUID,
        resumed_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT payout_stops_pkey PRIMARY KEY (id),
        CONSTRAINT payout_stops_switch_check CHECK (switch = 'payouts')
    )
    """,
    "CREATE UNIQUE INDEX payout_stops_in_force_key ON payout_stops (switch) WHERE resumed_at IS NULL",
    """
    CREATE TABLE payout_schedules (
        seller_id UUID NOT NULL,
        interval TEXT NOT NULL,
        weekday SMALLINT,
        day SMALLINT,
        minimums JSONB NOT NULL,
        next_at TIMESTAMP WITH TIME ZONE,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT payout_schedules_pkey PRIMARY KEY (seller_id),
        CONSTRAINT payout_schedules_interval_check CHECK (interval IN ('manual', 'daily', 'weekly', 'monthly')),
        CONSTRAINT payout_schedules_weekday_is_given_check CHECK ((interval = 'weekly') = (weekday IS NOT NULL)),
        CONSTRAINT payout_schedules_weekday_check CHECK (weekday BETWEEN 1 AND 7),
        CONSTRAINT payout_schedules_day_is_given_check CHECK ((interval = 'monthly') = (day IS NOT NULL)),
        CONSTRAINT payout_schedules_day_check CHECK (day BETWEEN 1 AND 31),
        CONSTRAINT payout_schedules_seller_id_fkey FOREIGN KEY(seller_id) REFERENCES users (id)
    )
    """,
    "CREATE INDEX payout_schedules_next_at_idx ON payout_schedules (next_at) WHERE next_at IS NOT NULL",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for table in ("payout_schedules", "payout_stops", "payouts"):
        op.execute(f"DROP TABLE {table}")
