"""entitlements: whether it is a subscription or a purchase that entitles."""

from alembic import op

revision = "0021_entitlements_sources"
down_revision = "0020_catalog_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE entitlements ADD COLUMN source text NOT NULL DEFAULT 'subscription'")
    op.execute(
        "ALTER TABLE entitlements ADD CONSTRAINT entitlements_source_check"
        " CHECK (source IN ('subscription', 'payment')) NOT VALID"
    )
    # Every row fulfils this, and nothing reads the column yet: validated at once.
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "ALTER TABLE entitlements VALIDATE CONSTRAINT entitlements_source_check"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE entitlements DROP COLUMN source")
