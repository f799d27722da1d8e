"""What Google Play must still hear of purchases."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from cleanly.kernel.db import Base


class PlayPurchaseRow(Base):
    """Beside its payment, whose `provider_payment_id` is the purchase's token.

    `must_acknowledge`: Google still waits to hear that it was granted, or that what can be bought again is used up.
    """

    __tablename__ = "play_purchases"
    __table_args__ = (
        Index("play_purchases_unacknowledged_idx", "created_at", postgresql_where=text("must_acknowledge")),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    must_acknowledge: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
