"""Payouts from the seller's request to the bank, on the wires of Stripe and PayPal, and in their books."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import structlog

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.reconciliation.messages import RECONCILE
from cleanly.domain.ledger.service import chart
from cleanly.domain.payouts.accounts.messages import LOOK_AFTER
from cleanly.domain.payouts.sending.messages import JANITOR
from cleanly.platform.providers.errors import Unknown
from tests.conftest import empty
from tests.domain.catalog.shelf import admin
from tests.domain.payments.market import new_key
from tests.domain.payments.stands import standing
from tests.domain.payouts.accounts.desk import StripeDesk
from tests.domain.payouts.stall import DatedIds, Stall
from tests.moved_clock import MovedClock

PAYEE = "ada.pay@example.com"
IN_TRANSIT = {"inTransit": 3_000}


class Wicket:
    """A seller with 3,000 to be paid out at a vendor, and an administrator."""

    def __init__(self, stand: Any, boss: Any) -> None:
        self.stand = stand
        self.stall = Stall(stand)
        self.boss = boss
        self.wire = stand.wire

    async def ask(self, amount: int = 3_000) -> str:
        body = {"amount": amount, "currency": "EUR"}
        reply = await self.stand.seller.call("POST", "/payouts", body, Idempotency_Key=new_key())
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    async def review(self, verdict: str, payout_id: str) -> None:
        boss = await self.stand.world.login(self.boss.email)
        reply = await boss.call("POST", f"/admin/payouts/{payout_id}/{verdict}", {"reason": "looked at it"})
        assert reply.status_code == 200, reply.text

    async def sent(self) -> str:
        """Asked for, approved, and with the provider."""
        payout_id = await self.ask()
        await self.review("approve", payout_id)
        await self.stand.deliver()
        assert await self.state(payout_id) == "in_transit"
        assert await self.stall.balance() == IN_TRANSIT
        return payout_id

    async def state(self, payout_id: str) -> str:
        return str((await self.stall.get(f"/payouts/{payout_id}")).json()["state"])

    async def tidy(self) -> None:
        await self.stand._ask(JANITOR)
        await self.stand.deliver()

    async def books(self) -> tuple[set[str], int]:
        """How lines of transfers stand after reconciliation, and how many differences are open."""
        await self.stand.wait(hours=4)
        await self.stand._ask(RECONCILE)
        lines = await self.stand.world.rows("SELECT match FROM provider_entries WHERE kind = 'transfer'")
        items = await self.stand.world.rows("SELECT 1 FROM reconciliation_items WHERE resolved_at IS NULL")
        return {row[0] for row in lines}, len(items)


async def _open(
    provider: str, database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Wicket, None]:
    monkeypatch.setattr(ledger, "new_id", DatedIds(clock))
    with structlog.testing.capture_logs():
        async with standing(provider, database_url, clock, monkeypatch) as stand:
            wicket = Wicket(stand, await admin(stand.world))
            if provider == "stripe":
                await StripeDesk(stand).enabled()
            else:
                body = {"provider": "paypal", "country": "DE", "payee": PAYEE}
                assert (await stand.seller.call("POST", "/payout-accounts", body)).status_code == 201
            await wicket.stall.post("test.earned", (chart.AVAILABLE, -3_000))
            yield wicket
            await wicket.stall.is_right()
    assert empty(database_url) == []


@pytest.fixture
async def stripe(database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Wicket, None]:
    async for wicket in _open("stripe", database_url, clock, monkeypatch):
        yield wicket


@pytest.fixture
async def paypal(database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Wicket, None]:
    async for wicket in _open("paypal", database_url, clock, monkeypatch):
        yield wicket


def objects(wicket: Wicket, kind: str) -> list[dict[str, Any]]:
    return [it for it in wicket.wire.objects.values() if it["object"] == kind]


async def test_stripe_moves_it_to_the_account_and_then_to_the_bank_and_may_take_it_back(stripe: Wicket):
    payout_id = await stripe.sent()
    [transfer], [payout] = objects(stripe, "transfer"), objects(stripe, "payout")
    assert (transfer["amount"], transfer["transfer_group"]) == (3_000, payout_id)
    stripe.wire.move_payout(payout["id"], "paid")
    await stripe.stand.deliver()
    assert await stripe.state(payout_id) == "paid"
    assert await stripe.stall.balance() == {}
    assert await stripe.books() == ({"matched"}, 0)
    stripe.wire.move_payout(payout["id"], "failed", "account_closed")
    await stripe.stand.deliver()
    assert await stripe.state(payout_id) == "failed"
    assert await stripe.stall.balance() == {"available": 3_000}
    # The line of the reversal, too, is that transfer's.
    assert await stripe.books() == ({"matched"}, 0)


async def test_a_payout_that_stripe_has_not_begun_is_called_back(stripe: Wicket):
    payout_id = await stripe.sent()
    await stripe.review("call-back", payout_id)
    await stripe.stand.deliver()
    assert await stripe.state(payout_id) == "canceled"
    assert await stripe.stall.balance() == {"available": 3_000}
    assert objects(stripe, "transfer")[0]["reversed"]


async def test_one_that_is_at_the_bank_is_not_and_nothing_changes(stripe: Wicket):
    payout_id = await stripe.sent()
    [payout] = objects(stripe, "payout")
    stripe.wire.move_payout(payout["id"], "in_transit")
    await stripe.review("call-back", payout_id)
    await stripe.stand.deliver()
    assert await stripe.state(payout_id) == "in_transit"
    assert await stripe.stall.balance() == IN_TRANSIT


async def test_news_of_a_transfer_alone_tells_that_it_was_taken_back(stripe: Wicket):
    payout_id = await stripe.sent()
    [transfer], [payout] = objects(stripe, "transfer"), objects(stripe, "payout")
    payout["status"] = "canceled"  # and no news of that comes
    stripe.wire.add(transfer["destination"], "eur", 3_000)
    stripe.wire.reverse(transfer, {})
    await stripe.stand.deliver()
    assert await stripe.state(payout_id) == "failed"
    assert await stripe.stall.balance() == {"available": 3_000}


async def test_lost_news_of_a_sellers_account_and_of_its_payouts_is_made_up_for_by_looks(stripe: Wicket):
    payout_id = await stripe.sent()
    account, [payout] = await StripeDesk(stripe.stand).reference(), objects(stripe, "payout")
    stripe.wire.restrict(account, "individual.id_number")
    await stripe.stand.deliver()
    heard = stripe.stand.heard
    stripe.wire.reinstate(account)
    stripe.wire.move_payout(payout["id"], "paid")
    stripe.stand.heard = len(stripe.wire.pushed)
    assert heard < stripe.stand.heard
    await stripe.stand.wait(hours=25)
    await stripe.tidy()
    await stripe.stand._ask(LOOK_AFTER)
    assert await stripe.state(payout_id) == "paid"
    assert await StripeDesk(stripe.stand).row("state") == "enabled"


@pytest.mark.parametrize("path", ["/transfers$", "/payouts$"])
@pytest.mark.parametrize("fault", ["cut before", "cut after", "500 after"])
async def test_a_lost_answer_of_stripe_moves_nothing_twice(stripe: Wicket, path: str, fault: Any):
    payout_id = await stripe.ask()
    await stripe.review("approve", payout_id)
    stripe.wire.next(fault, on=path)
    await stripe.stand.deliver()
    for _ in range(3):
        await stripe.stand.wait(minutes=6)
        await stripe.tidy()
    assert await stripe.state(payout_id) == "in_transit"
    assert [len(objects(stripe, kind)) for kind in ("transfer", "payout")] == [1, 1]


async def test_paypals_item_is_known_in_its_books_by_another_name_and_matched(paypal: Wicket):
    payout_id = await paypal.sent()
    [batch] = paypal.wire.batches
    paypal.wire.settle_payout(batch, "SUCCESS")
    await paypal.stand.deliver()
    assert await paypal.state(payout_id) == "paid"
    assert await paypal.stall.balance() == {}
    assert paypal.wire.batches[batch]["items"][0]["transaction_id"] != batch
    assert await paypal.books() == ({"matched"}, 0)


async def test_what_nobody_claims_is_called_back_and_both_lines_are_matched(paypal: Wicket):
    payout_id = await paypal.sent()
    [batch] = paypal.wire.batches
    paypal.wire.settle_payout(batch, "UNCLAIMED")
    await paypal.stand.deliver()
    assert await paypal.state(payout_id) == "in_transit"
    await paypal.review("call-back", payout_id)
    await paypal.stand.deliver()
    assert await paypal.state(payout_id) == "returned"
    assert await paypal.stall.balance() == {"available": 3_000}
    assert await paypal.books() == ({"matched"}, 0)
    actions = await paypal.stand.world.actions()
    assert "payout.called_back" in actions


async def test_what_has_arrived_is_not_called_back(paypal: Wicket):
    payout_id = await paypal.sent()
    [batch] = paypal.wire.batches
    paypal.wire.settle_payout(batch, "SUCCESS")  # and its news is not heard yet
    await paypal.review("call-back", payout_id)
    await paypal.stand.world.work()
    assert await paypal.state(payout_id) == "paid"


@pytest.mark.parametrize("fault", ["cut before", "cut after"])
async def test_a_call_back_without_an_answer_is_asked_again_and_gives_it_back_once(paypal: Wicket, fault: Any):
    payout_id = await paypal.sent()
    [batch] = paypal.wire.batches
    paypal.wire.settle_payout(batch, "UNCLAIMED")
    await paypal.stand.deliver()
    await paypal.review("call-back", payout_id)
    paypal.wire.next(fault, on="/cancel$")
    with pytest.raises(Unknown):
        await paypal.stand.world.work()
    await paypal.stand.deliver()
    await paypal.tidy()
    assert await paypal.state(payout_id) == "returned"
    assert await paypal.stall.balance() == {"available": 3_000}


@pytest.mark.parametrize("fault", ["cut before", "cut after", "500 after"])
async def test_a_lost_answer_of_paypal_sends_nothing_twice(paypal: Wicket, fault: Any):
    payout_id = await paypal.ask()
    await paypal.review("approve", payout_id)
    paypal.wire.next(fault, on="/payouts$")
    await paypal.stand.deliver()
    for _ in range(2):
        await paypal.stand.wait(minutes=6)
        await paypal.tidy()
    assert await paypal.state(payout_id) == "in_transit"
    assert len(paypal.wire.batches) == 1


async def test_another_payee_is_told_to_the_seller_by_mail(paypal: Wicket):
    world, seller = paypal.stand.world, paypal.stand.seller
    account = (await world.rows("SELECT id FROM payout_accounts"))[0][0]
    body = {"payee": "eve@example.com", "currentPassword": "correct horse battery staple"}
    reply = await seller.call("PUT", f"/payout-accounts/{account}", body, Idempotency_Key=new_key())
    assert reply.status_code == 200, reply.text
    await world.work()
    [mail] = [one for one in await world.mails(seller.email) if "payouts go" in one["subject"]]
    assert "e…@example.com" in mail["text"]
    assert "eve@example.com" not in mail["text"]
