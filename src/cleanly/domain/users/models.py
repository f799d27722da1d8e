"""The users table. An erased user keeps the row's id, so that money records stay whole."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id


class UserRow(Base):
    """A person. `email` is NFC-normalised and lower-case; `password_hash` is absent for a Google-only account."""

    __tablename__ = "users"
    __table_args__ = (
        Index("idx_users_email", "email", unique=True),
        Index("users_google_subject_key", "google_subject", unique=True),
        CheckConstraint("role IN ('user', 'admin')", name="role"),
        CheckConstraint(
            "(deleted_at IS NULL AND email IS NOT NULL) OR (deleted_at IS NOT NULL AND email IS NULL"
            " AND password_hash IS NULL AND name IS NULL AND avatar_url IS NULL AND google_subject IS NULL)",
            name="erased",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str | None] = mapped_column(String(320))
    password_hash: Mapped[str | None] = mapped_column(String(512))
    name: Mapped[str | None] = mapped_column(String(200))
    avatar_url: Mapped[str | None] = mapped_column(String(2048))
    role: Mapped[str] = mapped_column(Text, server_default=text("'user'"))
    google_subject: Mapped[str | None] = mapped_column(String(255))
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
