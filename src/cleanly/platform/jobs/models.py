"""The one table of ours beside Procrastinate's own."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, func
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base


class JobReceipt(Base):
    """Committed with a TxJob's work: that job is done, whatever its row in the queue says."""

    __tablename__ = "job_receipts"

    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    done_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
