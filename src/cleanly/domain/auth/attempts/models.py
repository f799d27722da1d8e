"""Failed logins in a row, by account. Kept for unknown e-mails too, so that nothing tells which exist."""

from datetime import datetime

from sqlalchemy import DateTime, Index, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base


class LoginFailuresRow(Base):
    """`account` is a hash of the e-mail: the table names nobody."""

    __tablename__ = "login_failures"
    __table_args__ = (Index("login_failures_updated_at_idx", "updated_at"),)

    account: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    blocked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
