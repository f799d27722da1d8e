"""audit: the append-only record of who did what."""

from alembic import op

revision = "0001_audit"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE audit_events (
            id uuid NOT NULL,
            at timestamptz NOT NULL,
            actor_id uuid,
            action text NOT NULL,
            target_id uuid,
            address text,
            request_id text,
            details jsonb NOT NULL DEFAULT '{}'::jsonb,
            CONSTRAINT audit_events_pkey PRIMARY KEY (id)
        )
        """
    )
    op.execute("CREATE INDEX audit_events_target_id_id_idx ON audit_events (target_id, id)")
    op.execute("CREATE INDEX audit_events_actor_id_id_idx ON audit_events (actor_id, id)")
    # Append-only: nothing rewrites history, except that an erased person's address is blanked.
    op.execute(
        """
        CREATE FUNCTION audit_events_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE'
               AND (NEW.id, NEW.at, NEW.action, NEW.actor_id, NEW.target_id, NEW.request_id)
                   IS NOT DISTINCT FROM (OLD.id, OLD.at, OLD.action, OLD.actor_id, OLD.target_id, OLD.request_id)
               AND NEW.address IS NULL AND NEW.details = '{}'::jsonb THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_events_guard BEFORE UPDATE OR DELETE ON audit_events"
        " FOR EACH ROW EXECUTE FUNCTION audit_events_guard()"
    )


def downgrade() -> None:
    op.execute("DROP TABLE audit_events")
    op.execute("DROP FUNCTION audit_events_guard()")
