"""PayPal Payouts: what every seller side keeps, and what is PayPal's own: no accounts, no list, batches of one."""

import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import NotYet, Refused, Unknown
from cleanly.platform.providers.paypal import payouts
from cleanly.platform.providers.protocol_sellers import NewAccount, NewTransfer
from tests.platform.providers.contract import our_id
from tests.platform.providers.contract_sellers import EUR, SellerContract, SellerRig
from tests.platform.providers.paypal.conftest import MISHAPS

PATH = "/v1/payments/payouts"
_ITEM = {"paid": "SUCCESS", "failed": "RETURNED", "in_transit": "ONHOLD"}


@pytest.fixture
def seller_rig(paypal, wire, clock) -> SellerRig:
    async def onboard(reference):
        raise AssertionError(reference)

    async def end(payout, ending):
        wire.settle_payout(payout.reference, _ITEM[ending])

    async def mishap(kind):
        wire.next(MISHAPS[kind], on=PATH)

    async def pushes():
        return wire.pushed

    return SellerRig(
        provider=paypal,
        sellers=paypal.sellers,
        clock=clock,
        payee="ada@example.com",
        onboard=onboard,
        end=end,
        mishap=mishap,
        pushes=pushes,
    )


class TestPayPalSellers(SellerContract):
    """See `SellerContract`. PayPal can't be searched: the same key again is the only look."""

    async def test_an_account_is_found_by_our_id_and_by_no_other(self, seller_rig, number):
        await seller_rig.account(number)
        assert await seller_rig.sellers.find_account(our_id(number)) is None

    async def test_what_was_sent_is_found_by_our_id(self, seller_rig, number):
        account = await seller_rig.account(number)
        sent = await seller_rig.paid_out(account, number, EUR)
        assert await seller_rig.sellers.find_payout(our_id(number), account=account.reference) is None
        assert (await seller_rig.paid_out(account, number, EUR)).reference == sent.reference


async def sent(rig: SellerRig, number: int = 1) -> str:
    account = await rig.account(number)
    return (await rig.paid_out(account, number, EUR)).reference


async def test_a_batch_has_one_item_that_names_our_payout(seller_rig, wire):
    await sent(seller_rig)
    [call] = wire.sent("POST", PATH)
    assert call.body == {
        "sender_batch_header": {"sender_batch_id": f"payout:{our_id(1)}:1"},
        "items": [
            {
                "recipient_type": "EMAIL",
                "receiver": "ada@example.com",
                "amount": {"currency": "EUR", "value": "60.00"},
                "sender_item_id": str(our_id(1)),
                "note": "Cleanly",
            }
        ],
    }
    assert call.headers["paypal-request-id"] == f"payout:{our_id(1)}:1"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("SUCCESS", "paid"),
        ("PENDING", "in_transit"),
        ("UNCLAIMED", "in_transit"),
        ("ONHOLD", "in_transit"),
        ("FAILED", "failed"),
        ("BLOCKED", "failed"),
        ("RETURNED", "returned"),
        ("REFUNDED", "returned"),
        ("REVERSED", "returned"),
    ],
)
async def test_the_item_tells_and_not_the_batch(seller_rig, wire, status, state):
    reference = await sent(seller_rig)
    wire.settle_payout(reference, status, "RECEIVER_UNREGISTERED" if state == "failed" else None)
    seen = await seller_rig.sellers.get_payout(reference, account="ada@example.com")
    assert wire.batches[reference]["batch_header"]["batch_status"] == "SUCCESS"
    assert (seen.state, seen.money, seen.account) == (state, EUR, "ada@example.com")
    expected = {"failed": "RECEIVER_UNREGISTERED", "returned": status}.get(state)
    assert seen.failure_code == expected


async def test_a_batch_that_is_denied_has_failed_and_its_news_says_whose_it_was(seller_rig, wire, paypal, clock):
    reference = await sent(seller_rig)
    wire.deny(reference)
    seen = await seller_rig.sellers.get_payout(reference, account="ada@example.com")
    assert (seen.state, seen.failure_code, seen.our_id, seen.money) == ("failed", "DENIED", our_id(1), EUR)
    push = wire.pushed[-1]
    event = await paypal.verify_webhook(push.headers, push.body, now=clock.now())
    assert (event.kind, event.object, event.our_id) == ("payout", reference, our_id(1))


async def test_a_batch_is_never_paid_before_its_item_is_seen(seller_rig, wire):
    reference = await sent(seller_rig)
    wire.batches[reference]["items"] = []
    for status, state in (("PENDING", "pending"), ("PROCESSING", "in_transit"), ("SUCCESS", "in_transit")):
        wire.batches[reference]["batch_header"]["batch_status"] = status
        assert (await seller_rig.sellers.get_payout(reference, account="ada@example.com")).state == state


async def test_a_batch_that_paypal_knows_by_its_id_alone_is_followed_to_the_first(seller_rig, wire):
    """The request id is forgotten after a while; the batch's own is not, for 30 days."""
    reference = await sent(seller_rig)
    wire.keys.clear()
    wire.settle_payout(reference, "SUCCESS")
    again = await seller_rig.paid_out(await seller_rig.account(1), 1, EUR)
    assert (again.reference, again.state) == (reference, "paid")
    assert len(wire.batches) == 1


async def test_a_duplicate_that_does_not_name_the_first_is_in_doubt_and_never_refused(seller_rig, wire):
    await sent(seller_rig)
    wire.keys.clear()
    wire.says_which = False
    with pytest.raises(Unknown):
        await seller_rig.paid_out(await seller_rig.account(1), 1, EUR)


async def test_a_duplicate_with_other_content_is_in_doubt(seller_rig, wire):
    account = await seller_rig.account(1)
    await seller_rig.paid_out(account, 1, EUR)
    wire.keys.clear()
    with pytest.raises(Unknown):
        await seller_rig.paid_out(account, 1, Money(1, "EUR"))


async def test_our_own_balance_must_cover_it(seller_rig, wire):
    wire.funds = 59.99
    with pytest.raises(NotYet):
        await sent(seller_rig)


async def test_a_merchants_id_is_a_payee_too(seller_rig, wire):
    new = NewAccount(our_id=our_id(1), email="ada@example.com", country="DE", payee="7LFGYMXBEUNHG")
    account = await seller_rig.sellers.create_account(new, key="seller_account:1:1")
    await seller_rig.paid_out(account, 1, EUR)
    [call] = wire.sent("POST", PATH)
    assert call.body["items"][0]["recipient_type"] == "PAYPAL_ID"
    assert account.destination.last4 == "UNHG"


def test_a_hint_tells_its_owner_and_nobody_else():
    assert payouts.hint("ada.lovelace@example.com") == "a…@example.com"
    assert payouts.hint("7LFGYMXBEUNHG") == "UNHG"
    assert payouts.fingerprint("a@example.com") != payouts.fingerprint("b@example.com")


async def test_forints_go_out_whole(seller_rig, wire):
    account = await seller_rig.account(1)
    await seller_rig.paid_out(account, 1, Money(120_000, "HUF"))
    [call] = wire.sent("POST", PATH)
    assert call.body["items"][0]["amount"] == {"currency": "HUF", "value": "1200"}


async def test_what_paypal_has_not_is_refused(seller_rig):
    transfer = NewTransfer(our_id=our_id(1), account="ada@example.com", money=EUR, transfer_group="1")
    for call in (
        seller_rig.sellers.send_transfer(transfer, key="transfer:1:1"),
        seller_rig.sellers.reverse_transfer("tr_1", our_id=our_id(1), key="reverse_transfer:1:1"),
        seller_rig.sellers.onboarding_link("ada@example.com", return_url="https://a", refresh_url="https://b"),
        seller_rig.sellers.create_account(
            NewAccount(our_id=our_id(1), email="ada@example.com", country="DE"), key="seller_account:1:1"
        ),
    ):
        with pytest.raises(Refused):
            await call
    assert await seller_rig.sellers.find_transfer(our_id(1)) is None
