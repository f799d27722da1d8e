"""The knobs of subscriptions."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from cleanly.kernel.settings import Group


class SubscriptionSettings(Group):
    """`subscription_grace_days`: how long a subscription lasts on while its renewal fails; then it is unpaid.

    `subscription_preview_seconds`: how long the price of a change that was shown may be accepted.
    """

    subscription_grace_days: Annotated[int, Field(ge=0, le=60)] = 7
    subscription_preview_seconds: Annotated[int, Field(ge=30, le=3600)] = 600

    @property
    def grace(self) -> timedelta:
        """The grace as a length of time."""
        return timedelta(days=self.subscription_grace_days)
