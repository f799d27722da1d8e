"""catalog: how long something digital that is bought once may be used."""

from alembic import op

revision = "0020_catalog_access"
down_revision = "0019_payouts"
branch_labels = None
depends_on = None

_GUARD = """
CREATE OR REPLACE FUNCTION prices_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.used_at IS NULL THEN
            RETURN OLD;
        END IF;
    ELSIF OLD.used_at IS NULL
       OR (NEW.id, NEW.product_id, NEW.currency, NEW.unit_amount, NEW.type, NEW."interval", NEW.interval_count,
           NEW.trial_days, {new} NEW.plan_group_id, NEW.used_at, NEW.created_at)
           IS NOT DISTINCT FROM
          (OLD.id, OLD.product_id, OLD.currency, OLD.unit_amount, OLD.type, OLD."interval", OLD.interval_count,
           OLD.trial_days, {old} OLD.plan_group_id, OLD.used_at, OLD.created_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'price % was used and does not change', OLD.id USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    op.execute("ALTER TABLE prices ADD COLUMN access_days integer")
    op.execute(
        "ALTER TABLE prices ADD CONSTRAINT prices_access_days_check"
        " CHECK (access_days >= 1 AND access_days <= 3650) NOT VALID"
    )
    op.execute(
        "ALTER TABLE prices ADD CONSTRAINT prices_access_terms_check"
        " CHECK (type = 'one_time' OR access_days IS NULL) NOT VALID"
    )
    # Every row fulfils this, and nothing reads the column yet: validated at once.
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\nALTER TABLE prices VALIDATE CONSTRAINT prices_access_days_check"
    )
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "ALTER TABLE prices VALIDATE CONSTRAINT prices_access_terms_check"
    )
    # What a used price grants stays as it was, as all else about it.
    op.execute(_GUARD.format(new="NEW.access_days,", old="OLD.access_days,"))


def downgrade() -> None:
    op.execute(_GUARD.format(new="", old=""))
    op.execute("ALTER TABLE prices DROP COLUMN access_days")
