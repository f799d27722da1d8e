"""payments: payments, the calls that made them, refunds, disputes, holds."""

from alembic import op

revision = "0009_payments"
down_revision = "0008_inbound"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE payments (
        id UUID NOT NULL,
        buyer_id UUID NOT NULL,
        seller_id UUID,
        price_id UUID NOT NULL,
        quantity INTEGER NOT NULL,
        description TEXT NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        provider_customer TEXT,
        provider_payment_id TEXT,
        provider_charge_id TEXT,
        capture_method TEXT NOT NULL,
        state TEXT NOT NULL,
        currency TEXT NOT NULL,
        unit_amount BIGINT NOT NULL,
        amount BIGINT NOT NULL,
        seller_amount BIGINT NOT NULL,
        fee_amount BIGINT NOT NULL,
        tax_amount BIGINT NOT NULL,
        fee_basis_points INTEGER NOT NULL,
        captured_amount BIGINT DEFAULT 0 NOT NULL,
        refunding_amount BIGINT DEFAULT 0 NOT NULL,
        refunded_amount BIGINT DEFAULT 0 NOT NULL,
        seller_left BIGINT DEFAULT 0 NOT NULL,
        fee_left BIGINT DEFAULT 0 NOT NULL,
        tax_left BIGINT DEFAULT 0 NOT NULL,
        decline_code TEXT,
        alarm TEXT,
        revision BIGINT DEFAULT 0 NOT NULL,
        looked_at TIMESTAMP WITH TIME ZONE,
        check_at TIMESTAMP WITH TIME ZONE,
        checks INTEGER DEFAULT 0 NOT NULL,
        authorized_until TIMESTAMP WITH TIME ZONE,
        captured_at TIMESTAMP WITH TIME ZONE,
        metadata JSONB DEFAULT '{}'::jsonb NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT payments_pkey PRIMARY KEY (id),
        CONSTRAINT payments_shares_check CHECK (seller_amount + fee_amount + tax_amount = amount),
        CONSTRAINT payments_captured_check CHECK (captured_amount BETWEEN 0 AND amount),
        CONSTRAINT payments_refunded_check CHECK (
            refunding_amount >= 0 AND refunded_amount >= 0
            AND refunding_amount + refunded_amount <= captured_amount
        ),
        CONSTRAINT payments_left_check CHECK (seller_left >= 0 AND fee_left >= 0 AND tax_left >= 0),
        CONSTRAINT payments_amount_check CHECK (amount > 0 AND quantity BETWEEN 1 AND 999),
        CONSTRAINT payments_state_check CHECK (
            state IN ('created', 'requires_action', 'processing', 'authorized', 'captured', 'unknown', 'failed',
            'canceled')
        ),
        CONSTRAINT payments_buyer_id_fkey FOREIGN KEY(buyer_id) REFERENCES users (id),
        CONSTRAINT payments_seller_id_fkey FOREIGN KEY(seller_id) REFERENCES users (id)
    )
    """,
    """
    CREATE INDEX payments_buyer_id_id_idx ON payments (buyer_id, id)
    """,
    """
    CREATE INDEX payments_check_at_idx ON payments (check_at) WHERE check_at IS NOT NULL
    """,
    """
    CREATE INDEX payments_provider_charge_id_idx ON payments (provider_charge_id)
    """,
    """
    CREATE UNIQUE INDEX payments_provider_payment_key ON payments (provider, provider_account, provider_payment_id)
    """,
    """
    CREATE INDEX payments_seller_id_id_idx ON payments (seller_id, id)
    """,
    """
    CREATE TABLE provider_calls (
        id UUID NOT NULL,
        provider TEXT NOT NULL,
        operation TEXT NOT NULL,
        subject_id UUID NOT NULL,
        attempt INTEGER NOT NULL,
        key TEXT NOT NULL,
        request_sha256 BYTEA NOT NULL,
        amount BIGINT,
        currency TEXT,
        state TEXT NOT NULL,
        provider_object TEXT,
        error_code TEXT,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        finished_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT provider_calls_pkey PRIMARY KEY (id),
        CONSTRAINT provider_calls_state_check CHECK (state IN ('started', 'succeeded', 'refused', 'unknown'))
    )
    """,
    """
    CREATE UNIQUE INDEX provider_calls_attempt_key ON provider_calls (operation, subject_id, attempt)
    """,
    """
    CREATE UNIQUE INDEX provider_calls_key_key ON provider_calls (key)
    """,
    """
    CREATE UNIQUE INDEX provider_calls_open_key ON provider_calls
        (operation, subject_id) WHERE state IN ('started', 'unknown')
    """,
    """
    CREATE TABLE provider_customers (
        user_id UUID NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        customer TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT provider_customers_pkey PRIMARY KEY (user_id, provider, provider_account),
        CONSTRAINT provider_customers_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id)
    )
    """,
    """
    CREATE TABLE holds (
        id UUID NOT NULL,
        payment_id UUID NOT NULL,
        seller_id UUID NOT NULL,
        kind TEXT NOT NULL,
        currency TEXT NOT NULL,
        amount BIGINT NOT NULL,
        remaining BIGINT NOT NULL,
        release_at TIMESTAMP WITH TIME ZONE,
        released_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT holds_pkey PRIMARY KEY (id),
        CONSTRAINT holds_remaining_check CHECK (remaining BETWEEN 0 AND amount),
        CONSTRAINT holds_kind_check CHECK (kind IN ('pending', 'reserve')),
        CONSTRAINT holds_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payments (id)
    )
    """,
    """
    CREATE INDEX holds_due_idx ON holds (release_at) WHERE released_at IS NULL
    """,
    """
    CREATE UNIQUE INDEX holds_payment_id_kind_key ON holds (payment_id, kind)
    """,
    """
    CREATE TABLE refunds (
        id UUID NOT NULL,
        payment_id UUID NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        provider_refund_id TEXT,
        state TEXT NOT NULL,
        currency TEXT NOT NULL,
        amount BIGINT NOT NULL,
        seller_part BIGINT DEFAULT 0 NOT NULL,
        fee_part BIGINT DEFAULT 0 NOT NULL,
        tax_part BIGINT DEFAULT 0 NOT NULL,
        from_pending BIGINT DEFAULT 0 NOT NULL,
        is_booked BOOLEAN DEFAULT false NOT NULL,
        reason TEXT,
        failure_code TEXT,
        asked_by UUID,
        revision BIGINT DEFAULT 0 NOT NULL,
        check_at TIMESTAMP WITH TIME ZONE,
        checks INTEGER DEFAULT 0 NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT refunds_pkey PRIMARY KEY (id),
        CONSTRAINT refunds_amount_check CHECK (amount > 0),
        CONSTRAINT refunds_state_check CHECK (state IN ('created', 'pending', 'succeeded', 'failed', 'unknown')),
        CONSTRAINT refunds_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payments (id)
    )
    """,
    """
    CREATE INDEX refunds_check_at_idx ON refunds (check_at) WHERE check_at IS NOT NULL
    """,
    """
    CREATE INDEX refunds_payment_id_idx ON refunds (payment_id)
    """,
    """
    CREATE UNIQUE INDEX refunds_provider_refund_key ON refunds (provider, provider_account, provider_refund_id)
    """,
    """
    CREATE TABLE disputes (
        id UUID NOT NULL,
        payment_id UUID NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        provider_dispute_id TEXT NOT NULL,
        state TEXT NOT NULL,
        money TEXT NOT NULL,
        reason TEXT NOT NULL,
        currency TEXT NOT NULL,
        amount BIGINT NOT NULL,
        seller_part BIGINT DEFAULT 0 NOT NULL,
        fee_part BIGINT DEFAULT 0 NOT NULL,
        tax_part BIGINT DEFAULT 0 NOT NULL,
        from_pending BIGINT DEFAULT 0 NOT NULL,
        evidence_due_at TIMESTAMP WITH TIME ZONE,
        revision BIGINT DEFAULT 0 NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT disputes_pkey PRIMARY KEY (id),
        CONSTRAINT disputes_amount_check CHECK (amount > 0),
        CONSTRAINT disputes_state_check CHECK (state IN ('needs_response', 'under_review', 'won', 'lost', 'closed')),
        CONSTRAINT disputes_money_check CHECK (money IN ('untouched', 'withdrawn', 'reinstated', 'lost')),
        CONSTRAINT disputes_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payments (id)
    )
    """,
    """
    CREATE INDEX disputes_payment_id_idx ON disputes (payment_id)
    """,
    """
    CREATE UNIQUE INDEX disputes_provider_dispute_key ON disputes (provider, provider_account, provider_dispute_id)
    """,
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for table in ("disputes", "refunds", "holds", "provider_customers", "provider_calls", "payments"):
        op.execute(f"DROP TABLE {table}")
