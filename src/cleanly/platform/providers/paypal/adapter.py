"""PayPal as a `Provider`: Orders v2, Payments v2, Disputes v1, Transaction Search v1, Webhooks v1.

Our `reference` is the order; its `charge` is the capture. Only we capture, by the order's id: an order whose id we
never heard can't move money. Where PayPal needs several calls, what fails after a change is Unknown, never NotSent.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from cleanly.kernel.clock import Clock
from cleanly.kernel.money import Money
from cleanly.kernel.net import Http
from cleanly.platform.providers.errors import BadSignature, CannotLook, NotThere, Refused, UnsupportedByProvider
from cleanly.platform.providers.paypal import bodies, books, events, orders, signature, snapshots
from cleanly.platform.providers.paypal.billing import PayPalBiller
from cleanly.platform.providers.paypal.certificates import Certificates
from cleanly.platform.providers.paypal.client import Client
from cleanly.platform.providers.paypal.disputes import DISPUTES, DisputesOfPayments
from cleanly.platform.providers.paypal.orders import AUTHORIZATIONS, CAPTURES, ORDERS
from cleanly.platform.providers.paypal.sellers import PayPalSellers
from cleanly.platform.providers.paypal.settings import PayPalSettings
from cleanly.platform.providers.protocol import (
    Balance,
    Capability,
    DisputeSnapshot,
    Listing,
    NewPayment,
    PaymentSnapshot,
    RefundSnapshot,
    Snapshot,
    StoredEvent,
    VerifiedEvent,
)
from cleanly.platform.providers.reading import Json, parse_object, reading

_EVENTS_PAGE: Final = 50
_ALREADY: Final = {"ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_AUTHORIZED", "ORDER_ALREADY_COMPLETED"}
_ALREADY_CAPTURED: Final = {"AUTHORIZATION_ALREADY_CAPTURED"}
_ALREADY_OVER: Final = {
    "PREVIOUSLY_VOIDED",
    "AUTHORIZATION_VOIDED",
    "AUTHORIZATION_ALREADY_CAPTURED",
    "CANNOT_BE_VOIDED",
}


class PayPal:
    """One PayPal account. `close` it."""

    name = snapshots.NAME
    capabilities = frozenset(Capability) - {Capability.CUSTOMERS, Capability.TRANSFERS}
    key_memory = timedelta(hours=6)  # Orders v2; captures are remembered longer
    refund_key_memory = timedelta(days=45)

    def __init__(
        self, settings: PayPalSettings, *, client: Client, certificates: Certificates, outside: Http, clock: Clock
    ) -> None:
        """`client` and `outside` (which `certificates` fetches over) are this adapter's own from here on."""
        self._settings = settings
        self._client = client
        self._certificates = certificates
        self._outside = outside
        self._clock = clock
        self._disputes = DisputesOfPayments(client)
        self._is_live = settings.paypal_is_live
        # The account is known by its environment: an application's credentials change, its payments do not.
        self.account: str = settings.paypal_env
        self.sellers = PayPalSellers(client, account=self.account)
        self.billing = PayPalBiller(client, settings, account=self.account, clock=clock)

    async def ensure_customer(self, user_id: UUID, email: str, *, key: str) -> str:
        """Refuse: PayPal knows no customers of ours.

        Raises:
            UnsupportedByProvider: always.
        """
        del user_id, email, key
        raise UnsupportedByProvider

    async def create_payment(self, new: NewPayment, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        made = await self._client.post(ORDERS, body=bodies.new_order(new, self._settings), key=key)
        return await orders.seen(self._client, made)

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """See `Provider`. `approveUrl` is missing once there is nothing left to approve."""
        del customer
        found = await self._client.get(ORDERS, reference)
        with reading("an order's links"):
            links = [it["href"] for it in found.get("links") or () if it["rel"] in {"approve", "payer-action"}]
            return {"orderId": str(found["id"]), **({"approveUrl": str(links[0])} if links else {})}

    async def get_payment(self, reference: str) -> PaymentSnapshot:
        """See `Provider`."""
        return await orders.look(self._client, reference)

    async def find_payment(self, our_id: UUID) -> PaymentSnapshot | None:
        """Nothing: PayPal lists no orders. One whose id never reached us can't be captured, and ends by itself."""
        del our_id
        return None

    async def complete_payment(
        self, reference: str, *, capture: Literal["automatic", "manual"], key: str
    ) -> PaymentSnapshot:
        """See `Provider`. A look, and if the buyer has approved, the capture or the authorization."""
        order = await orders.before(self._client, reference)
        if order["status"] != "APPROVED":
            return orders.read(order)
        step = "capture" if capture == "automatic" else "authorize"
        try:
            made = await self._client.post(ORDERS, reference, step, key=key)
        except Refused as refusal:
            if refusal.code not in _ALREADY:
                raise
            return await orders.after(self._client, reference)
        return await orders.seen(self._client, made)

    async def capture_payment(self, reference: str, money: Money, *, key: str) -> PaymentSnapshot:
        """See `Provider`. If it was captured before, and just so much, it is answered as it stands."""
        body = bodies.capture(money)
        order = await orders.before(self._client, reference)
        if (seen := orders.read(order)).state == "captured" and seen.captured == money.amount:
            return seen
        if (authorization := orders.open_authorization(order)) is None:
            raise Refused("not_authorized")
        try:
            await self._client.post(AUTHORIZATIONS, authorization, "capture", body=body, key=key)
        except Refused as refusal:
            if refusal.code not in _ALREADY_CAPTURED:
                raise
        return await orders.after(self._client, reference)

    async def cancel_payment(self, reference: str, *, key: str) -> PaymentSnapshot:
        """See `Provider`. An order can't be canceled there: what we don't capture moves no money, and ends by itself.

        An authorization is voided; that takes no key, so a look comes first.
        """
        del key
        order = await orders.before(self._client, reference)
        seen = orders.read(order)
        if seen.state == "captured":
            raise Refused("already_captured")
        if seen.state == "requires_action":
            return replace(seen, state="canceled")
        authorization = orders.open_authorization(order)
        if seen.state not in {"authorized", "processing"} or authorization is None:
            return seen
        try:
            await self._client.post(AUTHORIZATIONS, authorization, "void", key=None)
        except Refused as refusal:
            if refusal.code not in _ALREADY_OVER:
                raise
        return await orders.after(self._client, reference)

    async def refund(self, reference: str, charge: str, money: Money, *, our_id: UUID, key: str) -> RefundSnapshot:
        """See `Provider`."""
        made = await self._client.post(CAPTURES, charge, "refund", body=bodies.new_refund(money, our_id), key=key)
        with reading("a new refund"):
            return snapshots.refund(made, payment_reference=reference, inherited=None)

    async def get_refund(self, reference: str) -> RefundSnapshot:
        """See `Provider`. A refund names its capture, and that its order."""
        found = await self._client.get("/v2/payments/refunds", reference)
        with reading("a refund"):
            charge = snapshots.link(found, "up", under=f"{CAPTURES}/")
            if charge is None:
                raise ValueError("belongs to no capture")
        capture = await self._client.get(CAPTURES, charge)
        try:
            order = await orders.behind(self._client, capture)
        except NotThere:
            order = charge  # of a payment that was not made by an order, so not by us
        with reading("a refund"):
            return snapshots.refund(found, payment_reference=order, inherited=capture.get("custom_id"))

    async def find_refund(self, payment_reference: str, our_id: UUID) -> RefundSnapshot | None:
        """See `Provider`. A subscription's payment has no order, and nothing that lists its refunds.

        Raises:
            CannotLook: of such a payment.
        """
        try:
            order = await self._client.get(ORDERS, payment_reference)
        except NotThere as error:
            raise CannotLook("a payment without an order lists no refunds") from error
        with reading("an order's refunds"):
            inherited = order["purchase_units"][0].get("custom_id")
            for it in snapshots.payments(order, "refunds"):
                found = snapshots.refund(it, payment_reference=payment_reference, inherited=inherited)
                if found.our_id == our_id:
                    return found
            return None

    async def get_dispute(self, reference: str) -> DisputeSnapshot:
        """See `Provider`."""
        found = await self._client.get(DISPUTES, reference)
        with reading("a dispute"):
            charge = str(found["disputed_transactions"][0]["seller_transaction_id"])
        try:
            order = await orders.behind(self._client, await self._client.get(CAPTURES, charge))
        except NotThere:
            order = charge  # a payment that was not made by an order of ours
        with reading("a dispute"):
            return snapshots.dispute(found, payment_reference=order)

    async def list_entries(self, since: datetime, cursor: str | None) -> Listing:
        """See `Provider`. The last three hours may be missing."""
        now = self._clock.now()
        if since >= now:
            return Listing()
        with reading("a cursor"):
            window = books.Window.first(since, now=now) if cursor is None else books.Window.parse(cursor)
        page = await self._client.get("/v1/reporting/transactions", query=window.query)
        with reading("transactions"):
            window, pages = window.reading(page, now=now), int(page.get("total_pages") or 0)
            following, told = window.following(pages, now=now), books.entries(page)
        return Listing(
            entries=await self._disputes.name(told),
            cursor=None if following is None else following.cursor,
            told_until=window.told_until(pages),
        )

    async def list_events(self, since: datetime, cursor: str | None) -> Listing:
        """See `Provider`."""
        if since >= self._clock.now():
            return Listing()
        query = {
            "start_time": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "end_time": f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}",
            "page_size": str(_EVENTS_PAGE),
        }
        asked = query if cursor is None else dict(parse_qsl(cursor))
        page = await self._client.get("/v1/notifications/webhooks-events", query=asked)
        with reading("events"):
            stored = tuple(
                StoredEvent(event=self._event(it, "list"), body=json.dumps(it).encode()) for it in page["events"]
            )
            following = [str(it["href"]) for it in page.get("links") or () if it["rel"] == "next"]
            # Of the next page's address only the query is taken: where it points is for us to say.
            return Listing(events=stored, cursor=urlsplit(following[0]).query if following and stored else None)

    async def get_balance(self) -> Balance:
        """See `Provider`."""
        found = await self._client.get("/v1/reporting/balances")
        with reading("the balance"):
            return books.balance(found)

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """See `Provider`. The certificate tells the environment: the other one's is refused."""
        verified_with = await signature.verify(
            headers, body, webhook_id=self._settings.paypal_webhook_id or "", certificates=self._certificates, now=now
        )
        try:
            return self._event(parse_object(body), verified_with)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise BadSignature("signed, but not an event") from error

    async def fetch_object(self, event: VerifiedEvent) -> Snapshot | None:
        """See `Provider`."""
        if event.kind == "refund":
            return await self.get_refund(event.object)
        if event.kind == "dispute":
            return await self.get_dispute(event.object)
        if event.kind != "payment":
            return None
        try:
            return await self.get_payment(event.object)
        except NotThere:
            # The event named a capture or an authorization, and not its order.
            where = AUTHORIZATIONS if event.type.startswith("PAYMENT.AUTHORIZATION.") else CAPTURES
            return await self.get_payment(
                await orders.behind(self._client, await self._client.get(where, event.object))
            )

    async def close(self) -> None:
        """See `Provider`."""
        await self._client.close()
        await self._outside.close()

    def _event(self, it: Json, verified_with: str) -> VerifiedEvent:
        return events.event(it, account=self.account, is_live=self._is_live, verified_with=verified_with)
