"""An account whose opening has no answer, or whose provider says no: made once, found again, or given up."""

import pytest

from cleanly.domain.payouts.accounts import flows
from tests.domain.payouts.accounts.desk import PATH
from tests.world import code


@pytest.mark.parametrize("mishap", ["timeout_before", "timeout_after", "fault_after"])
async def test_without_an_answer_the_same_call_again_makes_it_once(desk, mishap):
    desk.fails(mishap)
    first = await desk.open(key="mine")
    assert (first.status_code, code(first)) == (504, "PROVIDER_TIMEOUT")
    again = await desk.open(key="mine")
    assert again.status_code == 201
    assert await desk.opened() == 1
    assert await desk.row("reference")


async def test_in_doubt_it_is_looked_for_before_it_is_asked_for(stripe):
    stripe.fails("timeout_after")
    await stripe.open()
    made = await stripe.look()
    assert made["requirements"]
    assert len(stripe.wire.sent("POST", "/v1/accounts")) == 1
    assert len(stripe.wire.sent("GET", "/v1/accounts")) == 1


async def test_a_key_that_the_provider_has_forgotten_is_not_used_again(stripe):
    stripe.fails("timeout_before")
    await stripe.open()
    for wait in ({"hours": 25}, {"minutes": 11}):
        await stripe.stand.wait(**wait)
        reply = await stripe.open()
        stripe.wire.keys.clear()
    assert reply.status_code == 200
    keys = [call.headers["idempotency-key"].rpartition(":")[2] for call in stripe.wire.sent("POST", "/v1/accounts")]
    assert keys == ["1", "2"]
    assert await stripe.opened() == 1


async def test_a_busy_provider_is_asked_again(desk):
    desk.fails("busy")
    reply = await desk.open()
    assert (reply.status_code, code(reply)) == (502, "PROVIDER_ERROR")
    assert int(reply.headers["retry-after"]) >= 1
    assert (await desk.open()).status_code == 200
    assert await desk.opened() == 1


async def test_a_death_between_the_call_and_its_answer_leaves_one_account(desk, monkeypatch):
    settle = flows._settle

    async def die(*_arguments, **_named):
        raise RuntimeError("killed")

    monkeypatch.setattr(flows, "_settle", die)
    assert (await desk.open()).status_code == 500
    assert await desk.row("reference") is None
    monkeypatch.setattr(flows, "_settle", settle)
    await desk.stand.wait(minutes=2)
    assert (await desk.open()).status_code == 200
    assert await desk.opened() == 1
    assert await desk.row("reference")


async def test_news_that_comes_before_the_answer_finds_the_account_by_our_id(stripe):
    """The event is pushed while the call is on its way: our row does not know the account's name yet."""

    async def deliver() -> None:
        await stripe.stand.push(await stripe.stand.hear())
        await stripe.stand.world.work()

    stripe.wire.after("/accounts$", deliver)
    made = await stripe.opened_one()
    await stripe.stand.deliver()
    assert await stripe.stand.inbox() == ["done"]
    assert (await stripe.look())["id"] == made["id"]


async def test_a_country_that_the_provider_does_not_serve_leaves_room_for_another(stripe):
    reply = await stripe.open(country="KP")
    assert (reply.status_code, code(reply)) == (422, "UNSUPPORTED_BY_PROVIDER")
    assert reply.json()["error"]["details"] == {"provider": "stripe", "reason": "country_unsupported"}
    assert (await stripe.seller.call("GET", f"{PATH}/me")).status_code == 404
    assert (await stripe.open()).status_code == 201


@pytest.mark.parametrize("end", ["deauthorize", "reject"])
async def test_an_account_that_is_closed_is_disabled_and_replaced_by_a_new_one(stripe, end):
    old = await stripe.enabled()
    getattr(stripe.wire, end)(await stripe.reference())
    await stripe.stand.deliver()
    shown = await stripe.look()
    assert (shown["status"], shown["payoutsEnabled"], shown["onboardingUrl"]) == ("disabled", False, None)
    reply = await stripe.open()
    new = reply.json()
    assert reply.status_code == 201
    assert new["id"] != old["id"]
    assert new["isDefault"]
    await stripe.onboard()
    await stripe.stand.deliver()
    # The seller had a destination before: whoever opened this one may be somebody else.
    assert (await stripe.look())["destination"]["changedAt"] == "2026-11-22T12:00:00.000Z"
    assert await stripe.stand.world.rows("SELECT count(*) FROM payout_accounts") == [(2,)]


async def test_news_of_an_account_that_was_given_up_or_was_never_ours_changes_nothing(stripe):
    await stripe.enabled()
    reference = await stripe.reference()
    stripe.wire.reject(reference)
    await stripe.stand.deliver()
    await stripe.open()
    await stripe.stand.deliver()
    told = await stripe.told()
    stripe.wire.reinstate(reference)
    theirs = stripe.wire.account({"country": "DE", "email": "eve@example.com"})
    stripe.wire.onboard(theirs["id"])
    await stripe.stand.deliver()
    assert await stripe.told() == told
    assert (await stripe.stand.inbox())[-3:] == ["ignored"] * 3


async def test_an_account_that_is_anothers_is_never_taken_over(stripe):
    await stripe.enabled()
    mine = await stripe.reference()
    it = stripe.wire.objects[mine]
    other = stripe.wire.account({"country": "DE", "email": "eve@example.com"})
    other["metadata"] = dict(it["metadata"])  # somebody copied our id
    stripe.wire.say(other)
    await stripe.stand.deliver()
    assert await stripe.reference() == mine
    it["metadata"] = {"cleanly_id": "01a2038c-e4a8-7347-8350-90f38f89e522"}
    stripe.wire.restrict(mine)
    await stripe.stand.deliver()
    assert await stripe.row("state") == "enabled"


async def test_a_provider_that_does_not_answer_shows_what_was_last_seen(stripe, monkeypatch):
    await stripe.opened_one()
    await stripe.stand.wait(seconds=10)

    def broken(*_arguments):
        raise AssertionError("the fake is down")

    monkeypatch.setattr(stripe.wire, "connect", broken)
    shown = await stripe.look()
    assert (shown["status"], shown["onboardingUrl"]) == ("pending", None)
