"""Google Play as a `PlayStore`, by the Play Developer API: purchases of both kinds, voided ones, orders.

Google knows no idempotency keys and answers a second time with a refusal that does not say so. So each change that is
refused is followed by a look: if it is as we wanted it, it was done before, and that is a success.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from cleanly.kernel.clock import Clock
from cleanly.platform.providers.errors import BadSignature, Refused
from cleanly.platform.providers.google_play import faults, notifications, push, snapshots
from cleanly.platform.providers.google_play.client import Client, is_part
from cleanly.platform.providers.google_play.push import Open
from cleanly.platform.providers.google_play.settings import GooglePlaySettings
from cleanly.platform.providers.ownership import AccountIds
from cleanly.platform.providers.protocol import VerifiedEvent
from cleanly.platform.providers.purchases import (
    Order,
    ProductPurchase,
    Purchase,
    SubscriptionPurchase,
    TokenUnknown,
    VoidedListing,
)
from cleanly.platform.providers.reading import Json, reading, within

VOIDED_REACH: Final = timedelta(days=30)
_VOIDED_PAGE: Final = 1000
# A moment less than Google remembers: our clock may be behind.
_REACH_LESS: Final = timedelta(minutes=5)
_GIVEN_BACK: Final = {"refunding", "refunded"}
_OVER: Final = {"canceled", "expired"}


class GooglePlay:
    """One app on Google Play. `close` it."""

    name = notifications.NAME

    def __init__(
        self,
        settings: GooglePlaySettings,
        *,
        client: Client,
        accounts: AccountIds,
        open_token: Open,
        clock: Clock,
        is_live: bool,
    ) -> None:
        """`client` is this adapter's own from here on. `is_live`: whether this process serves real buyers.

        A push does not say whether its purchase is a test; the purchase does.
        """
        self._client = client
        self._accounts = accounts
        self._open_token = open_token
        self._clock = clock
        self._is_live = is_live
        self._audience = settings.google_play_push_audience or ""
        self._email = settings.google_play_push_email or ""
        self.account: str = settings.google_play_package or ""

    def account_id(self, user_id: UUID) -> str:
        """See `PlayStore`."""
        return self._accounts.of(user_id)

    def owns(self, user_id: UUID, account_id: str | None) -> bool:
        """See `PlayStore`."""
        return self._accounts.owns(user_id, account_id)

    async def get_subscription(self, token: str) -> SubscriptionPurchase:
        """See `PlayStore`."""
        found = await self._look("subscriptionsv2", token)
        with reading("a subscription"):
            return snapshots.subscription(found, token=token, now=self._clock.now())

    async def get_product(self, token: str) -> ProductPurchase:
        """See `PlayStore`."""
        found = await self._look("productsv2", token)
        with reading("a purchase"):
            return snapshots.product(found, token=token)

    async def get_order(self, order_id: str) -> Order:
        """See `PlayStore`."""
        found = await self._client.get("orders", order_id)
        with reading("an order"):
            return snapshots.order(found)

    async def acknowledge_subscription(self, token: str, product_id: str, *, account_id: str | None = None) -> None:
        """See `PlayStore`."""
        body = {} if account_id is None else {"externalAccountIds": {"obfuscatedAccountId": account_id}}
        try:
            await self._client.post(
                "purchases", "subscriptions", product_id, "tokens", token, action="acknowledge", body=body
            )
        except Refused:
            if not (await self.get_subscription(token)).is_acknowledged:
                raise

    async def acknowledge_product(self, token: str, product_id: str) -> None:
        """See `PlayStore`."""
        try:
            await self._client.post("purchases", "products", product_id, "tokens", token, action="acknowledge", body={})
        except Refused:
            if not (await self.get_product(token)).is_acknowledged:
                raise

    async def consume_product(self, token: str, product_id: str) -> None:
        """See `PlayStore`."""
        try:
            await self._client.post("purchases", "products", product_id, "tokens", token, action="consume", body={})
        except Refused:
            items = (await self.get_product(token)).items
            if not any(item.product_id == product_id and item.is_consumed for item in items):
                raise

    async def cancel_subscription(self, token: str, *, may_be_restored: bool = True) -> None:
        """See `PlayStore`."""
        word = "USER_REQUESTED_STOP_RENEWALS" if may_be_restored else "DEVELOPER_REQUESTED_STOP_PAYMENTS"
        body = {"cancellationContext": {"cancellationType": word}}
        try:
            await self._client.post("purchases", "subscriptionsv2", "tokens", token, action="cancel", body=body)
        except Refused:
            seen = await self.get_subscription(token)
            is_done = seen.cancel_at_period_end and (may_be_restored or seen.canceled_by == "developer")
            if not is_done and seen.state not in _OVER:
                raise

    async def revoke_subscription(self, token: str, *, refund: Literal["full", "prorated"]) -> None:
        """See `PlayStore`."""
        body: Json = {"revocationContext": {"fullRefund" if refund == "full" else "proratedRefund": {}}}
        try:
            await self._client.post("purchases", "subscriptionsv2", "tokens", token, action="revoke", body=body)
        except Refused:
            # One that ended by itself is over as well, but nothing was given back.
            seen = await self.get_subscription(token)
            if seen.state not in _OVER or seen.order_id is None or not await self._was_given_back(seen.order_id):
                raise

    async def refund_order(self, order_id: str, *, revoke: bool) -> None:
        """See `PlayStore`."""
        try:
            await self._client.post("orders", order_id, action="refund", query={"revoke": str(revoke).lower()})
        except Refused:
            if not await self._was_given_back(order_id):
                raise

    async def list_voided(self, since: datetime, cursor: str | None) -> VoidedListing:
        """See `PlayStore`. Older than Google remembers: from where it does."""
        start = max(since, self._clock.now() - VOIDED_REACH + _REACH_LESS)
        query = {
            "startTime": str(int(start.astimezone(UTC).timestamp()) * 1000),
            "type": "1",  # subscriptions too
            "includeQuantityBasedPartialRefund": "true",
            "maxResults": str(_VOIDED_PAGE),
            **({} if cursor is None else {"token": cursor}),
        }
        page = await self._client.get("purchases", "voidedpurchases", query=query)
        with reading("voided purchases"):
            following = within(page, "tokenPagination", "nextPageToken")
            return VoidedListing(
                purchases=tuple(snapshots.voided(it) for it in page.get("voidedPurchases") or ()),
                cursor=str(following) if following else None,
            )

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """See `PlayStore`."""
        verified_with = await push.verify(
            headers, open_token=self._open_token, audience=self._audience, email=self._email, now=now
        )
        try:
            return notifications.event(body, is_live=self._is_live, verified_with=verified_with)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise BadSignature("pushed by Google, but no notification") from error

    async def fetch_object(self, event: VerifiedEvent) -> Purchase | None:
        """See `PlayStore`."""
        if event.kind == "subscription":
            return await self.get_subscription(event.object)
        if event.kind == "purchase":
            return await self.get_product(event.object)
        return None

    async def close(self) -> None:
        """See `PlayStore`."""
        await self._client.close()

    async def _look(self, kind: str, token: str) -> Json:
        if not is_part(token):
            raise TokenUnknown("not_a_token")
        return await self._client.get("purchases", kind, "tokens", token, judge=faults.of_token)

    async def _was_given_back(self, order_id: str) -> bool:
        return (await self.get_order(order_id)).state in _GIVEN_BACK
