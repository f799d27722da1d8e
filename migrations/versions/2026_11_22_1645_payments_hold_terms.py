"""payments: when the provider makes held money available, and what is agreed with a seller on holds."""

from alembic import op

revision = "0016_payments_hold_terms"
down_revision = "0015_reconciliation_reports"
branch_labels = None
depends_on = None

# The indexes hold open holds only, a few days of captures: building them makes a capture wait for a second at most.
_UP = (
    "ALTER TABLE holds ADD COLUMN available_on TIMESTAMP WITH TIME ZONE",
    """
    -- squawk-ignore require-concurrent-index-creation
    CREATE INDEX holds_known_idx ON holds (release_at, id) WHERE released_at IS NULL AND available_on IS NOT NULL
    """,
    """
    -- squawk-ignore require-concurrent-index-creation
    CREATE INDEX holds_unknown_idx ON holds (release_at, id) WHERE released_at IS NULL AND available_on IS NULL
    """,
    """
    -- squawk-ignore require-concurrent-index-creation
    CREATE INDEX holds_reserve_idx ON holds (seller_id, currency, release_at, id)
        WHERE kind = 'reserve' AND released_at IS NULL
    """,
    """
    -- squawk-ignore require-concurrent-index-deletion
    DROP INDEX holds_due_idx
    """,
    """
    CREATE TABLE hold_terms (
        seller_id UUID NOT NULL,
        hold_days INTEGER,
        reserve_basis_points INTEGER,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT hold_terms_pkey PRIMARY KEY (seller_id),
        CONSTRAINT hold_terms_hold_days_check CHECK (hold_days BETWEEN 0 AND 90),
        CONSTRAINT hold_terms_reserve_basis_points_check CHECK (reserve_basis_points BETWEEN 0 AND 10000),
        CONSTRAINT hold_terms_seller_id_fkey FOREIGN KEY(seller_id) REFERENCES users (id)
    )
    """,
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE hold_terms")
    op.execute("DROP INDEX holds_known_idx, holds_unknown_idx, holds_reserve_idx")
    op.execute("ALTER TABLE holds DROP COLUMN available_on")
    op.execute("CREATE INDEX holds_due_idx ON holds (release_at) WHERE released_at IS NULL")
