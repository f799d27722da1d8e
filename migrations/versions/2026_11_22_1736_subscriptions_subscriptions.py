"""subscriptions: subscriptions, the periods that were paid, what was asked of them, what they entitle to."""

from alembic import op

revision = "0018_subscriptions"
down_revision = "0017_payouts_accounts"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE subscriptions (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        seller_id UUID,
        plan_group_id UUID NOT NULL,
        price_id UUID NOT NULL,
        product_id UUID NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        provider_customer TEXT,
        provider_subscription_id TEXT,
        purchase_token_sha256 BYTEA,
        state TEXT NOT NULL,
        trial_days INTEGER,
        period_start TIMESTAMP WITH TIME ZONE,
        period_end TIMESTAMP WITH TIME ZONE,
        paid_until TIMESTAMP WITH TIME ZONE,
        trial_end TIMESTAMP WITH TIME ZONE,
        cancel_at_period_end BOOLEAN DEFAULT false NOT NULL,
        pending_price_id UUID,
        grace_until TIMESTAMP WITH TIME ZONE,
        resumes_at TIMESTAMP WITH TIME ZONE,
        ended_at TIMESTAMP WITH TIME ZONE,
        decline_code TEXT,
        alarm TEXT,
        reminders INTEGER DEFAULT 0 NOT NULL,
        must_acknowledge BOOLEAN DEFAULT false NOT NULL,
        revision BIGINT DEFAULT 0 NOT NULL,
        looked_at TIMESTAMP WITH TIME ZONE,
        check_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT subscriptions_pkey PRIMARY KEY (id),
        CONSTRAINT subscriptions_state_check CHECK (
            state IN ('incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled', 'expired')
        ),
        CONSTRAINT subscriptions_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id),
        CONSTRAINT subscriptions_seller_id_fkey FOREIGN KEY(seller_id) REFERENCES users (id)
    )
    """,
    """
    CREATE INDEX subscriptions_check_at_idx ON subscriptions (check_at) WHERE check_at IS NOT NULL
    """,
    """
    CREATE UNIQUE INDEX subscriptions_live_key ON subscriptions
        (user_id, plan_group_id) WHERE state IN ('incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused')
    """,
    """
    CREATE UNIQUE INDEX subscriptions_provider_subscription_key ON subscriptions
        (provider, provider_account, provider_subscription_id)
    """,
    """
    CREATE UNIQUE INDEX subscriptions_purchase_token_key ON subscriptions (purchase_token_sha256)
    """,
    """
    CREATE INDEX subscriptions_seller_id_idx ON subscriptions (seller_id)
    """,
    """
    CREATE INDEX subscriptions_user_id_id_idx ON subscriptions (user_id, id)
    """,
    """
    CREATE TABLE subscription_periods (
        id UUID NOT NULL,
        subscription_id UUID NOT NULL,
        kind TEXT NOT NULL,
        price_id UUID NOT NULL,
        period_start TIMESTAMP WITH TIME ZONE NOT NULL,
        period_end TIMESTAMP WITH TIME ZONE NOT NULL,
        currency TEXT NOT NULL,
        amount BIGINT NOT NULL,
        payment_id UUID,
        given_back_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT subscription_periods_pkey PRIMARY KEY (id),
        CONSTRAINT subscription_periods_subscription_id_period_start_kind_key
            UNIQUE (subscription_id, period_start, kind),
        CONSTRAINT subscription_periods_subscription_id_fkey FOREIGN KEY(subscription_id)
            REFERENCES subscriptions (id)
    )
    """,
    """
    CREATE INDEX subscription_periods_payment_id_idx ON subscription_periods (payment_id)
    """,
    """
    CREATE TABLE subscription_changes (
        id UUID NOT NULL,
        subscription_id UUID NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        from_price_id UUID,
        to_price_id UUID,
        currency TEXT,
        amount BIGINT,
        effective_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        done_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT subscription_changes_pkey PRIMARY KEY (id),
        CONSTRAINT subscription_changes_kind_check CHECK (
            kind IN ('price', 'cancel', 'cancel_at_period_end', 'pause', 'resume')
        ),
        CONSTRAINT subscription_changes_state_check CHECK (state IN ('open', 'done', 'refused')),
        CONSTRAINT subscription_changes_subscription_id_fkey FOREIGN KEY(subscription_id)
            REFERENCES subscriptions (id)
    )
    """,
    """
    CREATE UNIQUE INDEX subscription_changes_open_key ON subscription_changes (subscription_id) WHERE state = 'open'
    """,
    """
    CREATE INDEX subscription_changes_subscription_id_idx ON subscription_changes (subscription_id)
    """,
    """
    CREATE TABLE entitlements (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        feature TEXT NOT NULL,
        source_id UUID NOT NULL,
        starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
        ends_at TIMESTAMP WITH TIME ZONE,
        revoked_at TIMESTAMP WITH TIME ZONE,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT entitlements_pkey PRIMARY KEY (id),
        CONSTRAINT entitlements_user_id_feature_source_id_key UNIQUE (user_id, feature, source_id),
        CONSTRAINT entitlements_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id)
    )
    """,
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for table in ("entitlements", "subscription_changes", "subscription_periods", "subscriptions"):
        op.execute(f"DROP TABLE {table}")
