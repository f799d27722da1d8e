"""auth: sessions (one row per device's login), one-time links, failed logins."""

from alembic import op

revision = "0005_auth"
down_revision = "0004_users"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No indexed column changes at a rotation, so with room on the page the update stays HOT.
    op.execute(
        """
        CREATE TABLE refresh_tokens (
            id uuid NOT NULL,
            user_id uuid NOT NULL,
            token varchar(255) NOT NULL,
            key_id text NOT NULL,
            generation integer NOT NULL,
            epoch integer NOT NULL,
            min_epoch integer NOT NULL,
            confirmed_epoch integer NOT NULL,
            grace_answers integer NOT NULL DEFAULT 0,
            rotated_at timestamptz[] NOT NULL DEFAULT '{}',
            last_used_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            absolute_expires_at timestamptz NOT NULL,
            revoked_at timestamptz,
            revoke_reason text,
            user_agent varchar(400),
            address text,
            address_bucket text,
            device_name varchar(120),
            replaces uuid,
            CONSTRAINT refresh_tokens_pkey PRIMARY KEY (id),
            CONSTRAINT refresh_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
            CONSTRAINT refresh_tokens_epochs_check CHECK (min_epoch <= epoch AND confirmed_epoch <= epoch),
            CONSTRAINT refresh_tokens_revoked_check CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
        ) WITH (fillfactor = 70)
        """
    )
    op.execute("CREATE UNIQUE INDEX idx_refresh_tokens_token ON refresh_tokens (token)")
    op.execute("CREATE INDEX idx_refresh_tokens_user_id ON refresh_tokens (user_id)")
    op.execute("CREATE INDEX refresh_tokens_absolute_expires_at_idx ON refresh_tokens (absolute_expires_at)")
    op.execute(
        """
        CREATE TABLE auth_links (
            token_hash bytea NOT NULL,
            user_id uuid NOT NULL,
            purpose text NOT NULL,
            email varchar(320) NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at timestamptz,
            CONSTRAINT auth_links_pkey PRIMARY KEY (token_hash),
            CONSTRAINT auth_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
            CONSTRAINT auth_links_purpose_check CHECK (purpose IN ('verify_email', 'reset_password'))
        )
        """
    )
    op.execute("CREATE INDEX auth_links_user_id_idx ON auth_links (user_id)")
    op.execute("CREATE INDEX auth_links_expires_at_idx ON auth_links (expires_at)")
    op.execute(
        """
        CREATE TABLE login_failures (
            account bytea NOT NULL,
            failures integer NOT NULL,
            blocked_until timestamptz,
            updated_at timestamptz NOT NULL,
            CONSTRAINT login_failures_pkey PRIMARY KEY (account)
        )
        """
    )
    op.execute("CREATE INDEX login_failures_updated_at_idx ON login_failures (updated_at)")


def downgrade() -> None:
    op.execute("DROP TABLE login_failures")
    op.execute("DROP TABLE auth_links")
    op.execute("DROP TABLE refresh_tokens")
