"""Paying, refunding, disputes. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from cleanly_client import models, wire
from cleanly_client.calls import Call, Given
from cleanly_client.groups import AsyncGroup, Group
from cleanly_client.pages import AsyncPages, Pages
from cleanly_client.unset import UNSET, Unset

_CREATE_PAYMENT: Call[models.Payment] = Call("create_payment", "POST", "/api/v1/payments", wire.reader(models.Payment))
_LIST_PAYMENTS: Call[wire.Page[models.Payment]] = Call(
    "list_payments", "GET", "/api/v1/payments", wire.pages(models.Payment)
)
_READ_PAYMENT: Call[models.Payment] = Call("read_payment", "GET", "/api/v1/payments/{id}", wire.reader(models.Payment))
_CAPTURE_PAYMENT: Call[models.Payment] = Call(
    "capture_payment", "POST", "/api/v1/payments/{id}/capture", wire.reader(models.Payment)
)
_CANCEL_PAYMENT: Call[models.Payment] = Call(
    "cancel_payment", "POST", "/api/v1/payments/{id}/cancel", wire.reader(models.Payment)
)
_REFUND_PAYMENT: Call[models.Refund] = Call(
    "refund_payment", "POST", "/api/v1/payments/{id}/refunds", wire.reader(models.Refund)
)
_LIST_REFUNDS: Call[wire.Page[models.Refund]] = Call(
    "list_refunds", "GET", "/api/v1/payments/{id}/refunds", wire.pages(models.Refund)
)
_LIST_DISPUTES: Call[wire.Page[models.Dispute]] = Call(
    "list_disputes", "GET", "/api/v1/payments/{id}/disputes", wire.pages(models.Dispute)
)


class Payments(Group):
    """Paying, refunding, disputes."""

    def create(
        self,
        *,
        price_id: UUID | str,
        provider: Literal["stripe", "paypal", "google_play", "sandbox"],
        quantity: int | Unset = UNSET,
        purchase_token: str | Unset | None = UNSET,
        capture_method: Literal["automatic", "manual"] | Unset = UNSET,
        metadata: Mapping[str, str] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Payment:
        """Buy something.

        Make the payment at the provider. Repeat with the same key until there is an answer: it is made once.

        `client` holds what the provider's SDK on the phone needs for the buyer to confirm. With `google_play` the app
        has paid already: the purchase is looked at, bound to the caller and acknowledged, and Google says how many
        pieces.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CREATE_PAYMENT,
            Given(
                {},
                {},
                body={
                    "priceId": price_id,
                    "quantity": quantity,
                    "provider": provider,
                    "purchaseToken": purchase_token,
                    "captureMethod": capture_method,
                    "metadata": metadata,
                },
                key=idempotency_key,
            ),
        )

    def list(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        role: Literal["buyer", "seller", "any"] | Unset = UNSET,
        state: str | Unset = UNSET,
        provider: str | Unset = UNSET,
    ) -> Pages[models.Payment]:
        """What I bought and sold.

        Newest first, by the caller's part in them, by state, by provider.

        `limit`: Rows per page.
        """
        return self._pages(
            _LIST_PAYMENTS,
            Given({}, {"limit": limit, "cursor": cursor, "role": role, "state": state, "provider": provider}),
        )

    def get(self, id: UUID | str) -> models.Payment:
        """Look at a payment.

        The buyer's own or the seller's own. While it waits, the provider is asked (at most every two seconds).

        `id`: The payment's id.

        Raises:
            NotFound, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_PAYMENT, Given({"id": id}, {}))

    def capture(
        self, id: UUID | str, *, amount: int | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.Payment:
        """Take an authorized payment.

        All of it, or a part once: the rest is given back. For the seller, or an admin.

        `id`: The payment's id.

        Raises:
            PaymentDeclined, Forbidden, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(_CAPTURE_PAYMENT, Given({"id": id}, {}, body={"amount": amount}, key=idempotency_key))

    def cancel(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Payment:
        """Give a payment up.

        While the buyer has not acted, or before an authorized payment is taken. For its buyer, seller, or an admin.

        `id`: The payment's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(_CANCEL_PAYMENT, Given({"id": id}, {}, key=idempotency_key))

    def refund(
        self,
        id: UUID | str,
        *,
        amount: int | Unset | None = UNSET,
        reason: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Refund:
        """Give money back.

        All that is left, or a part, several times. All ways to refund share one cap. For the seller, or an admin.

        `id`: The payment's id.

        Raises:
            PaymentDeclined, Forbidden, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _REFUND_PAYMENT, Given({"id": id}, {}, body={"amount": amount, "reason": reason}, key=idempotency_key)
        )

    def refunds(
        self, id: UUID | str, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET
    ) -> Pages[models.Refund]:
        """A payment's refunds.

        Oldest first.

        `id`: The payment's id.

        `limit`: Rows per page.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_REFUNDS, Given({"id": id}, {"limit": limit, "cursor": cursor}))

    def disputes(
        self, id: UUID | str, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET
    ) -> Pages[models.Dispute]:
        """A payment's disputes.

        Oldest first.

        `id`: The payment's id.

        `limit`: Rows per page.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_DISPUTES, Given({"id": id}, {"limit": limit, "cursor": cursor}))


class AsyncPayments(AsyncGroup):
    """Paying, refunding, disputes."""

    async def create(
        self,
        *,
        price_id: UUID | str,
        provider: Literal["stripe", "paypal", "google_play", "sandbox"],
        quantity: int | Unset = UNSET,
        purchase_token: str | Unset | None = UNSET,
        capture_method: Literal["automatic", "manual"] | Unset = UNSET,
        metadata: Mapping[str, str] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Payment:
        """Buy something.

        Make the payment at the provider. Repeat with the same key until there is an answer: it is made once.

        `client` holds what the provider's SDK on the phone needs for the buyer to confirm. With `google_play` the app
        has paid already: the purchase is looked at, bound to the caller and acknowledged, and Google says how many
        pieces.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CREATE_PAYMENT,
            Given(
                {},
                {},
                body={
                    "priceId": price_id,
                    "quantity": quantity,
                    "provider": provider,
                    "purchaseToken": purchase_token,
                    "captureMethod": capture_method,
                    "metadata": metadata,
                },
                key=idempotency_key,
            ),
        )

    def list(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        role: Literal["buyer", "seller", "any"] | Unset = UNSET,
        state: str | Unset = UNSET,
        provider: str | Unset = UNSET,
    ) -> AsyncPages[models.Payment]:
        """What I bought and sold.

        Newest first, by the caller's part in them, by state, by provider.

        `limit`: Rows per page.
        """
        return self._pages(
            _LIST_PAYMENTS,
            Given({}, {"limit": limit, "cursor": cursor, "role": role, "state": state, "provider": provider}),
        )

    async def get(self, id: UUID | str) -> models.Payment:
        """Look at a payment.

        The buyer's own or the seller's own. While it waits, the provider is asked (at most every two seconds).

        `id`: The payment's id.

        Raises:
            NotFound, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_PAYMENT, Given({"id": id}, {}))

    async def capture(
        self, id: UUID | str, *, amount: int | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.Payment:
        """Take an authorized payment.

        All of it, or a part once: the rest is given back. For the seller, or an admin.

        `id`: The payment's id.

        Raises:
            PaymentDeclined, Forbidden, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CAPTURE_PAYMENT, Given({"id": id}, {}, body={"amount": amount}, key=idempotency_key)
        )

    async def cancel(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Payment:
        """Give a payment up.

        While the buyer has not acted, or before an authorized payment is taken. For its buyer, seller, or an admin.

        `id`: The payment's id.

        Raises:
            PaymentDeclined, NotFound, InvalidState, Conflict, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_CANCEL_PAYMENT, Given({"id": id}, {}, key=idempotency_key))

    async def refund(
        self,
        id: UUID | str,
        *,
        amount: int | Unset | None = UNSET,
        reason: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Refund:
        """Give money back.

        All that is left, or a part, several times. All ways to refund share one cap. For the seller, or an admin.

        `id`: The payment's id.

        Raises:
            PaymentDeclined, Forbidden, NotFound, InvalidState, Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _REFUND_PAYMENT, Given({"id": id}, {}, body={"amount": amount, "reason": reason}, key=idempotency_key)
        )

    def refunds(
        self, id: UUID | str, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET
    ) -> AsyncPages[models.Refund]:
        """A payment's refunds.

        Oldest first.

        `id`: The payment's id.

        `limit`: Rows per page.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_REFUNDS, Given({"id": id}, {"limit": limit, "cursor": cursor}))

    def disputes(
        self, id: UUID | str, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET
    ) -> AsyncPages[models.Dispute]:
        """A payment's disputes.

        Oldest first.

        `id`: The payment's id.

        `limit`: Rows per page.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_DISPUTES, Given({"id": id}, {"limit": limit, "cursor": cursor}))
