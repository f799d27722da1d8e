"""The same lives at each provider: the sandbox, Stripe Billing, PayPal Subscriptions. Told through the door."""

import pytest

from tests.domain.subscriptions.kiosk import new_key
from tests.domain.subscriptions.kiosks import Booth, VendorBooth
from tests.fakes.wire import Fault
from tests.world import code


async def test_a_subscription_begins_when_its_reader_pays(booth: Booth):
    made = (await booth.subscribe(await booth.price(903))).json()
    assert made["state"] == "incomplete"
    assert made["client"]
    assert await booth.entitled() == []
    await booth.agree(made["id"])
    await booth.deliver()
    found = await booth.look(made["id"])
    assert (found["state"], found["paidUntil"], found["client"]) == ("active", "2026-12-22T12:00:00.000Z", {})
    assert [item["productId"] for item in await booth.entitled()] == [booth.product["id"]]
    assert [(one["kind"], one["amount"]["amount"]) for one in await booth.periods(made["id"])] == [("cycle", 903)]
    assert await booth.told() == ["started"]
    await booth.books_are_right()


async def test_it_is_renewed_every_month_and_booked_once_each(booth: Booth):
    made = await booth.subscribed(900)
    for _ in range(3):
        await booth.later(days=31)
    found = await booth.look(made["id"])
    assert (found["state"], found["paidUntil"]) == ("active", "2027-03-22T12:00:00.000Z")
    months = ["2026-11-22", "2026-12-22", "2027-01-22", "2027-02-22"]
    assert [one["periodStart"][:10] for one in await booth.periods(made["id"])] == months
    assert await booth.told() == ["started", "renewed", "renewed", "renewed"]
    await booth.books_are_right()


async def test_the_last_day_of_long_months_survives_short_ones(booth: Booth):
    await booth.wait(days=39)  # the last day of the year
    made = await booth.subscribed(900)
    for _ in range(3):
        await booth.later(days=31)
    starts = [one["periodStart"][:10] for one in await booth.periods(made["id"])]
    assert starts == ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]
    await booth.books_are_right()


async def test_a_trial_costs_nothing_and_then_the_first_period(booth: Booth):
    made = await booth.subscribed(900, trialDays=14)
    assert (made["state"], made["trialEnd"]) == ("trialing", "2026-12-06T12:00:00.000Z")
    assert len(await booth.entitled()) == 1
    assert await booth.periods(made["id"]) == []
    await booth.later(days=14)
    found = await booth.look(made["id"])
    assert (found["state"], found["paidUntil"]) == ("active", "2027-01-06T12:00:00.000Z")
    assert [one["periodStart"][:10] for one in await booth.periods(made["id"])] == ["2026-12-06"]
    assert await booth.told() == ["started", "renewed"]
    await booth.books_are_right()


async def test_an_end_is_asked_for_and_keeps_what_is_paid(booth: Booth):
    made = await booth.subscribed(900)
    for _ in range(2):
        reply = await booth.ask("cancel", made["id"], {"atPeriodEnd": True})
        assert (reply.json()["state"], reply.json()["cancelAtPeriodEnd"]) == ("active", True)
    assert (await booth.entitled())[0]["endsAt"] == made["paidUntil"]
    await booth.later(days=31)
    assert (await booth.look(made["id"]))["state"] == "canceled"
    assert await booth.entitled() == []
    assert await booth.told() == ["started", "cancel_scheduled", "ended"]
    assert len(await booth.periods(made["id"])) == 1
    await booth.books_are_right()


@pytest.mark.parametrize("booth", ["stripe"], indirect=True)
async def test_an_end_is_taken_back(booth: Booth):
    made = await booth.subscribed(900)
    await booth.ask("cancel", made["id"], {"atPeriodEnd": True})
    assert (await booth.ask("resume", made["id"])).json()["cancelAtPeriodEnd"] is False
    await booth.later(days=31)
    assert len(await booth.periods(made["id"])) == 2
    await booth.books_are_right()


async def test_an_end_now_ends_the_use_now_and_bills_nothing_more(booth: Booth):
    made = await booth.subscribed(900)
    assert (await booth.ask("cancel", made["id"], {"atPeriodEnd": False})).json()["state"] == "canceled"
    assert await booth.entitled() == []
    await booth.later(days=31)
    assert len(await booth.periods(made["id"])) == 1
    assert await booth.told() == ["started", "ended"]
    await booth.books_are_right()


async def test_what_ends_in_the_provider_s_own_pages_ends_here(booth: Booth):
    made = await booth.subscribed(900)
    await booth.end_there(made["id"])
    await booth.deliver()
    assert (await booth.look(made["id"]))["cancelAtPeriodEnd"] is True
    await booth.later(days=31)
    assert (await booth.look(made["id"]))["state"] == "canceled"
    assert await booth.told() == ["started", "cancel_scheduled", "ended"]


async def test_one_that_is_never_paid_expires_and_makes_room(booth: Booth):
    price = await booth.price(903)
    made = (await booth.subscribe(price)).json()
    await booth.deliver()
    await booth.later(hours=25)
    assert (await booth.look(made["id"]))["state"] in {"expired", "canceled"}
    assert (await booth.subscribe(price)).status_code == 201
    assert await booth.told() == []


async def test_a_renewal_that_fails_once_keeps_what_it_entitles_to(booth: Booth):
    made = await booth.subscribed(950)
    await booth.later(days=30)
    found = await booth.look(made["id"])
    assert (found["state"], found["graceUntil"]) == ("past_due", "2026-12-29T12:00:00.000Z")
    assert found["declineCode"]
    assert len(await booth.entitled()) == 1
    await booth.later(days=5)
    assert (await booth.look(made["id"]))["state"] == "active"
    assert await booth.told() == ["started", "past_due", "renewed"]
    await booth.books_are_right()


async def test_what_is_never_paid_again_ends_its_use_with_the_grace(booth: Booth):
    made = await booth.subscribed(951)
    await booth.later(days=30)
    assert len(await booth.entitled()) == 1
    await booth.later(days=7)
    assert (await booth.look(made["id"]))["state"] == "unpaid"
    assert await booth.entitled() == []
    assert await booth.told() == ["started", "past_due", "unpaid"]
    await booth.agree(made["id"])
    await booth.deliver()
    assert (await booth.look(made["id"]))["state"] == "active"
    assert await booth.told() == ["started", "past_due", "unpaid", "recovered"]
    await booth.books_are_right()


async def test_a_pause_bills_nothing_and_entitles_to_nothing(booth: Booth):
    made = await booth.subscribed(900)
    await booth.wait(days=10)
    assert (await booth.ask("pause", made["id"])).json()["state"] == "paused"
    assert await booth.entitled() == []
    await booth.later(days=50)
    assert (await booth.look(made["id"]))["state"] == "paused"
    assert len(await booth.periods(made["id"])) == 1
    assert (await booth.ask("resume", made["id"])).json()["state"] == "active"
    await booth.later(days=33)
    assert (await booth.look(made["id"]))["state"] == "active"
    assert len(await booth.entitled()) == 1
    assert len(await booth.periods(made["id"])) > 1
    await booth.books_are_right()


@pytest.mark.parametrize("booth", ["stripe"], indirect=True)
async def test_a_dearer_plan_holds_at_once_for_what_was_shown(booth: Booth):
    made = await booth.subscribed(900)
    dearer = await booth.price(1800)
    await booth.wait(days=15)
    shown = (await booth.ask("change", made["id"], {"priceId": dearer, "preview": True})).json()["preview"]
    assert (shown["takesHold"], shown["amountDue"]) == ("now", {"amount": 450, "currency": "EUR"})
    await booth.wait(minutes=5)
    reply = await booth.ask("change", made["id"], {"previewToken": shown["previewToken"]})
    assert reply.status_code == 200, reply.text
    assert reply.json()["subscription"]["priceId"] == dearer
    paid = [(one["kind"], one["amount"]["amount"]) for one in await booth.periods(made["id"])]
    assert paid == [("cycle", 900), ("change", 450)]
    await booth.later(days=20)
    assert (await booth.periods(made["id"]))[-1]["amount"]["amount"] == 1800
    assert await booth.told() == ["started", "changed", "renewed"]
    await booth.books_are_right()


@pytest.mark.parametrize("booth", ["stripe"], indirect=True)
@pytest.mark.parametrize("interval", ["month", "year"])
async def test_a_cheaper_plan_holds_when_the_period_ends(booth: Booth, interval: str):
    made = await booth.subscribed(1800)
    cheaper = await booth.price(901, interval=interval)
    shown = (await booth.ask("change", made["id"], {"priceId": cheaper, "preview": True})).json()["preview"]
    assert (shown["takesHold"], shown["amountDue"]["amount"]) == ("at_period_end", 0)
    changed = (await booth.ask("change", made["id"], {"previewToken": shown["previewToken"]})).json()["subscription"]
    assert (changed["priceId"] != cheaper, changed["pendingPriceId"]) == (True, cheaper)
    await booth.later(days=31)
    found = await booth.look(made["id"])
    assert (found["priceId"], found["pendingPriceId"]) == (cheaper, None)
    assert [one["amount"]["amount"] for one in await booth.periods(made["id"])] == [1800, 901]
    assert found["paidUntil"][:10] == {"month": "2027-01-22", "year": "2027-12-22"}[interval]
    await booth.books_are_right()


async def test_a_refund_of_the_running_period_ends_what_it_bought(booth: Booth):
    made = await booth.subscribed(900)
    payment = (await booth.periods(made["id"]))[0]["paymentId"]
    reply = await booth.owner.call("POST", f"/payments/{payment}/refunds", {}, Idempotency_Key=new_key())
    assert reply.status_code == 201, reply.text
    await booth.later(minutes=1)
    assert (await booth.look(made["id"]))["state"] == "canceled"
    assert await booth.entitled() == []
    await booth.books_are_right()


@pytest.mark.parametrize("mishap", ["cut before", "cut after", "500 after"])
async def test_a_beginning_without_an_answer_is_made_once(booth: Booth, mishap: Fault):
    assert isinstance(booth, VendorBooth)
    booth.wire.next(mishap, on="/subscriptions$")
    price, key = await booth.price(900), new_key()
    assert (await booth.subscribe(price, key=key)).status_code == 504
    await booth.later(minutes=2)
    reply = await booth.subscribe(price, key=key)
    assert reply.status_code == 201, reply.text
    await booth.agree(reply.json()["id"])
    await booth.deliver()
    assert (await booth.look(reply.json()["id"]))["state"] == "active"
    assert len(booth.references()) == 1
    assert await booth.told() == ["started"]
    await booth.books_are_right()


async def test_a_plan_is_made_once_at_the_provider_however_often_it_is_sold(booth: Booth):
    assert isinstance(booth, VendorBooth)
    price = await booth.price(900)
    for _ in range(3):
        reply = await booth.subscribe(price, phone=await booth.world.register())
        assert reply.status_code == 201, reply.text
    assert booth.plans() == 1


@pytest.mark.parametrize("mishap", ["cut before", "cut after"])
async def test_an_end_without_an_answer_is_asked_again_by_the_janitor(booth: Booth, mishap: Fault):
    assert isinstance(booth, VendorBooth)
    made = await booth.subscribed(900)
    booth.wire.next(mishap, on=f"{await booth.reference(made['id'])}(/cancel)?$")
    assert (await booth.ask("cancel", made["id"], {"atPeriodEnd": True})).status_code == 504
    await booth.later(minutes=2)
    assert (await booth.look(made["id"]))["cancelAtPeriodEnd"] is True
    assert await booth.told() == ["started", "cancel_scheduled"]


@pytest.mark.parametrize("booth", ["stripe"], indirect=True)
async def test_a_change_that_is_not_paid_is_not_made(booth: Booth):
    assert isinstance(booth, VendorBooth)
    made, dearer = await booth.subscribed(900), await booth.price(1800)
    shown = (await booth.ask("change", made["id"], {"priceId": dearer, "preview": True})).json()["preview"]
    booth.wire.declines.append("insufficient_funds")
    reply = await booth.ask("change", made["id"], {"previewToken": shown["previewToken"]})
    assert (reply.status_code, code(reply)) == (402, "PAYMENT_DECLINED")
    assert reply.json()["error"]["details"] == {"declineCode": "insufficient_funds"}
    assert (await booth.look(made["id"]))["priceId"] == made["priceId"]
    assert len(await booth.periods(made["id"])) == 1
    await booth.books_are_right()


@pytest.mark.parametrize("booth", ["stripe"], indirect=True)
async def test_a_change_without_an_answer_is_found_done_and_paid_once(booth: Booth):
    assert isinstance(booth, VendorBooth)
    made, dearer = await booth.subscribed(900), await booth.price(1800)
    shown = (await booth.ask("change", made["id"], {"priceId": dearer, "preview": True})).json()["preview"]
    booth.wire.next("cut after", on=f"{await booth.reference(made['id'])}$")
    reply = await booth.ask("change", made["id"], {"previewToken": shown["previewToken"]})
    assert (reply.status_code, code(reply)) == (504, "PROVIDER_TIMEOUT")
    await booth.later(minutes=2)
    assert (await booth.look(made["id"]))["priceId"] == dearer
    assert [one["kind"] for one in await booth.periods(made["id"])] == ["cycle", "change"]
    await booth.books_are_right()


@pytest.mark.parametrize("booth", ["stripe"], indirect=True)
async def test_a_change_that_was_planned_is_given_up_for_what_is_asked_next(booth: Booth):
    made = await booth.subscribed(1800)
    cheaper, dearer = await booth.price(900), await booth.price(3600)
    for price, pending in ((cheaper, cheaper), (made["priceId"], None), (cheaper, cheaper), (dearer, None)):
        shown = (await booth.ask("change", made["id"], {"priceId": price, "preview": True})).json()["preview"]
        reply = await booth.ask("change", made["id"], {"previewToken": shown["previewToken"]})
        assert reply.json()["subscription"]["pendingPriceId"] == pending, price
    await booth.ask("cancel", made["id"], {"atPeriodEnd": True})
    await booth.later(days=31)
    assert (await booth.look(made["id"]))["state"] == "canceled"
    assert [one["amount"]["amount"] for one in await booth.periods(made["id"])] == [1800, 1800]
    await booth.books_are_right()


@pytest.mark.parametrize("booth", ["paypal"], indirect=True)
async def test_what_paypal_cannot_do_is_refused_before_anything_is_written(booth: Booth):
    made, dearer = await booth.subscribed(900), await booth.price(1800)
    asked = [await booth.ask("change", made["id"], {"priceId": dearer, "preview": True})]
    await booth.ask("cancel", made["id"], {"atPeriodEnd": True})
    asked.append(await booth.ask("resume", made["id"]))
    for reply in asked:
        assert (reply.status_code, code(reply)) == (422, "UNSUPPORTED_BY_PROVIDER")
    assert (await booth.world.rows("SELECT count(*) FROM subscription_changes"))[0][0] == 1


@pytest.mark.parametrize("booth", ["paypal"], indirect=True)
async def test_what_is_to_end_may_be_ended_at_once(booth: Booth):
    made = await booth.subscribed(900)
    for later, state in ((True, "active"), (False, "canceled")):
        reply = await booth.ask("cancel", made["id"], {"atPeriodEnd": later})
        assert reply.json()["state"] == state
    await booth.deliver()
    assert (await booth.look(made["id"]))["state"] == "canceled"
    assert await booth.entitled() == []
    assert await booth.told() == ["started", "cancel_scheduled", "ended"]
