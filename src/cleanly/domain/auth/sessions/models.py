"""The sessions table: one row per device's login, under the name that clients of the first schema know."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base
from cleanly.kernel.ids import new_id

_MOMENT = DateTime(timezone=True)


class SessionRow(Base):
    """A family of refresh tokens. `token` is the SHA-256 of its selector: nothing here lets its reader log in.

    `replaces`: the session that this one takes over once its first access token is seen (a changed password).
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("idx_refresh_tokens_token", "token", unique=True),
        Index("idx_refresh_tokens_user_id", "user_id"),
        Index("refresh_tokens_absolute_expires_at_idx", "absolute_expires_at"),
        CheckConstraint("min_epoch <= epoch AND confirmed_epoch <= epoch", name="epochs"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="revoked"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token: Mapped[str] = mapped_column(String(255))
    key_id: Mapped[str] = mapped_column(Text)
    generation: Mapped[int] = mapped_column(Integer)
    epoch: Mapped[int] = mapped_column(Integer)
    min_epoch: Mapped[int] = mapped_column(Integer)
    confirmed_epoch: Mapped[int] = mapped_column(Integer)
    grace_answers: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    rotated_at: Mapped[list[datetime]] = mapped_column(ARRAY(_MOMENT), server_default=text("'{}'"))
    last_used_at: Mapped[datetime] = mapped_column(_MOMENT)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    expires_at: Mapped[datetime] = mapped_column(_MOMENT)
    absolute_expires_at: Mapped[datetime] = mapped_column(_MOMENT)
    revoked_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    revoke_reason: Mapped[str | None] = mapped_column(Text)
    replaces: Mapped[UUID | None]
    user_agent: Mapped[str | None] = mapped_column(String(400))
    address: Mapped[str | None] = mapped_column(Text)
    address_bucket: Mapped[str | None] = mapped_column(Text)
    device_name: Mapped[str | None] = mapped_column(String(120))
