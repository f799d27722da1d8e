"""Calls without an answer, foreign amounts, what is over and lives on: settled once, or left to a person."""

from uuid import UUID

import pytest

from cleanly.domain.subscriptions import flows, service
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.subscriptions.kiosk import Kiosk, new_key
from tests.world import code


@pytest.mark.parametrize("fate", [Fate.TIMEOUT_BEFORE, Fate.TIMEOUT_AFTER, Fate.FAULT_AFTER, Fate.BUSY])
async def test_a_beginning_in_doubt_is_settled_and_paid_once(kiosk: Kiosk, fate: Fate):
    price, key = await kiosk.price(900), new_key()
    kiosk.sandbox.next(fate, on="create_subscription")
    reply = await kiosk.subscribe(price, key=key)
    assert reply.status_code in {502, 504}
    await kiosk.later(minutes=2)
    again = await kiosk.subscribe(price, key=key)
    assert again.status_code == 201, again.text
    assert again.json()["state"] == "active"
    assert len(await kiosk.periods(again.json()["id"])) == 1
    assert await kiosk.told() == ["started"]
    await kiosk.books_are_right()


async def test_an_invoice_of_another_amount_books_nothing_and_rings(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    reference = await kiosk.reference(made["id"])
    await kiosk.world.rows(
        "UPDATE sandbox_objects SET data = jsonb_set(data, '{plan,amount}', '901') WHERE id = :id RETURNING id",
        id=reference,
    )
    await kiosk.later(days=31)
    assert len(await kiosk.periods(made["id"])) == 1
    assert await kiosk.world.rows("SELECT alarm FROM subscriptions") == [("subscription_mismatch",)]
    assert await kiosk.world.rows("SELECT count(*) FROM ledger_transactions") == [(1,)]


async def test_what_is_over_here_is_ended_there_too(kiosk: Kiosk):
    made = await kiosk.subscribed(900)
    context = kiosk.world.context
    async with context.db.begin() as session:
        found = await flows.read(context, UUID(made["id"]))
        await service.end(session, context, found.id, "canceled", now=context.clock.now())
    await kiosk.later(days=31)
    there = await kiosk.sandbox.billing.get_subscription(await kiosk.reference(made["id"]))
    assert there.state == "canceled"
    assert await kiosk.entitled() == []
    await kiosk.books_are_right()


async def test_what_provider_bills_nothing_is_said_before_a_row_is_written(kiosk: Kiosk):
    for provider in ("stripe", "paypal"):
        reply = await kiosk.subscribe(await kiosk.price(900), provider=provider)
        assert (reply.status_code, code(reply)) == (422, "UNSUPPORTED_BY_PROVIDER")
    assert await kiosk.world.rows("SELECT id FROM subscriptions") == []


async def test_the_same_entitlements_have_the_same_tag_and_a_change_another(kiosk: Kiosk):
    empty = await kiosk.reader.call("GET", "/entitlements")
    made = await kiosk.subscribed(900)
    first = await kiosk.reader.call("GET", "/entitlements")
    assert first.headers["etag"] != empty.headers["etag"]
    same = await kiosk.reader.call("GET", "/entitlements", If_None_Match=first.headers["etag"])
    assert (same.status_code, same.content) == (304, b"")
    await kiosk.ask("cancel", made["id"], {"atPeriodEnd": True})
    other = await kiosk.reader.call("GET", "/entitlements", If_None_Match=first.headers["etag"])
    assert other.status_code == 200
    # What ends is not shown a second longer, whatever the cache holds.
    await kiosk.wait(days=30, seconds=1)
    assert await kiosk.entitled() == []
