"""A biller behind a deadline, a circuit breaker and metrics: what the rest of the service holds."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from cleanly.platform.providers.billing import (
    Biller,
    ChangePreview,
    NewSubscription,
    Skill,
    SubscriptionSnapshot,
    Terms,
)
from cleanly.platform.providers.breaker import Guard, Limits


class GuardedBiller:
    """Any biller, guarded; its breaker is its own, for a vendor's billing may be down alone."""

    def __init__(self, biller: Biller, *, monotonic: Callable[[], float], limits: Limits | None = None) -> None:
        self._biller = biller
        self._guard = Guard(biller.name, limits=limits or Limits(), monotonic=monotonic)
        self.breaker = self._guard.breaker

    @property
    def name(self) -> str:
        """The biller's."""
        return self._biller.name

    @property
    def account(self) -> str:
        """The biller's."""
        return self._biller.account

    @property
    def skills(self) -> frozenset[Skill]:
        """The biller's."""
        return self._biller.skills

    async def create_subscription(self, new: NewSubscription, *, key: str) -> SubscriptionSnapshot:
        """See `Biller`."""
        return await self._guard.call("create_subscription", lambda: self._biller.create_subscription(new, key=key))

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """See `Biller`."""
        return await self._guard.call(
            "client_parameters", lambda: self._biller.client_parameters(reference, customer=customer)
        )

    async def get_subscription(self, reference: str) -> SubscriptionSnapshot:
        """See `Biller`."""
        return await self._guard.call("get_subscription", lambda: self._biller.get_subscription(reference))

    async def find_subscription(self, our_id: UUID) -> SubscriptionSnapshot | None:
        """See `Biller`."""
        return await self._guard.call("find_subscription", lambda: self._biller.find_subscription(our_id))

    async def preview_change(self, reference: str, terms: Terms, *, at: datetime) -> ChangePreview:
        """See `Biller`."""
        return await self._guard.call("preview_change", lambda: self._biller.preview_change(reference, terms, at=at))

    async def change_subscription(
        self, reference: str, terms: Terms, *, change_id: UUID, at: datetime | None, key: str
    ) -> SubscriptionSnapshot:
        """See `Biller`."""
        return await self._guard.call(
            "change_subscription",
            lambda: self._biller.change_subscription(reference, terms, change_id=change_id, at=at, key=key),
        )

    async def cancel_subscription(self, reference: str, *, at_period_end: bool, key: str) -> SubscriptionSnapshot:
        """See `Biller`."""
        return await self._guard.call(
            "cancel_subscription",
            lambda: self._biller.cancel_subscription(reference, at_period_end=at_period_end, key=key),
        )

    async def pause_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """See `Biller`."""
        return await self._guard.call("pause_subscription", lambda: self._biller.pause_subscription(reference, key=key))

    async def resume_subscription(self, reference: str, *, key: str) -> SubscriptionSnapshot:
        """See `Biller`."""
        return await self._guard.call(
            "resume_subscription", lambda: self._biller.resume_subscription(reference, key=key)
        )
