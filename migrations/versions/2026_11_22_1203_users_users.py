"""users: who has an account."""

from alembic import op

revision = "0004_users"
down_revision = "0003_idempotency"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE users (
            id uuid NOT NULL,
            email varchar(320),
            password_hash varchar(512),
            name varchar(200),
            avatar_url varchar(2048),
            role text NOT NULL DEFAULT 'user',
            google_subject varchar(255),
            email_verified_at timestamptz,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            deleted_at timestamptz,
            CONSTRAINT users_pkey PRIMARY KEY (id),
            CONSTRAINT users_role_check CHECK (role IN ('user', 'admin')),
            CONSTRAINT users_erased_check CHECK (
                (deleted_at IS NULL AND email IS NOT NULL)
                OR (deleted_at IS NOT NULL AND email IS NULL AND password_hash IS NULL AND name IS NULL
                    AND avatar_url IS NULL AND google_subject IS NULL)
            )
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX idx_users_email ON users (email)")
    op.execute("CREATE UNIQUE INDEX users_google_subject_key ON users (google_subject)")


def downgrade() -> None:
    op.execute("DROP TABLE users")
