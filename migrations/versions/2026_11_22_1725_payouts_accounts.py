"""payouts: sellers' accounts at the providers."""

from alembic import op

revision = "0017_payouts_accounts"
down_revision = "0016_payments_hold_terms"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE payout_accounts (
        id UUID NOT NULL,
        seller_id UUID NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        reference TEXT,
        country TEXT NOT NULL,
        email TEXT,
        payee TEXT,
        state TEXT NOT NULL,
        charges_enabled BOOLEAN DEFAULT false NOT NULL,
        payouts_enabled BOOLEAN DEFAULT false NOT NULL,
        requirements TEXT[] DEFAULT '{}'::text[] NOT NULL,
        disabled_reason TEXT,
        destination_last4 TEXT,
        destination_fingerprint TEXT,
        destination_changed_at TIMESTAMP WITH TIME ZONE,
        is_default BOOLEAN NOT NULL,
        revision BIGINT DEFAULT 0 NOT NULL,
        looked_at TIMESTAMP WITH TIME ZONE,
        enabled_at TIMESTAMP WITH TIME ZONE,
        verified_at TIMESTAMP WITH TIME ZONE,
        ended_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT payout_accounts_pkey PRIMARY KEY (id),
        CONSTRAINT payout_accounts_state_check CHECK (state IN ('pending', 'enabled', 'restricted', 'disabled')),
        CONSTRAINT payout_accounts_enabled_check
            CHECK (state <> 'enabled' OR (payouts_enabled AND reference IS NOT NULL)),
        CONSTRAINT payout_accounts_seller_id_fkey FOREIGN KEY(seller_id) REFERENCES users (id)
    )
    """,
    "CREATE UNIQUE INDEX payout_accounts_live_key ON payout_accounts (seller_id, provider) WHERE ended_at IS NULL",
    """
    CREATE UNIQUE INDEX payout_accounts_default_key ON payout_accounts (seller_id)
        WHERE is_default AND ended_at IS NULL
    """,
    "CREATE INDEX payout_accounts_seller_id_idx ON payout_accounts (seller_id)",
    "CREATE INDEX payout_accounts_reference_idx ON payout_accounts (provider, provider_account, reference)",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE payout_accounts")
