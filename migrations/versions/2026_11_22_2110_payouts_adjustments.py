"""payouts: balances that administrators put right."""

from alembic import op

revision = "0024_payouts_adjustments"
down_revision = "0022_payments_play_purchases"
branch_labels = None
depends_on = None

# A new table: its indexes are built on nothing.
_UP = (
    """
    CREATE TABLE balance_adjustments (
        id UUID NOT NULL,
        seller_id UUID NOT NULL,
        kind TEXT NOT NULL,
        currency TEXT NOT NULL,
        amount BIGINT NOT NULL,
        reason TEXT NOT NULL,
        description TEXT,
        state TEXT NOT NULL,
        needs_second BOOLEAN NOT NULL,
        asked_by UUID NOT NULL,
        decided_by UUID,
        decided_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT balance_adjustments_pkey PRIMARY KEY (id),
        CONSTRAINT balance_adjustments_kind_check CHECK (kind IN ('credit', 'debit', 'write_off')),
        CONSTRAINT balance_adjustments_amount_check CHECK (amount > 0),
        CONSTRAINT balance_adjustments_state_check CHECK (state IN ('pending', 'posted', 'refused')),
        CONSTRAINT balance_adjustments_decided_check CHECK ((state = 'pending') = (decided_at IS NULL)),
        CONSTRAINT balance_adjustments_four_eyes_check CHECK (
            state <> 'posted' OR NOT needs_second OR decided_by <> asked_by
        ),
        CONSTRAINT balance_adjustments_second_is_known_check CHECK (
            state <> 'posted' OR NOT needs_second OR decided_by IS NOT NULL
        ),
        CONSTRAINT balance_adjustments_seller_id_fkey FOREIGN KEY(seller_id) REFERENCES users (id)
    )
    """,
    "CREATE INDEX balance_adjustments_pending_idx ON balance_adjustments (id) WHERE state = 'pending'",
    "CREATE INDEX balance_adjustments_seller_id_idx ON balance_adjustments (seller_id, id)",
    "CREATE INDEX balance_adjustments_asked_by_idx ON balance_adjustments (asked_by, created_at)",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE balance_adjustments")
