"""catalog: products, prices that never change once used, groups of plans, sellers' fees."""

from alembic import op

revision = "0007_catalog"
down_revision = "0006_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE products (
            id uuid NOT NULL,
            seller_id uuid,
            name varchar(200) NOT NULL,
            description varchar(5000) NOT NULL DEFAULT '',
            image_urls text[] NOT NULL DEFAULT '{}',
            kind text NOT NULL,
            status text NOT NULL DEFAULT 'active',
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT products_pkey PRIMARY KEY (id),
            CONSTRAINT products_seller_id_fkey FOREIGN KEY (seller_id) REFERENCES users (id),
            CONSTRAINT products_kind_check CHECK (kind IN ('physical', 'digital', 'service')),
            CONSTRAINT products_status_check CHECK (status IN ('active', 'archived'))
        )
        """
    )
    op.execute("CREATE INDEX products_status_id_idx ON products (status, id)")
    op.execute("CREATE INDEX products_seller_id_status_id_idx ON products (seller_id, status, id)")
    op.execute("CREATE INDEX products_kind_status_id_idx ON products (kind, status, id)")
    op.execute(
        """
        CREATE TABLE plan_groups (
            id uuid NOT NULL,
            seller_id uuid,
            name varchar(100) NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT plan_groups_pkey PRIMARY KEY (id),
            CONSTRAINT plan_groups_seller_id_fkey FOREIGN KEY (seller_id) REFERENCES users (id),
            CONSTRAINT plan_groups_seller_id_name_key UNIQUE NULLS NOT DISTINCT (seller_id, name)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE prices (
            id uuid NOT NULL,
            product_id uuid NOT NULL,
            currency text NOT NULL,
            unit_amount bigint NOT NULL,
            type text NOT NULL,
            interval text,
            interval_count integer,
            trial_days integer,
            plan_group_id uuid,
            is_active boolean NOT NULL DEFAULT true,
            used_at timestamptz,
            created_at timestamptz NOT NULL,
            CONSTRAINT prices_pkey PRIMARY KEY (id),
            CONSTRAINT prices_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id),
            CONSTRAINT prices_plan_group_id_fkey FOREIGN KEY (plan_group_id) REFERENCES plan_groups (id),
            CONSTRAINT prices_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
            CONSTRAINT prices_unit_amount_check CHECK (unit_amount > 0 AND unit_amount <= 1000000000000),
            CONSTRAINT prices_type_check CHECK (type IN ('one_time', 'recurring')),
            CONSTRAINT prices_interval_check CHECK (interval IN ('day', 'week', 'month', 'year')),
            CONSTRAINT prices_interval_count_check CHECK (interval_count >= 1 AND interval_count <= 365),
            CONSTRAINT prices_trial_days_check CHECK (trial_days >= 1 AND trial_days <= 730),
            CONSTRAINT prices_terms_check CHECK (
                (type = 'recurring') = (interval IS NOT NULL)
                AND (type = 'recurring') = (interval_count IS NOT NULL)
                AND (type = 'recurring') = (plan_group_id IS NOT NULL)
                AND (type = 'recurring' OR trial_days IS NULL)
            )
        )
        """
    )
    op.execute("CREATE INDEX prices_product_id_idx ON prices (product_id)")
    op.execute("CREATE INDEX prices_currency_product_id_idx ON prices (currency, product_id)")
    op.execute("CREATE INDEX prices_plan_group_id_idx ON prices (plan_group_id)")
    # A payment points at its price: what that price said must stay readable. Only its offer may end, or begin again.
    op.execute(
        """
        CREATE FUNCTION prices_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.used_at IS NULL THEN
                    RETURN OLD;
                END IF;
            ELSIF OLD.used_at IS NULL
               OR (NEW.id, NEW.product_id, NEW.currency, NEW.unit_amount, NEW.type, NEW."interval", NEW.interval_count,
                   NEW.trial_days, NEW.plan_group_id, NEW.used_at, NEW.created_at)
                   IS NOT DISTINCT FROM
                  (OLD.id, OLD.product_id, OLD.currency, OLD.unit_amount, OLD.type, OLD."interval", OLD.interval_count,
                   OLD.trial_days, OLD.plan_group_id, OLD.used_at, OLD.created_at) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'price % was used and does not change', OLD.id USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER prices_guard BEFORE UPDATE OR DELETE ON prices FOR EACH ROW EXECUTE FUNCTION prices_guard()"
    )
    op.execute(
        """
        CREATE TABLE seller_fees (
            seller_id uuid NOT NULL,
            basis_points integer NOT NULL,
            fixed jsonb NOT NULL DEFAULT '{}'::jsonb,
            updated_at timestamptz NOT NULL,
            CONSTRAINT seller_fees_pkey PRIMARY KEY (seller_id),
            CONSTRAINT seller_fees_seller_id_fkey FOREIGN KEY (seller_id) REFERENCES users (id),
            CONSTRAINT seller_fees_basis_points_check CHECK (basis_points >= 0 AND basis_points <= 10000),
            CONSTRAINT seller_fees_fixed_check CHECK (jsonb_typeof(fixed) = 'object')
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE seller_fees")
    op.execute("DROP TABLE prices")
    op.execute("DROP FUNCTION prices_guard()")
    op.execute("DROP TABLE plan_groups")
    op.execute("DROP TABLE products")
