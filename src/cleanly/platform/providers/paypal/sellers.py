"""PayPal as a `SellerProvider`: payees without accounts of ours, and payouts in batches of one.

One step. There is no list of payouts: one whose answer never came is found by sending it again under the same id,
which PayPal refuses for 30 days with the first one's address. Source: Payouts v1.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.paypal import payouts
from cleanly.platform.providers.paypal.client import Client
from cleanly.platform.providers.paypal.faults import AlreadySent
from cleanly.platform.providers.paypal.snapshots import NAME
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
from cleanly.platform.providers.reading import reading

PAYOUTS: Final = "/v1/payments/payouts"
ITEMS: Final = "/v1/payments/payouts-item"


class PayPalSellers:
    """The seller side of one PayPal account; `client` is the adapter's."""

    name = NAME
    capabilities = frozenset({Capability.SELLER_ACCOUNTS, Capability.PAYOUTS})
    key_memory = timedelta(days=30)  # of a sender_batch_id

    def __init__(self, client: Client, *, account: str) -> None:
        self._client = client
        self.account = account

    async def create_account(self, new: NewAccount, *, key: str) -> AccountSnapshot:
        """See `SellerProvider`. Nothing is made: the payee is the account."""
        del key
        if new.payee is None:
            raise Refused("payee_missing")
        return payouts.payee(new.payee, new.our_id)

    async def find_account(self, our_id: UUID) -> AccountSnapshot | None:
        """Nothing: what is not made there can't be found there."""
        del our_id
        return None

    async def get_account(self, reference: str) -> AccountSnapshot:
        """See `SellerProvider`. PayPal tells nothing of others' accounts: as the seller said."""
        return payouts.payee(reference, None)

    async def onboarding_link(self, reference: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
        """Refuse: a payee has nothing to fill in.

        Raises:
            Refused: always.
        """
        del reference, return_url, refresh_url
        raise Refused("unsupported")

    async def send_transfer(self, new: NewTransfer, *, key: str) -> TransferSnapshot:
        """Refuse: paying takes one step.

        Raises:
            Refused: always.
        """
        del new, key
        raise Refused("unsupported")

    async def find_transfer(self, our_id: UUID) -> TransferSnapshot | None:
        """Nothing: there are none."""
        del our_id
        return None

    async def reverse_transfer(self, reference: str, *, our_id: UUID, key: str) -> TransferSnapshot:
        """Refuse: there are none.

        Raises:
            Refused: always.
        """
        del reference, our_id, key
        raise Refused("unsupported")

    async def send_payout(self, new: NewPayout, *, key: str) -> PayoutSnapshot:
        """See `SellerProvider`. A batch that was sent before is answered as it stands."""
        if new.destination not in {None, payouts.fingerprint(new.account)}:
            raise Refused("destination_changed")
        body = payouts.new_batch(new, key=key)
        try:
            made = await self._client.post(PAYOUTS, body=body, key=key)
        except AlreadySent as refusal:
            return await self._before(refusal.reference, new)
        with reading("a new payout"):
            return payouts.sent(made, new)

    async def get_payout(self, reference: str, *, account: str) -> PayoutSnapshot:
        """See `SellerProvider`."""
        found = await self._client.get(PAYOUTS, reference)
        with reading("a payout"):
            return payouts.batch(found, account=account)

    async def find_payout(self, our_id: UUID, *, account: str) -> PayoutSnapshot | None:
        """Nothing: PayPal has no list of them. The same key again finds it, or makes it, once."""
        del our_id, account
        return None

    async def cancel_payout(self, reference: str, *, account: str, key: str) -> PayoutSnapshot:
        """See `SellerProvider`. What nobody has claimed; PayPal takes no key for it, and refuses a second one.

        Source: Payouts v1, "Cancel unclaimed payout item".
        """
        del key
        try:
            found = await self._client.get(PAYOUTS, reference)
        except Unknown as error:
            raise NotSent(f"PayPal did not show the payout: {error}") from error
        with reading("a payout"):
            item = payouts.item_of(found)
        if item is None:
            raise Refused("not_claimable")
        await self._client.post(ITEMS, item, "cancel", key=None)
        return await self.get_payout(reference, account=account)

    async def _before(self, reference: str, new: NewPayout) -> PayoutSnapshot:
        """What was sent before under this id.

        Raises:
            Unknown: it can't be seen, or it is not this one.
        """
        try:
            found = await self.get_payout(reference, account=new.account)
        except (NotSent, Refused) as error:
            raise Unknown(f"sent before, but not seen since: {error}") from error
        if (found.our_id, found.money) != (new.our_id, new.money):
            raise Unknown("the same batch was sent before with another content")
        return found
