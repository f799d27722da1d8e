"""Subscriptions and what they unlock. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from typing import Literal
from uuid import UUID

from cleanly_client import models, wire
from cleanly_client.calls import Call, Given
from cleanly_client.groups import AsyncGroup, Group
from cleanly_client.pages import AsyncPages, Pages
from cleanly_client.unset import UNSET, Unset

_CREATE_SUBSCRIPTION: Call[models.Subscription] = Call(
    "create_subscription", "POST", "/api/v1/subscriptions", wire.reader(models.Subscription)
)
_LIST_SUBSCRIPTIONS: Call[wire.Page[models.Subscription]] = Call(
    "list_subscriptions", "GET", "/api/v1/subscriptions", wire.pages(models.Subscription)
)
_READ_SUBSCRIPTION: Call[models.Subscription] = Call(
    "read_subscription", "GET", "/api/v1/subscriptions/{id}", wire.reader(models.Subscription)
)
_CANCEL_SUBSCRIPTION: Call[models.Subscription] = Call(
    "cancel_subscription", "POST", "/api/v1/subscriptions/{id}/cancel", wire.reader(models.Subscription)
)
_PAUSE_SUBSCRIPTION: Call[models.Subscription] = Call(
    "pause_subscription", "POST", "/api/v1/subscriptions/{id}/pause", wire.reader(models.Subscription)
)
_RESUME_SUBSCRIPTION: Call[models.Subscription] = Call(
    "resume_subscription", "POST", "/api/v1/subscriptions/{id}/resume", wire.reader(models.Subscription)
)
_CHANGE_SUBSCRIPTION: Call[models.SubscriptionChange] = Call(
    "change_subscription", "POST", "/api/v1/subscriptions/{id}/change", wire.reader(models.SubscriptionChange)
)
_LIST_PERIODS: Call[wire.Page[models.SubscriptionPeriod]] = Call(
    "list_periods", "GET", "/api/v1/subscriptions/{id}/periods", wire.pages(models.SubscriptionPeriod)
)
_READ_PLAY_ACCOUNT: Call[models.PlayAccount] = Call(
    "read_play_account", "GET", "/api/v1/subscriptions/google-play-account", wire.reader(models.PlayAccount)
)
_READ_ENTITLEMENTS: Call[models.Entitlements] = Call(
    "read_entitlements", "GET", "/api/v1/entitlements", wire.reader(models.Entitlements), tells_etag=True
)


class Subscriptions(Group):
    """Subscriptions and what they unlock."""

    def create(
        self,
        *,
        price_id: UUID | str,
        provider: Literal["stripe", "paypal", "google_play", "sandbox"],
        purchase_token: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Subscription:
        """Subscribe to a plan.

        One live subscription per group of plans: a second is refused with the first one's id.

        `client` holds what the provider's SDK on the phone needs for the first payment. With `google_play` the app has
        paid already: the purchase is looked at, bound to the caller and acknowledged.

        Raises:
            PaymentDeclined, NotFound, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CREATE_SUBSCRIPTION,
            Given(
                {},
                {},
                body={"priceId": price_id, "provider": provider, "purchaseToken": purchase_token},
                key=idempotency_key,
            ),
        )

    def list(self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET) -> Pages[models.Subscription]:
        """My subscriptions.

        Newest first, those that are over too.

        `limit`: Rows per page.
        """
        return self._pages(_LIST_SUBSCRIPTIONS, Given({}, {"limit": limit, "cursor": cursor}))

    def get(self, id: UUID | str) -> models.Subscription:
        """Look at a subscription.

        The caller's own. While its first payment waits, the provider is asked (at most every two seconds).

        `id`: The subscription's id.

        Raises:
            NotFound, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_SUBSCRIPTION, Given({"id": id}, {}))

    def cancel(
        self, id: UUID | str, *, at_period_end: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> models.Subscription:
        """End a subscription.

        When what is paid is used up, or now. Until then it can be resumed.

        `id`: The subscription's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CANCEL_SUBSCRIPTION, Given({"id": id}, {}, body={"atPeriodEnd": at_period_end}, key=idempotency_key)
        )

    def pause(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Subscription:
        """Let a subscription rest.

        Nothing is billed and nothing may be used until it is resumed. Not every provider can.

        `id`: The subscription's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(_PAUSE_SUBSCRIPTION, Given({"id": id}, {}, key=idempotency_key))

    def resume(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Subscription:
        """Go on with a subscription.

        After a pause, or before it ends: it is renewed after all.

        `id`: The subscription's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(_RESUME_SUBSCRIPTION, Given({"id": id}, {}, key=idempotency_key))

    def change(
        self,
        id: UUID | str,
        *,
        price_id: UUID | str | Unset | None = UNSET,
        preview: bool | Unset | None = UNSET,
        preview_token: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.SubscriptionChange:
        """Change the plan of a subscription.

        First look what it costs, then accept exactly that. A dearer plan holds at once, a cheaper one with the period.

        409 CONFLICT when the change would be another one by now; `details.preview` is what it would be. Where the bank
        asks the subscriber first, the plan is still the old one and `subscription.client` says what to confirm in the
        app.

        `id`: The subscription's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CHANGE_SUBSCRIPTION,
            Given(
                {"id": id},
                {},
                body={"priceId": price_id, "preview": preview, "previewToken": preview_token},
                key=idempotency_key,
            ),
        )

    def periods(
        self, id: UUID | str, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET
    ) -> Pages[models.SubscriptionPeriod]:
        """What was paid for a subscription.

        Invoices that were paid, newest first; each leads to its payment, and so to its refunds.

        `id`: The subscription's id.

        `limit`: Rows per page.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_PERIODS, Given({"id": id}, {"limit": limit, "cursor": cursor}))

    def play_account(self) -> models.PlayAccount:
        """Who I am at Google Play.

        The obfuscated account id that the app hands to Google Play; a purchase without it is refused here.

        Raises:
            UnsupportedByProvider: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_PLAY_ACCOUNT, Given({}, {}))

    def entitlements(self) -> models.Entitlements:
        """What I may use now.

        Of every subscription and every purchase, and until when. `ETag` and `If-None-Match` spare the body.
        """
        return self._caller.call(_READ_ENTITLEMENTS, Given({}, {}))


class AsyncSubscriptions(AsyncGroup):
    """Subscriptions and what they unlock."""

    async def create(
        self,
        *,
        price_id: UUID | str,
        provider: Literal["stripe", "paypal", "google_play", "sandbox"],
        purchase_token: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Subscription:
        """Subscribe to a plan.

        One live subscription per group of plans: a second is refused with the first one's id.

        `client` holds what the provider's SDK on the phone needs for the first payment. With `google_play` the app has
        paid already: the purchase is looked at, bound to the caller and acknowledged.

        Raises:
            PaymentDeclined, NotFound, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CREATE_SUBSCRIPTION,
            Given(
                {},
                {},
                body={"priceId": price_id, "provider": provider, "purchaseToken": purchase_token},
                key=idempotency_key,
            ),
        )

    def list(self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET) -> AsyncPages[models.Subscription]:
        """My subscriptions.

        Newest first, those that are over too.

        `limit`: Rows per page.
        """
        return self._pages(_LIST_SUBSCRIPTIONS, Given({}, {"limit": limit, "cursor": cursor}))

    async def get(self, id: UUID | str) -> models.Subscription:
        """Look at a subscription.

        The caller's own. While its first payment waits, the provider is asked (at most every two seconds).

        `id`: The subscription's id.

        Raises:
            NotFound, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_SUBSCRIPTION, Given({"id": id}, {}))

    async def cancel(
        self, id: UUID | str, *, at_period_end: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> models.Subscription:
        """End a subscription.

        When what is paid is used up, or now. Until then it can be resumed.

        `id`: The subscription's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CANCEL_SUBSCRIPTION, Given({"id": id}, {}, body={"atPeriodEnd": at_period_end}, key=idempotency_key)
        )

    async def pause(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Subscription:
        """Let a subscription rest.

        Nothing is billed and nothing may be used until it is resumed. Not every provider can.

        `id`: The subscription's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_PAUSE_SUBSCRIPTION, Given({"id": id}, {}, key=idempotency_key))

    async def resume(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Subscription:
        """Go on with a subscription.

        After a pause, or before it ends: it is renewed after all.

        `id`: The subscription's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_RESUME_SUBSCRIPTION, Given({"id": id}, {}, key=idempotency_key))

    async def change(
        self,
        id: UUID | str,
        *,
        price_id: UUID | str | Unset | None = UNSET,
        preview: bool | Unset | None = UNSET,
        preview_token: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.SubscriptionChange:
        """Change the plan of a subscription.

        First look what it costs, then accept exactly that. A dearer plan holds at once, a cheaper one with the period.

        409 CONFLICT when the change would be another one by now; `details.preview` is what it would be. Where the bank
        asks the subscriber first, the plan is still the old one and `subscription.client` says what to confirm in the
        app.

        `id`: The subscription's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CHANGE_SUBSCRIPTION,
            Given(
                {"id": id},
                {},
                body={"priceId": price_id, "preview": preview, "previewToken": preview_token},
                key=idempotency_key,
            ),
        )

    def periods(
        self, id: UUID | str, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET
    ) -> AsyncPages[models.SubscriptionPeriod]:
        """What was paid for a subscription.

        Invoices that were paid, newest first; each leads to its payment, and so to its refunds.

        `id`: The subscription's id.

        `limit`: Rows per page.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_PERIODS, Given({"id": id}, {"limit": limit, "cursor": cursor}))

    async def play_account(self) -> models.PlayAccount:
        """Who I am at Google Play.

        The obfuscated account id that the app hands to Google Play; a purchase without it is refused here.

        Raises:
            UnsupportedByProvider: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_PLAY_ACCOUNT, Given({}, {}))

    async def entitlements(self) -> models.Entitlements:
        """What I may use now.

        Of every subscription and every purchase, and until when. `ETag` and `If-None-Match` spare the body.
        """
        return await self._caller.call(_READ_ENTITLEMENTS, Given({}, {}))
