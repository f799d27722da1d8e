"""Stripe as a `Provider`, by its official SDK. Source: https://docs.stripe.com/api.

Every call carries our own idempotency key where it changes something: without one the SDK makes up a random key, which
does not outlive a crash. Nothing is repeated here.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import stripe

from cleanly.kernel.money import Money
from cleanly.kernel.net import Http
from cleanly.platform.providers.errors import BadSignature, NotSent, Refused, Unknown
from cleanly.platform.providers.protocol import (
    Balance,
    Capability,
    DisputeSnapshot,
    Listing,
    NewPayment,
    PaymentSnapshot,
    PaymentState,
    RefundSnapshot,
    Snapshot,
    VerifiedEvent,
)
from cleanly.platform.providers.reading import parse_object, reading
from cleanly.platform.providers.stripe import bodies, events, sheet, signature, snapshots
from cleanly.platform.providers.stripe.billing import StripeBiller
from cleanly.platform.providers.stripe.books import entries_since
from cleanly.platform.providers.stripe.faults import translated
from cleanly.platform.providers.stripe.sellers import StripeSellers
from cleanly.platform.providers.stripe.settings import StripeSettings
from cleanly.platform.providers.stripe.wire import Wire

API_VERSION: Final = "2026-10-28.endive"
_REFUND_PAGES_MAX: Final = 20


class Stripe:
    """One Stripe account. `close` it."""

    name = snapshots.NAME
    capabilities = frozenset(Capability)
    key_memory = timedelta(hours=24)  # https://docs.stripe.com/api/idempotent_requests
    refund_key_memory = key_memory

    def __init__(self, settings: StripeSettings, *, http: Http) -> None:
        """Read the settings; `http` is this adapter's own from here on.

        Raises:
            ValueError: Stripe is not set up.
        """
        if settings.stripe_secret_key is None or settings.stripe_mobile_api_version is None:
            raise ValueError("Stripe is not set up")
        self._publishable_key = settings.stripe_publishable_key or ""
        self._mobile_api_version = settings.stripe_mobile_api_version
        self._is_live = settings.stripe_is_live
        # Ids of Stripe's are unique over all accounts, so the mode is what tells ours apart; it outlives any key.
        self.account = "live" if self._is_live else "test"
        self._secrets = {
            f"{name}[{index}]": secret.get_secret_value().encode()
            for name, secrets in (
                ("webhook_secret", settings.stripe_webhook_secret),
                ("connect_webhook_secret", settings.stripe_connect_webhook_secret),
            )
            for index, secret in enumerate(secrets)
        }
        self._wire = Wire(http)
        self._client = stripe.StripeClient(
            settings.stripe_secret_key.get_secret_value(),
            stripe_version=API_VERSION,
            max_network_retries=0,
            http_client=self._wire,
            base_addresses={"api": settings.stripe_api_base} if settings.stripe_api_base else None,
        ).v1
        self.sellers = StripeSellers(self._client, account=self.account)
        self.billing = StripeBiller(
            self._client,
            account=self.account,
            publishable_key=self._publishable_key,
            mobile_api_version=self._mobile_api_version,
        )

    async def ensure_customer(self, user_id: UUID, email: str, *, key: str) -> str:
        """See `Provider`. The search lags by a minute or so: within that time the key finds the first one."""
        with translated(), reading("a customer"):
            found = await self._client.customers.search_async(bodies.customer_search(user_id))
            for customer in found.data:
                return str(customer.id)
            made = await self._client.customers.create_async(
                bodies.new_customer(user_id, email), {"idempotency_key": key}
            )
            return str(made.id)

    async def create_payment(self, new: NewPayment, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        body = bodies.new_payment(new)
        with translated(), reading("a new payment"):
            made = await self._client.payment_intents.create_async(body, {"idempotency_key": key})
            return snapshots.payment(made.to_dict())

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """See `Provider`. For PaymentSheet; the ephemeral key is made for the app's SDK, in its version."""
        with translated(), reading("a payment's secret"):
            intent = await self._client.payment_intents.retrieve_async(reference)
            found = {"clientSecret": str(intent.to_dict()["client_secret"]), "publishableKey": self._publishable_key}
            return found | await sheet.of_customer(self._client, customer, version=self._mobile_api_version)

    async def get_payment(self, reference: str) -> PaymentSnapshot:
        """See `Provider`."""
        with translated(), reading("a payment"):
            found = await self._client.payment_intents.retrieve_async(reference, bodies.payment())
            return snapshots.payment(found.to_dict())

    async def find_payment(self, our_id: UUID) -> PaymentSnapshot | None:
        """See `Provider`. The search lags: a minute as a rule, an hour on a bad day. Look twice."""
        with translated(), reading("a search for a payment"):
            found = await self._client.payment_intents.search_async(bodies.payment_search(our_id))
            for intent in found.data:
                return snapshots.payment(intent.to_dict())
            return None

    async def complete_payment(
        self, reference: str, *, capture: Literal["automatic", "manual"], key: str
    ) -> PaymentSnapshot:
        """A look: the app's SDK confirms, and Stripe goes on by itself."""
        del capture, key
        return await self.get_payment(reference)

    async def capture_payment(self, reference: str, money: Money, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        body = bodies.capture(money)
        try:
            with translated(), reading("a capture"):
                made = await self._client.payment_intents.capture_async(reference, body, {"idempotency_key": key})
                return snapshots.payment(made.to_dict())
        except Refused as refusal:
            found = await self._already(reference, "captured", refusal)
            if found.captured != money.amount:
                raise
            return found

    async def cancel_payment(self, reference: str, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        try:
            with translated(), reading("a cancellation"):
                made = await self._client.payment_intents.cancel_async(
                    reference, bodies.cancellation(), {"idempotency_key": key}
                )
                return snapshots.payment(made.to_dict())
        except Refused as refusal:
            return await self._already(reference, "canceled", refusal)

    async def refund(self, reference: str, charge: str, money: Money, *, our_id: UUID, key: str) -> RefundSnapshot:
        """See `Provider`."""
        del charge  # the PaymentIntent knows its one charge that succeeded
        body = bodies.new_refund(reference, money, our_id)
        with translated(), reading("a new refund"):
            made = await self._client.refunds.create_async(body, {"idempotency_key": key})
            return snapshots.refund(made.to_dict())

    async def get_refund(self, reference: str) -> RefundSnapshot:
        """See `Provider`."""
        with translated(), reading("a refund"):
            return snapshots.refund((await self._client.refunds.retrieve_async(reference)).to_dict())

    async def find_refund(self, payment_reference: str, our_id: UUID) -> RefundSnapshot | None:
        """See `Provider`. From the payment's own list, which does not lag.

        Raises:
            Unknown: the list has no end.
        """
        after: str | None = None
        for _ in range(_REFUND_PAGES_MAX):
            with translated(), reading("a payment's refunds"):
                page = (await self._client.refunds.list_async(bodies.refunds(payment_reference, after))).to_dict()
                for found in page["data"]:
                    if (refund := snapshots.refund(found)).our_id == our_id:
                        return refund
                if not page["has_more"]:
                    return None
                after = str(page["data"][-1]["id"])
        raise Unknown("a payment has more refunds than were read")

    async def get_dispute(self, reference: str) -> DisputeSnapshot:
        """See `Provider`."""
        with translated(), reading("a dispute"):
            return snapshots.dispute((await self._client.disputes.retrieve_async(reference)).to_dict())

    async def list_entries(self, since: datetime, cursor: str | None) -> Listing:
        """See `Provider`."""
        with translated(), reading("balance transactions"):
            return await entries_since(self._client.balance_transactions, since, cursor)

    async def list_events(self, since: datetime, cursor: str | None) -> Listing:
        """See `Provider`. Newest first; Stripe keeps them for 30 days."""
        with translated(), reading("events"):
            found = await self._client.events.list_async(bodies.events(since, cursor))
            page = found.to_dict(for_json=True)
            stored = tuple(
                events.stored(it, json.dumps(it).encode(), account=self.account, is_live=self._is_live)
                for it in page["data"]
            )
            return Listing(events=stored, cursor=page["data"][-1]["id"] if page["has_more"] else None)

    async def get_balance(self) -> Balance:
        """See `Provider`."""
        with translated(), reading("the balance"):
            return snapshots.balance((await self._client.balance.retrieve_async()).to_dict())

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """See `Provider`. Platform and Connect endpoints share the address: the secret that matches tells which."""
        verified_with = signature.verify(headers.get(signature.HEADER), body, self._secrets, now=now)
        try:
            return events.event(
                parse_object(body), account=self.account, is_live=self._is_live, verified_with=verified_with
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadSignature("signed, but not an event") from error

    async def fetch_object(self, event: VerifiedEvent) -> Snapshot | None:
        """See `Provider`."""
        if event.kind == "payment":
            return await self.get_payment(await self._intent_of(event.object))
        if event.kind == "refund":
            return await self.get_refund(event.object)
        if event.kind == "dispute":
            return await self.get_dispute(event.object)
        return None

    async def close(self) -> None:
        """See `Provider`."""
        await self._wire.close_async()

    async def _intent_of(self, reference: str) -> str:
        """A thin event names the charge and not its PaymentIntent."""
        if not reference.startswith(("ch_", "py_")):
            return reference
        with translated(), reading("a charge"):
            charge = (await self._client.charges.retrieve_async(reference)).to_dict()
            return snapshots.identity(charge["payment_intent"]) or reference

    async def _already(self, reference: str, end: PaymentState, refusal: Refused) -> PaymentSnapshot:
        """Over before, perhaps under a key that Stripe has forgotten: then the answer is how it stands.

        Raises:
            Refused: it was not.
            Unknown: nobody can tell.
        """
        if refusal.code != "payment_intent_unexpected_state":
            raise refusal
        try:
            found = await self.get_payment(reference)
        except (NotSent, Refused) as error:
            raise Unknown("a payment was refused for its state, which can't be seen") from error
        if found.state != end:
            raise refusal
        return found
