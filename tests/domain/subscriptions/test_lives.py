"""A subscription's life in the sandbox: begun, renewed by its clock, failing, ended. Told through the door."""

import asyncio

from tests.domain.subscriptions.kiosk import Kiosk
from tests.world import code


async def test_a_subscription_is_paid_at_once_and_entitles(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    assert (made["state"], made["paidUntil"]) == ("active", "2026-12-22T12:00:00.000Z")
    assert [item["productId"] for item in await kiosk.entitled()] == [kiosk.product["id"]]
    assert [(one["kind"], one["amount"]["amount"]) for one in await kiosk.periods(made["id"])] == [("cycle", 900)]
    await kiosk.deliver()
    assert await kiosk.told() == ["started"]
    assert await kiosk.balances() == {"clearing.sandbox": 900, "sales": 900}
    await kiosk.books_are_right()


async def test_it_is_renewed_every_month_and_booked_once_each(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    for _ in range(3):
        await kiosk.later(days=31)
    found = await kiosk.look(made["id"])
    assert (found["state"], found["paidUntil"]) == ("active", "2027-03-22T12:00:00.000Z")
    assert [one["periodStart"][:10] for one in await kiosk.periods(made["id"])] == [
        "2026-11-22",
        "2026-12-22",
        "2027-01-22",
        "2027-02-22",
    ]
    assert await kiosk.told() == ["started", "renewed", "renewed", "renewed"]
    await kiosk.books_are_right()


async def test_a_double_click_makes_one(kiosk: Kiosk):
    price = await kiosk.price(900)
    replies = await asyncio.gather(*(kiosk.subscribe(price) for _ in range(4)))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    rows = await kiosk.world.rows("SELECT id FROM subscriptions")
    assert len(rows) == 1
    again = await kiosk.subscribe(price)
    assert (again.status_code, code(again)) == (409, "CONFLICT")
    assert again.json()["error"]["details"]["subscriptionId"] == str(rows[0][0])
    await kiosk.books_are_right()


async def test_one_that_waits_for_its_first_payment_is_handed_out_again(kiosk: Kiosk):
    price = await kiosk.price(903)
    made = (await kiosk.subscribe(price)).json()
    assert made["state"] == "incomplete"
    assert made["client"]["clientSecret"]
    again = (await kiosk.subscribe(price)).json()
    assert again["id"] == made["id"]
    assert await kiosk.entitled() == []
    await kiosk.sandbox.billing.confirm(await kiosk.reference(made["id"]))
    await kiosk.deliver()
    assert (await kiosk.look(made["id"]))["state"] == "active"
    assert len(await kiosk.entitled()) == 1
    await kiosk.books_are_right()


async def test_one_that_is_never_paid_expires_and_makes_room(kiosk: Kiosk):
    price = await kiosk.price(903)
    made = (await kiosk.subscribe(price)).json()
    await kiosk.later(hours=25)
    assert (await kiosk.look(made["id"]))["state"] == "expired"
    assert (await kiosk.subscribe(price)).status_code == 201
    assert await kiosk.told() == []


async def test_a_declined_card_leaves_nothing_behind(kiosk: Kiosk):
    reply = await kiosk.subscribe(await kiosk.price(901))
    assert (reply.status_code, code(reply)) == (402, "PAYMENT_DECLINED")
    assert (await kiosk.subscribe(await kiosk.price(900))).status_code == 201


async def test_a_renewal_that_fails_once_keeps_what_it_entitles_to(kiosk: Kiosk):
    made = await kiosk.subscribed(950)
    await kiosk.later(days=30)
    found = await kiosk.look(made["id"])
    assert (found["state"], found["graceUntil"]) == ("past_due", "2026-12-29T12:00:00.000Z")
    assert len(await kiosk.entitled()) == 1
    await kiosk.later(days=3)
    assert (await kiosk.look(made["id"]))["state"] == "active"
    assert await kiosk.told() == ["started", "past_due", "renewed"]
    assert [mail["subject"] for mail in await kiosk.world.mails(kiosk.reader.email) if "did not go" in mail["subject"]]
    await kiosk.books_are_right()


async def test_what_is_never_paid_again_ends_its_use_with_the_grace(kiosk: Kiosk):
    made = await kiosk.subscribed(951)
    await kiosk.later(days=30)
    for _ in range(7):
        assert len(await kiosk.entitled()) == 1
        await kiosk.later(days=1)
    assert (await kiosk.look(made["id"]))["state"] == "unpaid"
    assert await kiosk.entitled() == []
    subjects = [mail["subject"] for mail in await kiosk.world.mails(kiosk.reader.email)]
    assert sum("did not go through" in subject for subject in subjects) == 3
    assert await kiosk.told() == ["started", "past_due", "unpaid"]
    await kiosk.sandbox.billing.confirm(await kiosk.reference(made["id"]))
    await kiosk.deliver()
    assert (await kiosk.look(made["id"]))["state"] == "active"
    assert await kiosk.told() == ["started", "past_due", "unpaid", "recovered"]
    await kiosk.books_are_right()


async def test_a_trial_costs_nothing_and_then_the_first_period(kiosk: Kiosk):
    made = await kiosk.subscribed(900, trialDays=14)
    assert (made["state"], made["trialEnd"]) == ("trialing", "2026-12-06T12:00:00.000Z")
    assert len(await kiosk.entitled()) == 1
    assert await kiosk.periods(made["id"]) == []
    await kiosk.later(days=14)
    found = await kiosk.look(made["id"])
    assert (found["state"], found["paidUntil"]) == ("active", "2027-01-06T12:00:00.000Z")
    assert await kiosk.told() == ["started", "renewed"]
    await kiosk.books_are_right()


async def test_whoever_had_a_trial_gets_no_second_one(kiosk: Kiosk):
    price = await kiosk.price(900, trialDays=14)
    made = (await kiosk.subscribe(price)).json()
    assert (await kiosk.ask("cancel", made["id"], {"atPeriodEnd": False})).status_code == 200
    assert (await kiosk.subscribe(price)).json()["state"] == "active"


async def test_the_last_day_of_long_months_survives_short_ones(kiosk: Kiosk):
    await kiosk.wait(days=39, hours=0)  # the last day of the year
    made = await kiosk.subscribed(900)
    for _ in range(4):
        await kiosk.later(days=31)
    starts = [one["periodStart"][:10] for one in await kiosk.periods(made["id"])]
    assert starts == ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
    await kiosk.books_are_right()
