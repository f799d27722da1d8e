"""What entitles, and until when. Pure."""

from datetime import datetime, timedelta
from typing import Literal

Source = Literal["subscription", "payment"]


def bought_until(bought_at: datetime, *, access_days: int | None, quantity: int) -> datetime | None:
    """Until when a purchase may be used: so many days of 24 hours for each piece; None: for good."""
    return None if access_days is None else bought_at + timedelta(days=access_days * quantity)
