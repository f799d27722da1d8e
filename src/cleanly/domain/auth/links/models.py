"""One-time tokens at rest: their SHA-256, never the token."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base

_MOMENT = DateTime(timezone=True)


class LinkRow(Base):
    """`email` is the address that the link was sent to: after a change of e-mail the link proves nothing."""

    __tablename__ = "auth_links"
    __table_args__ = (
        Index("auth_links_user_id_idx", "user_id"),
        Index("auth_links_expires_at_idx", "expires_at"),
        CheckConstraint("purpose IN ('verify_email', 'reset_password')", name="purpose"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    expires_at: Mapped[datetime] = mapped_column(_MOMENT)
    used_at: Mapped[datetime | None] = mapped_column(_MOMENT)
