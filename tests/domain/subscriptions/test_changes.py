"""What a subscriber asks for: an end, to go on, a pause, another plan for a price that was shown."""

from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.catalog.shelf import put_on_shelf
from tests.domain.subscriptions.kiosk import Kiosk, new_key
from tests.world import code


async def test_an_end_is_asked_for_and_taken_back(kiosk: Kiosk):
    made = await kiosk.subscribed()
    for _ in range(2):
        reply = await kiosk.ask("cancel", made["id"], {"atPeriodEnd": True})
        assert reply.json()["cancelAtPeriodEnd"] is True
    assert (await kiosk.entitled())[0]["endsAt"] == made["paidUntil"]
    assert (await kiosk.ask("resume", made["id"])).json()["cancelAtPeriodEnd"] is False
    assert (await kiosk.ask("cancel", made["id"], {"atPeriodEnd": True})).json()["cancelAtPeriodEnd"] is True
    await kiosk.later(days=31)
    assert (await kiosk.look(made["id"]))["state"] == "canceled"
    assert await kiosk.entitled() == []
    assert await kiosk.told() == ["started", "cancel_scheduled", "resumed", "cancel_scheduled", "ended"]
    assert len(await kiosk.periods(made["id"])) == 1


async def test_an_end_now_ends_the_use_now(kiosk: Kiosk):
    made = await kiosk.subscribed()
    key = new_key()
    first = await kiosk.ask("cancel", made["id"], {"atPeriodEnd": False}, key)
    again = await kiosk.ask("cancel", made["id"], {"atPeriodEnd": False}, key)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert await kiosk.entitled() == []
    refused = await kiosk.ask("resume", made["id"])
    assert (refused.status_code, code(refused)) == (409, "INVALID_STATE")


async def test_a_pause_keeps_the_price_and_moves_the_period(kiosk: Kiosk):
    made = await kiosk.subscribed()
    await kiosk.wait(days=10)
    assert (await kiosk.ask("pause", made["id"])).json()["state"] == "paused"
    assert await kiosk.entitled() == []
    await kiosk.later(days=60)
    back = (await kiosk.ask("resume", made["id"])).json()
    assert (back["state"], back["paidUntil"]) == ("active", "2027-02-20T12:00:00.000Z")
    assert len(await kiosk.periods(made["id"])) == 1
    assert len(await kiosk.entitled()) == 1
    await kiosk.books_are_right()


async def test_a_dearer_plan_holds_at_once_for_what_was_shown(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    dearer = await kiosk.price(1800)
    await kiosk.wait(days=15)
    shown = (await kiosk.ask("change", made["id"], {"priceId": dearer, "preview": True})).json()["preview"]
    assert (shown["takesHold"], shown["amountDue"]) == ("now", {"amount": 450, "currency": "EUR"})
    await kiosk.wait(minutes=5)
    reply = await kiosk.ask("change", made["id"], {"previewToken": shown["previewToken"]})
    assert reply.status_code == 200, reply.text
    assert reply.json()["subscription"]["priceId"] == dearer
    assert [(one["kind"], one["amount"]["amount"]) for one in await kiosk.periods(made["id"])] == [
        ("cycle", 900),
        ("change", 450),
    ]
    await kiosk.later(days=20)
    assert (await kiosk.periods(made["id"]))[-1]["amount"]["amount"] == 1800
    assert await kiosk.told() == ["started", "changed", "renewed"]
    await kiosk.books_are_right()


async def test_a_dearer_plan_that_the_bank_asks_about_waits_for_the_subscriber(kiosk: Kiosk):
    made, dearer = await kiosk.subscribed(900), await kiosk.price(1803)
    for confirms in (False, True):
        shown = (await kiosk.ask("change", made["id"], {"priceId": dearer, "preview": True})).json()["preview"]
        waits = (await kiosk.ask("change", made["id"], {"previewToken": shown["previewToken"]})).json()["subscription"]
        assert (waits["priceId"], waits["state"]) == (made["priceId"], "active")
        if confirms:
            await kiosk.sandbox.billing.confirm(waits["client"]["clientSecret"].removesuffix("_secret_sandbox"))
        await kiosk.later(hours=24)
        found = await kiosk.look(made["id"])
        assert (found["priceId"], found["client"]) == (dearer if confirms else made["priceId"], {})
    assert await kiosk.told() == ["started", "changed"]
    assert len(await kiosk.periods(made["id"])) == 2
    await kiosk.books_are_right()


async def test_a_cheaper_plan_holds_when_the_period_ends(kiosk: Kiosk):
    made = await kiosk.subscribed(1800)
    cheaper = await kiosk.price(900)
    shown = (await kiosk.ask("change", made["id"], {"priceId": cheaper, "preview": True})).json()["preview"]
    assert (shown["takesHold"], shown["amountDue"]["amount"]) == ("at_period_end", 0)
    changed = (await kiosk.ask("change", made["id"], {"previewToken": shown["previewToken"]})).json()["subscription"]
    assert (changed["priceId"] != cheaper, changed["pendingPriceId"]) == (True, cheaper)
    await kiosk.later(days=31)
    found = await kiosk.look(made["id"])
    assert (found["priceId"], found["pendingPriceId"]) == (cheaper, None)
    assert [one["amount"]["amount"] for one in await kiosk.periods(made["id"])] == [1800, 900]
    await kiosk.books_are_right()


async def test_another_product_of_the_group_takes_the_place_of_the_first(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    weekly = await put_on_shelf(kiosk.owner, name="The Weekly", kind="digital", platform=True)
    kiosk.product = weekly
    dearer = await kiosk.price(2000)
    shown = (await kiosk.ask("change", made["id"], {"priceId": dearer, "preview": True})).json()["preview"]
    await kiosk.ask("change", made["id"], {"previewToken": shown["previewToken"]})
    assert [one["productId"] for one in await kiosk.entitled()] == [weekly["id"]]


async def test_an_old_preview_is_answered_with_a_new_one(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    dearer = await kiosk.price(1800)
    shown = (await kiosk.ask("change", made["id"], {"priceId": dearer, "preview": True})).json()["preview"]
    await kiosk.wait(minutes=11)
    reply = await kiosk.ask("change", made["id"], {"previewToken": shown["previewToken"]})
    assert (reply.status_code, code(reply)) == (409, "CONFLICT")
    fresh = reply.json()["error"]["details"]["preview"]
    assert fresh["previewToken"] != shown["previewToken"]
    assert (await kiosk.ask("change", made["id"], {"previewToken": fresh["previewToken"]})).status_code == 200
    await kiosk.books_are_right()


async def test_a_preview_of_what_moved_meanwhile_is_not_accepted(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    dearer = await kiosk.price(1800)
    shown = (await kiosk.ask("change", made["id"], {"priceId": dearer, "preview": True})).json()["preview"]
    await kiosk.ask("cancel", made["id"], {"atPeriodEnd": True})
    reply = await kiosk.ask("change", made["id"], {"previewToken": shown["previewToken"]})
    assert (reply.status_code, code(reply)) == (409, "CONFLICT")


async def test_a_forged_preview_and_one_of_another_subscription_are_refused(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    reply = await kiosk.ask("change", made["id"], {"previewToken": "bm90LW91cnM"})
    assert (reply.status_code, code(reply)) == (400, "MALFORMED_REQUEST")


async def test_a_preview_that_fails_is_an_error_and_never_nothing(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    dearer = await kiosk.price(1800)
    kiosk.sandbox.next(Fate.TIMEOUT_BEFORE, on="preview_change")
    reply = await kiosk.ask("change", made["id"], {"priceId": dearer, "preview": True})
    assert (reply.status_code, code(reply)) == (504, "PROVIDER_TIMEOUT")


async def test_a_change_without_an_answer_is_found_done_and_paid_once(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    dearer = await kiosk.price(1800)
    shown = (await kiosk.ask("change", made["id"], {"priceId": dearer, "preview": True})).json()["preview"]
    kiosk.sandbox.next(Fate.TIMEOUT_AFTER, on="change_subscription")
    key = new_key()
    reply = await kiosk.ask("change", made["id"], {"previewToken": shown["previewToken"]}, key)
    assert (reply.status_code, code(reply)) == (504, "PROVIDER_TIMEOUT")
    await kiosk.later(minutes=2)
    assert (await kiosk.look(made["id"]))["priceId"] == dearer
    again = await kiosk.ask("change", made["id"], {"previewToken": shown["previewToken"]}, key)
    assert again.status_code == 200, again.text
    assert len(await kiosk.periods(made["id"])) == 2
    await kiosk.books_are_right()


async def test_an_end_that_never_arrived_is_asked_again_by_the_janitor(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    kiosk.sandbox.next(Fate.TIMEOUT_BEFORE, on="cancel_subscription")
    assert (await kiosk.ask("cancel", made["id"], {"atPeriodEnd": False})).status_code == 504
    await kiosk.later(minutes=2)
    assert (await kiosk.look(made["id"]))["state"] == "canceled"
    assert await kiosk.told() == ["started", "ended"]


async def test_a_refund_of_the_running_period_ends_what_it_bought(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    payment = (await kiosk.periods(made["id"]))[0]["paymentId"]
    reply = await kiosk.owner.call("POST", f"/payments/{payment}/refunds", {}, Idempotency_Key=new_key())
    assert reply.status_code == 201, reply.text
    await kiosk.later(minutes=1)
    assert (await kiosk.look(made["id"]))["state"] == "canceled"
    assert await kiosk.entitled() == []
    assert (await kiosk.periods(made["id"]))[0]["givenBackAt"] is not None
    await kiosk.books_are_right()


async def test_a_dispute_of_the_running_period_ends_what_it_bought_once_it_is_lost(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    paid = (await kiosk.world.rows("SELECT provider_payment_id FROM payments"))[0][0]
    dispute = await kiosk.sandbox.dispute(paid)
    await kiosk.later(minutes=1)
    assert (await kiosk.look(made["id"]))["state"] == "active"
    await kiosk.sandbox.close_dispute(dispute.reference, is_won=False)
    await kiosk.later(minutes=1)
    assert (await kiosk.look(made["id"]))["state"] == "canceled"
    assert await kiosk.entitled() == []
    assert await kiosk.told() == ["started", "ended"]


async def test_anothers_subscription_is_not_there(kiosk: Kiosk):
    made = await kiosk.subscribed()
    stranger = await kiosk.world.register()
    for method, path in (("GET", ""), ("GET", "/periods"), ("POST", "/cancel"), ("POST", "/pause")):
        headers = {"Idempotency_Key": new_key()} if method == "POST" else {}
        reply = await stranger.call(method, f"/subscriptions/{made['id']}{path}", **headers)
        assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")


async def test_whoever_is_erased_pays_no_longer(kiosk: Kiosk):
    made = await kiosk.subscribed()
    reply = await kiosk.reader.call("DELETE", "/users/me", {"currentPassword": "correct horse battery staple"})
    assert reply.status_code == 204, reply.text
    await kiosk.world.work()
    await kiosk.tick()
    found = await kiosk.sandbox.billing.get_subscription(await kiosk.reference(made["id"]))
    assert found.state == "canceled"
