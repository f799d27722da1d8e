"""Stripe Connect as a `SellerProvider`: Express accounts, transfers to them, payouts from them to their banks.

Two steps, separate charges and transfers. A payout lives on the seller's account: each call about one names it.
Source: https://docs.stripe.com/connect/separate-charges-and-transfers.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from stripe import RequestOptions, V1Services

from cleanly.platform.providers.errors import NotSent, NotThere, Refused, Unknown
from cleanly.platform.providers.protocol import Capability
from cleanly.platform.providers.protocol_sellers import (
    AccountSnapshot,
    NewAccount,
    NewPayout,
    NewTransfer,
    OnboardingLink,
    PayoutSnapshot,
    TransferSnapshot,
)
from cleanly.platform.providers.reading import at_second, reading
from cleanly.platform.providers.stripe import seller_bodies as bodies
from cleanly.platform.providers.stripe import seller_snapshots as snapshots
from cleanly.platform.providers.stripe.faults import translated
from cleanly.platform.providers.stripe.snapshots import NAME

_PAGES_MAX: Final = 50
# The account has ended its connection with us, or is gone.
_NO_ACCESS: Final = "account_invalid"


class StripeSellers:
    """The seller side of one Stripe account; `client` is the adapter's."""

    name = NAME
    capabilities = frozenset(Capability)
    key_memory = timedelta(hours=24)  # https://docs.stripe.com/api/idempotent_requests

    def __init__(self, client: V1Services, *, account: str) -> None:
        self._client = client
        self.account = account

    async def create_account(self, new: NewAccount, *, key: str) -> AccountSnapshot:
        """See `SellerProvider`."""
        body = bodies.new_account(new)
        with translated(), reading("a new account"):
            made = await self._client.accounts.create_async(body, {"idempotency_key": key})
            return snapshots.account(made.to_dict())

    async def find_account(self, our_id: UUID) -> AccountSnapshot | None:
        """See `SellerProvider`. From the list, newest first, which does not lag.

        Raises:
            Unknown: the list has no end.
        """
        after: str | None = None
        for _ in range(_PAGES_MAX):
            with translated(), reading("the accounts"):
                page = (await self._client.accounts.list_async(bodies.accounts(after))).to_dict()
                for it in page["data"]:
                    if (found := snapshots.account(it)).our_id == our_id:
                        return found
                if not page["has_more"]:
                    return None
                after = str(page["data"][-1]["id"])
        raise Unknown("there are more accounts than were read")

    async def get_account(self, reference: str) -> AccountSnapshot:
        """See `SellerProvider`."""
        try:
            with translated(), reading("an account"):
                return snapshots.account((await self._client.accounts.retrieve_async(reference)).to_dict())
        except NotThere:
            return snapshots.closed(reference)
        except Refused as refusal:
            if refusal.code != _NO_ACCESS:
                raise
            return snapshots.closed(reference)

    async def onboarding_link(self, reference: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
        """See `SellerProvider`."""
        body = bodies.onboarding(reference, return_url=return_url, refresh_url=refresh_url)
        with translated(), reading("an onboarding link"):
            made = (await self._client.account_links.create_async(body)).to_dict()
            return OnboardingLink(url=str(made["url"]), expires_at=at_second(made["expires_at"]))

    async def send_transfer(self, new: NewTransfer, *, key: str) -> TransferSnapshot:
        """See `SellerProvider`."""
        body = bodies.new_transfer(new)
        with translated(), reading("a new transfer"):
            made = await self._client.transfers.create_async(body, {"idempotency_key": key})
            return snapshots.transfer(made.to_dict())

    async def find_transfer(self, our_id: UUID) -> TransferSnapshot | None:
        """See `SellerProvider`. By its group, which is our id; the list does not lag.

        Raises:
            Unknown: the list has no end.
        """
        after: str | None = None
        for _ in range(_PAGES_MAX):
            with translated(), reading("a group's transfers"):
                page = (await self._client.transfers.list_async(bodies.transfers(str(our_id), after))).to_dict()
                for it in page["data"]:
                    if (found := snapshots.transfer(it)).our_id == our_id:
                        return found
                if not page["has_more"]:
                    return None
                after = str(page["data"][-1]["id"])
        raise Unknown("there are more transfers than were read")

    async def reverse_transfer(self, reference: str, *, our_id: UUID, key: str) -> TransferSnapshot:
        """See `SellerProvider`."""
        body = bodies.reversal(our_id)
        try:
            with translated(), reading("a reversal"):
                made = await self._client.transfers.reversals.create_async(reference, body, {"idempotency_key": key})
                return snapshots.transfer(made.to_dict()["transfer"])
        except Refused:
            found = await self._after_refusal(reference)
            if not found.is_reversed:
                raise
            return found  # under a key that Stripe has forgotten, or in the dashboard

    async def send_payout(self, new: NewPayout, *, key: str) -> PayoutSnapshot:
        """See `SellerProvider`. To the bank that was pinned, by its name: it may have changed a moment ago."""
        body = bodies.new_payout(new, await self._pinned(new))
        with translated(), reading("a new payout"):
            made = await self._client.payouts.create_async(
                body, {"idempotency_key": key, "stripe_account": new.account}
            )
            return snapshots.payout(made.to_dict(), of=new.account)

    async def get_payout(self, reference: str, *, account: str) -> PayoutSnapshot:
        """See `SellerProvider`."""
        with translated(), reading("a payout"):
            found = await self._client.payouts.retrieve_async(reference, None, {"stripe_account": account})
            return snapshots.payout(found.to_dict(), of=account)

    async def find_payout(self, our_id: UUID, *, account: str) -> PayoutSnapshot | None:
        """See `SellerProvider`. From the account's own list, newest first, which does not lag.

        Raises:
            Unknown: the list has no end.
        """
        after: str | None = None
        for _ in range(_PAGES_MAX):
            with translated(), reading("an account's payouts"):
                found = await self._client.payouts.list_async(bodies.payouts(after), {"stripe_account": account})
                page = found.to_dict()
                for it in page["data"]:
                    if (seen := snapshots.payout(it, of=account)).our_id == our_id:
                        return seen
                if not page["has_more"]:
                    return None
                after = str(page["data"][-1]["id"])
        raise Unknown("there are more payouts than were read")

    async def cancel_payout(self, reference: str, *, account: str, key: str) -> PayoutSnapshot:
        """See `SellerProvider`. While it is pending."""
        options: RequestOptions = {"idempotency_key": key, "stripe_account": account}
        with translated(), reading("a canceled payout"):
            made = await self._client.payouts.cancel_async(reference, None, options)
            return snapshots.payout(made.to_dict(), of=account)

    async def _pinned(self, new: NewPayout) -> str | None:
        """The bank or card that was pinned; None: nothing was.

        Raises:
            Refused: it is another one now. NotSent: it could not be looked at; nothing was changed.
        """
        if new.destination is None:
            return None
        try:
            with translated(), reading("an account's banks"):
                it = (await self._client.accounts.retrieve_async(new.account)).to_dict()
                found = snapshots.outside_account(it, new.destination, new.money.currency)
        except Unknown as error:
            raise NotSent(f"Stripe did not show the account: {error}") from error
        if found is None:
            raise Refused("destination_changed")
        return found

    async def _after_refusal(self, reference: str) -> TransferSnapshot:
        try:
            with translated(), reading("a transfer"):
                return snapshots.transfer((await self._client.transfers.retrieve_async(reference)).to_dict())
        except (NotSent, Refused) as error:
            raise Unknown("a reversal was refused, and the transfer can't be seen") from error
