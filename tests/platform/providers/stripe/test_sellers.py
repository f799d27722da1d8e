"""Stripe Connect: what every seller side keeps, and what is Stripe's own."""

import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import NotYet, Refused, Unknown
from cleanly.platform.providers.protocol_sellers import NewPayout
from cleanly.platform.providers.stripe import events
from cleanly.platform.providers.stripe import seller_snapshots as snapshots
from tests.platform.providers.contract import our_id
from tests.platform.providers.contract_sellers import EUR, SellerContract, SellerRig
from tests.platform.providers.stripe.conftest import MISHAPS

HUF = Money(120_000, "HUF")


@pytest.fixture
def seller_rig(stripe, wire, clock) -> SellerRig:
    async def onboard(reference):
        wire.onboard(reference)

    async def end(payout, ending):
        wire.move_payout(payout.reference, ending, "account_closed" if ending == "failed" else None)

    async def mishap(kind):
        wire.next(MISHAPS[kind])

    async def pushes():
        return wire.pushed

    return SellerRig(
        provider=stripe,
        sellers=stripe.sellers,
        clock=clock,
        payee=None,
        onboard=onboard,
        end=end,
        mishap=mishap,
        pushes=pushes,
    )


class TestStripeSellers(SellerContract):
    """See `SellerContract`."""


async def test_an_account_is_one_that_pays_out_only_when_we_say_so(seller_rig, wire):
    await seller_rig.sellers.create_account(seller_rig.new(1), key="seller_account:1:1")
    [call] = wire.sent("POST", "/v1/accounts")
    assert call.headers["idempotency-key"] == "seller_account:1:1"
    assert {name: call.body[name] for name in call.body if name.startswith(("settings", "controller", "cap"))} == {
        "controller[fees][payer]": "application",
        "controller[losses][payments]": "application",
        "controller[requirement_collection]": "stripe",
        "controller[stripe_dashboard][type]": "express",
        "capabilities[transfers][requested]": "true",
        "settings[payouts][schedule][interval]": "manual",
    }


async def test_a_new_account_wants_something_and_its_link_is_new_each_time(seller_rig):
    made = await seller_rig.sellers.create_account(seller_rig.new(1), key="seller_account:1:1")
    assert (made.state, made.payouts_enabled, made.destination) == ("pending", False, None)
    assert "external_account" in made.requirements
    links = [
        await seller_rig.sellers.onboarding_link(
            made.reference, return_url="https://example.com/a", refresh_url="https://example.com/b"
        )
        for _ in range(2)
    ]
    assert links[0].url != links[1].url
    assert links[0].expires_at is not None


async def test_an_account_that_lost_something_is_restricted_and_comes_back(seller_rig, wire):
    account = await seller_rig.account(1)
    wire.restrict(account.reference, "individual.verification.document")
    seen = await seller_rig.sellers.get_account(account.reference)
    assert (seen.state, seen.payouts_enabled) == ("restricted", False)
    assert seen.requirements == ("individual.verification.document",)
    assert seen.disabled_reason == "requirements.past_due"
    wire.reinstate(account.reference)
    assert (await seller_rig.sellers.get_account(account.reference)).state == "active"


async def test_an_account_under_review_has_nothing_for_the_seller_to_do(seller_rig, wire):
    account = await seller_rig.account(1)
    wire.objects[account.reference]["payouts_enabled"] = False
    assert (await seller_rig.sellers.get_account(account.reference)).state == "pending"


@pytest.mark.parametrize("end", ["deauthorize", "reject"])
async def test_an_account_that_is_gone_is_closed(seller_rig, wire, end):
    account = await seller_rig.account(1)
    getattr(wire, end)(account.reference)
    seen = await seller_rig.sellers.get_account(account.reference)
    assert (seen.state, seen.payouts_enabled, seen.reference) == ("closed", False, account.reference)
    assert (await seller_rig.sellers.get_account("acct_none")).state == "closed"


async def test_another_bank_is_another_destination_and_one_more_is_too(seller_rig, wire):
    account = await seller_rig.account(1)
    wire.change_bank(account.reference, last4="1111")
    changed = await seller_rig.sellers.get_account(account.reference)
    wire.put_bank(wire.objects[account.reference], "2222", "huf")
    more = await seller_rig.sellers.get_account(account.reference)
    found = [one.destination for one in (account, changed, more)]
    assert [one.last4 for one in found] == ["6789", "1111", "1111"]
    assert len({one.fingerprint for one in found}) == 3


async def test_each_currency_goes_to_its_own_bank(seller_rig, wire):
    account = await seller_rig.account(1)
    bank = wire.put_bank(wire.objects[account.reference], "2222", "huf")
    account = await seller_rig.sellers.get_account(account.reference)
    await seller_rig.paid_out(account, 2, HUF)
    [call] = wire.sent("POST", "/v1/payouts")
    assert call.body["destination"] == bank["id"]
    assert call.headers["stripe-account"] == account.reference


async def test_a_payout_in_a_currency_without_a_bank_is_refused(seller_rig):
    account = await seller_rig.account(1)
    with pytest.raises(Refused):
        await seller_rig.paid_out(account, 2, HUF)


async def test_our_own_balance_must_cover_a_transfer(seller_rig, wire):
    account = await seller_rig.account(1)
    wire.funds["eur"] = EUR.amount - 1
    with pytest.raises(NotYet):
        await seller_rig.transferred(account, 2, EUR)


async def test_the_lists_are_read_to_their_ends(seller_rig, wire):
    account = await seller_rig.account(1)
    sent = await seller_rig.paid_out(account, 2, EUR)
    for _ in range(120):
        wire.put("po", "payout", amount=1, currency="eur", metadata={}, status="paid", _of=account.reference)
        wire.put("acct", "account", **{k: v for k, v in wire.objects[account.reference].items() if k in _ACCOUNT})
    found = await seller_rig.sellers.find_payout(our_id(2), account=account.reference)
    assert found is not None
    assert found.reference == sent.reference
    assert (await seller_rig.sellers.find_account(our_id(1))).reference == account.reference


_ACCOUNT = {
    "payouts_enabled",
    "charges_enabled",
    "details_submitted",
    "capabilities",
    "requirements",
    "external_accounts",
    "country",
}


async def test_a_list_without_an_end_leaves_it_in_doubt(seller_rig, wire, monkeypatch):
    account = await seller_rig.account(1)
    monkeypatch.setattr(wire, "page", lambda items, _call: {"data": items[:1], "has_more": True})
    with pytest.raises(Unknown):
        await seller_rig.sellers.find_account(our_id(9))
    await seller_rig.paid_out(account, 2, EUR)
    with pytest.raises(Unknown):
        await seller_rig.sellers.find_payout(our_id(9), account=account.reference)


async def test_a_payout_that_was_reversed_came_back(seller_rig, wire):
    account = await seller_rig.account(1)
    sent = await seller_rig.paid_out(account, 2, EUR)
    wire.move_payout(sent.reference, "paid")
    wire.objects[sent.reference]["reversed_by"] = "po_other"
    assert (await seller_rig.sellers.get_payout(sent.reference, account=account.reference)).state == "returned"


async def test_nothing_pinned_is_left_to_stripe(seller_rig, wire):
    account = await seller_rig.account(1)
    await seller_rig.transferred(account, 2, EUR)
    new = seller_rig.payout(account, 2, EUR)
    free = NewPayout(
        our_id=new.our_id, account=new.account, money=EUR, transfer=None, destination=None, description="x" * 900
    )
    await seller_rig.sellers.send_payout(free, key="payout:2:1")
    [call] = wire.sent("POST", "/v1/payouts")
    assert "destination" not in call.body
    assert len(call.body["description"]) == 500


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("account.updated", {"object": "account", "id": "acct_1"}),
        ("capability.updated", {"object": "capability", "id": "transfers", "account": "acct_1"}),
        ("person.updated", {"object": "person", "id": "person_1", "account": "acct_1"}),
        ("account.external_account.updated", {"object": "bank_account", "id": "ba_1", "account": "acct_1"}),
        ("account.application.deauthorized", {"object": "application", "id": "ca_1"}),
    ],
)
def test_news_of_any_part_of_an_account_is_news_of_the_account(kind, about):
    it = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": 1_700_000_000,
        "livemode": False,
        "account": "acct_1",
        "data": {"object": about},
    }
    found = events.event(it, account="test", is_live=False, verified_with="x")
    assert (found.kind, found.object, found.account, found.our_id) == ("account", "acct_1", "acct_1", None)
    assert events.event({**it, "livemode": True}, account="test", is_live=False, verified_with="x").kind == "other"


def test_every_state_of_a_payout_that_stripe_tells_is_known():
    assert set(snapshots._PAYOUT) == {"paid", "pending", "in_transit", "canceled", "failed"}
