"""jobs: Procrastinate's own schema, and the receipts by which a transaction's job happens once."""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

revision = "0002_jobs"
down_revision = "0001_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The schema of the version in the lock file. A newer Procrastinate brings SQL of its own: a new migration here
    # (tests/platform/jobs hold the version that this one was written for).
    # Colons are escaped, because its functions are no place for bind parameters.
    op.execute(text(SchemaManager.get_schema().replace(":", r"\:")))
    op.execute(
        """
        CREATE TABLE job_receipts (
            job_id bigint NOT NULL,
            done_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT job_receipts_pkey PRIMARY KEY (job_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE cron_ticks (
            name text NOT NULL,
            due_at timestamptz NOT NULL,
            taken_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT cron_ticks_pkey PRIMARY KEY (name, due_at)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE cron_ticks")
    op.execute("DROP TABLE job_receipts")
    op.execute(
        """
        DO $$
        DECLARE name text;
        BEGIN
            FOR name IN SELECT tablename FROM pg_tables
                WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate\\_%'
            LOOP EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', name); END LOOP;
            FOR name IN SELECT p.oid::regprocedure::text FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = current_schema() AND p.proname LIKE 'procrastinate\\_%'
            LOOP EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', name); END LOOP;
            FOR name IN SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                WHERE n.nspname = current_schema() AND t.typname LIKE 'procrastinate\\_%' AND t.typtype IN ('e', 'c')
            LOOP EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', name); END LOOP;
        END $$
        """
    )
