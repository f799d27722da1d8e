"""What the seller side of every provider keeps. A provider's tests inherit `SellerContract` and give `seller_rig`."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import pytest

from cleanly.kernel.clock import Clock
from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import NotSent, NotThere, NotYet, Refused, Unknown
from cleanly.platform.providers.protocol import Capability, Provider
from cleanly.platform.providers.protocol_sellers import (
    AccountSnapshot,
    NewAccount,
    NewPayout,
    NewTransfer,
    PayoutSnapshot,
    SellerProvider,
    TransferSnapshot,
)
from tests.platform.providers.contract import Mishap, Push, our_id

Ending = Literal["paid", "failed", "in_transit"]
_numbers = itertools.count(1)
EUR = Money(6000, "EUR")


@dataclass(frozen=True)
class SellerRig:
    """The seller side of a provider, and the hands that its contract needs."""

    provider: Provider
    sellers: SellerProvider
    clock: Clock
    payee: str | None
    onboard: Callable[[str], Awaitable[None]]  # the seller gives the provider what it wants
    end: Callable[[PayoutSnapshot, Ending], Awaitable[None]]  # what becomes of a payout
    mishap: Callable[[Mishap], Awaitable[None]]  # what becomes of the next call that changes something
    pushes: Callable[[], Awaitable[Sequence[Push]]]
    fails_late: Money = EUR  # an amount that may fail after it was paid

    @property
    def has_transfers(self) -> bool:
        return Capability.TRANSFERS in self.sellers.capabilities

    def new(self, number: int) -> NewAccount:
        return NewAccount(our_id=our_id(number), email="ada@example.com", country="DE", payee=self.payee)

    async def account(self, number: int) -> AccountSnapshot:
        """One that can be paid."""
        made = await self.sellers.create_account(self.new(number), key=f"seller_account:{number}:1")
        if made.state != "active":
            await self.onboard(made.reference)
        return await self.sellers.get_account(made.reference)

    async def transferred(self, account: AccountSnapshot, number: int, money: Money) -> TransferSnapshot | None:
        """The first step, where there are two."""
        if not self.has_transfers:
            return None
        new = NewTransfer(
            our_id=our_id(number), account=account.reference, money=money, transfer_group=str(our_id(number))
        )
        return await self.sellers.send_transfer(new, key=f"transfer:{our_id(number)}:1")

    def payout(
        self, account: AccountSnapshot, number: int, money: Money, transfer: TransferSnapshot | None = None
    ) -> NewPayout:
        return NewPayout(
            our_id=our_id(number),
            account=account.reference,
            money=money,
            transfer=None if transfer is None else transfer.reference,
            destination=None if account.destination is None else account.destination.fingerprint,
            description="Cleanly",
        )

    async def paid_out(self, account: AccountSnapshot, number: int, money: Money) -> PayoutSnapshot:
        """As far as the last call goes."""
        transfer = await self.transferred(account, number, money)
        return await self.sellers.send_payout(
            self.payout(account, number, money, transfer), key=f"payout:{our_id(number)}:1"
        )


class SellerContract:
    """The promises of `SellerProvider`, one test each."""

    @pytest.fixture
    def number(self) -> int:
        return next(_numbers)

    async def test_it_has_a_seller_side(self, seller_rig):
        assert isinstance(seller_rig.sellers, SellerProvider)
        assert seller_rig.sellers.name == seller_rig.provider.name
        assert seller_rig.sellers.account == seller_rig.provider.account
        assert {Capability.SELLER_ACCOUNTS, Capability.PAYOUTS} <= seller_rig.provider.capabilities

    async def test_an_account_is_ours_and_made_once(self, seller_rig, number):
        made = await seller_rig.sellers.create_account(seller_rig.new(number), key=f"seller_account:{number}:1")
        again = await seller_rig.sellers.create_account(seller_rig.new(number), key=f"seller_account:{number}:1")
        assert made.our_id == our_id(number)
        assert made.reference == again.reference
        assert (await seller_rig.sellers.get_account(made.reference)).reference == made.reference

    async def test_an_account_is_found_by_our_id_and_by_no_other(self, seller_rig, number):
        made = await seller_rig.account(number)
        found = await seller_rig.sellers.find_account(our_id(number))
        assert found is not None
        assert found.reference == made.reference
        assert await seller_rig.sellers.find_account(our_id(10**6 + number)) is None

    async def test_an_onboarded_account_can_be_paid_and_says_where(self, seller_rig, number):
        account = await seller_rig.account(number)
        assert (account.state, account.payouts_enabled, account.requirements) == ("active", True, ())
        assert account.destination is not None
        assert account.destination.last4
        assert account.destination.fingerprint

    async def test_money_reaches_the_seller_in_the_providers_steps(self, seller_rig, number):
        account = await seller_rig.account(number)
        sent = await seller_rig.paid_out(account, number, EUR)
        assert (sent.our_id, sent.money, sent.account) == (our_id(number), EUR, account.reference)
        assert sent.state in {"pending", "in_transit"}
        await seller_rig.end(sent, "paid")
        seen = await seller_rig.sellers.get_payout(sent.reference, account=account.reference)
        assert (seen.state, seen.our_id, seen.money) == ("paid", our_id(number), EUR)

    async def test_the_same_keys_again_send_nothing_more(self, seller_rig, number):
        account = await seller_rig.account(number)
        first = await seller_rig.transferred(account, number, EUR)
        again = await seller_rig.transferred(account, number, EUR)
        assert first == again
        payout = seller_rig.payout(account, number, EUR, first)
        made = [await seller_rig.sellers.send_payout(payout, key=f"payout:{our_id(number)}:1") for _ in range(2)]
        assert made[0].reference == made[1].reference

    async def test_what_was_sent_is_found_by_our_id(self, seller_rig, number):
        account = await seller_rig.account(number)
        sent = await seller_rig.paid_out(account, number, EUR)
        if seller_rig.has_transfers:
            transfer = await seller_rig.sellers.find_transfer(our_id(number))
            assert transfer is not None
            assert (transfer.our_id, transfer.money, transfer.account) == (our_id(number), EUR, account.reference)
        found = await seller_rig.sellers.find_payout(our_id(number), account=account.reference)
        assert found is not None
        assert found.reference == sent.reference
        assert await seller_rig.sellers.find_payout(our_id(10**6 + number), account=account.reference) is None

    async def test_a_payout_that_was_paid_may_fail_all_the_same(self, seller_rig, number):
        account = await seller_rig.account(number)
        sent = await seller_rig.paid_out(account, number, seller_rig.fails_late)
        await seller_rig.end(sent, "paid")
        assert (await seller_rig.sellers.get_payout(sent.reference, account=account.reference)).state == "paid"
        await seller_rig.end(sent, "failed")
        seen = await seller_rig.sellers.get_payout(sent.reference, account=account.reference)
        assert seen.state in {"failed", "returned"}
        assert seen.failure_code

    async def test_no_more_is_paid_out_than_was_transferred(self, seller_rig, number):
        account = await seller_rig.account(number)
        if not seller_rig.has_transfers:
            pytest.skip("it pays from our own balance")
        transfer = await seller_rig.transferred(account, number, EUR)
        with pytest.raises(NotYet):
            await seller_rig.sellers.send_payout(
                seller_rig.payout(account, number, Money(2 * EUR.amount, "EUR"), transfer),
                key=f"payout:{our_id(number)}:1",
            )

    async def test_a_transfer_comes_back_once_and_whole(self, seller_rig, number):
        account = await seller_rig.account(number)
        transfer = await seller_rig.transferred(account, number, EUR)
        if transfer is None:
            pytest.skip("there are no transfers")
        back = [
            await seller_rig.sellers.reverse_transfer(
                transfer.reference, our_id=our_id(number), key=f"reverse_transfer:{our_id(number)}:{attempt}"
            )
            for attempt in (1, 1, 2)
        ]
        assert [one.reversed_amount for one in back] == [EUR.amount] * 3
        assert all(one.is_reversed for one in back)

    async def test_a_transfer_whose_money_has_moved_on_does_not_come_back(self, seller_rig, number):
        account = await seller_rig.account(number)
        transfer = await seller_rig.transferred(account, number, EUR)
        if transfer is None:
            pytest.skip("there are no transfers")
        await seller_rig.sellers.send_payout(
            seller_rig.payout(account, number, EUR, transfer), key=f"payout:{our_id(number)}:1"
        )
        with pytest.raises(NotYet):
            await seller_rig.sellers.reverse_transfer(
                transfer.reference, our_id=our_id(number), key=f"reverse_transfer:{our_id(number)}:1"
            )

    async def test_what_is_not_exact_is_refused_before_it_is_sent(self, seller_rig, number):
        account = await seller_rig.account(number)
        odd = Money(12_345, "HUF")
        with pytest.raises(Refused):
            await seller_rig.sellers.send_payout(
                seller_rig.payout(account, number, odd), key=f"payout:{our_id(number)}:1"
            )

    async def test_money_goes_to_the_pinned_destination_or_nowhere(self, seller_rig, number):
        account = await seller_rig.account(number)
        await seller_rig.transferred(account, number, EUR)
        new = seller_rig.payout(account, number, EUR)
        other = NewPayout(
            our_id=new.our_id,
            account=new.account,
            money=new.money,
            transfer=None,
            destination="another",
            description=new.description,
        )
        with pytest.raises(Refused) as caught:
            await seller_rig.sellers.send_payout(other, key=f"payout:{our_id(number)}:1")
        assert caught.value.code == "destination_changed"

    @pytest.mark.parametrize("mishap", ["timeout_before", "timeout_after", "fault_after"])
    async def test_a_payout_without_an_answer_is_in_doubt_and_made_once(self, seller_rig, number, mishap):
        account = await seller_rig.account(number)
        transfer = await seller_rig.transferred(account, number, EUR)
        payout = seller_rig.payout(account, number, EUR, transfer)
        await seller_rig.mishap(mishap)
        with pytest.raises(Unknown):
            await seller_rig.sellers.send_payout(payout, key=f"payout:{our_id(number)}:1")
        # As whoever is in doubt goes on: a look, and only if it shows nothing the same call again.
        made = [
            await seller_rig.sellers.find_payout(our_id(number), account=account.reference)
            or await seller_rig.sellers.send_payout(payout, key=f"payout:{our_id(number)}:1")
            for _ in range(2)
        ]
        assert made[0].reference == made[1].reference
        await seller_rig.end(made[0], "paid")

    async def test_a_busy_provider_has_sent_nothing(self, seller_rig, number):
        account = await seller_rig.account(number)
        transfer = await seller_rig.transferred(account, number, EUR)
        await seller_rig.mishap("busy")
        with pytest.raises(NotSent):
            await seller_rig.sellers.send_payout(
                seller_rig.payout(account, number, EUR, transfer), key=f"payout:{our_id(number)}:1"
            )
        assert await seller_rig.sellers.find_payout(our_id(number), account=account.reference) is None

    async def test_what_is_not_there_is_refused(self, seller_rig, number):
        account = await seller_rig.account(number)
        with pytest.raises(NotThere):
            await seller_rig.sellers.get_payout("po_none", account=account.reference)

    async def test_news_of_a_payout_names_it(self, seller_rig, number):
        account = await seller_rig.account(number)
        sent = await seller_rig.paid_out(account, number, EUR)
        await seller_rig.end(sent, "paid")
        now = seller_rig.clock.now()
        events = [
            await seller_rig.provider.verify_webhook(push.headers, push.body, now=now)
            for push in await seller_rig.pushes()
        ]
        told = [event for event in events if event.kind == "payout" and event.object == sent.reference]
        assert told
        assert {event.our_id for event in told} == {our_id(number)}
