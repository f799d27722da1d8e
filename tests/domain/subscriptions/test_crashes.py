"""The process dies between any two steps: whoever comes next, the same key or the janitor, makes it once.

A step is a transaction of ours or a call of the provider; each is died before and after.
"""

import pytest

from tests.deaths import Death, Deaths
from tests.domain.subscriptions.kiosk import Kiosk, new_key
from tests.world import Phone

STEPS_MAX = 60
LEASE_MINUTES = 6


@pytest.mark.parametrize("returns", [True, False])
async def test_a_beginning_that_died_anywhere_is_made_and_paid_once(kiosk: Kiosk, deaths: Deaths, returns: bool):
    price = await kiosk.price(900)
    readers: list[tuple[Phone, str]] = []
    for step in range(STEPS_MAX):
        readers.append((await kiosk.world.register(), new_key()))
        phone, key = readers[-1]
        if await deaths.strike(Death.PROCESS, step, kiosk.subscribe(price, phone=phone, key=key)) is not None:
            break
    assert 10 < len(readers) < STEPS_MAX
    await kiosk.wait(minutes=LEASE_MINUTES)
    for phone, key in readers if returns else ():
        phone.access = (await kiosk.world.login(phone.email)).access
        reply = await kiosk.subscribe(price, phone=phone, key=key)
        assert reply.status_code == 201, reply.text
    for _ in range(2):
        await kiosk.deliver()
        await kiosk.later(minutes=2)
    rows = await kiosk.world.rows("SELECT user_id, state FROM subscriptions")
    assert {row.state for row in rows} == {"active"}
    assert len({row.user_id for row in rows}) == len(rows)
    assert len(rows) == len(readers) if returns else 0 < len(rows) <= len(readers)
    made = await kiosk.world.rows("SELECT count(*) FROM sandbox_objects WHERE kind = 'subscription'")
    assert made[0][0] == len(rows)
    assert (await kiosk.told()).count("started") == len(rows)
    await kiosk.books_are_right()


async def test_a_change_that_died_anywhere_is_made_and_paid_once(kiosk: Kiosk, deaths: Deaths):
    price, dearer = await kiosk.price(900), await kiosk.price(1800)
    asked: list[tuple[Phone, str, str, str]] = []
    for step in range(STEPS_MAX):
        phone = kiosk.reader = await kiosk.world.register()
        made = (await kiosk.subscribe(price)).json()["id"]
        shown = (await kiosk.ask("change", made, {"priceId": dearer, "preview": True})).json()["preview"]
        asked.append((phone, made, shown["previewToken"], new_key()))
        died = await deaths.strike(
            Death.PROCESS, step, kiosk.ask("change", made, {"previewToken": asked[-1][2]}, asked[-1][3])
        )
        if died is not None:
            break
    assert 8 < len(asked) < STEPS_MAX
    await kiosk.wait(minutes=LEASE_MINUTES)
    for phone, made, token, key in asked:
        phone.access = (await kiosk.world.login(phone.email)).access
        kiosk.reader = phone
        reply = await kiosk.ask("change", made, {"previewToken": token}, key)
        assert reply.status_code == 200, reply.text
        assert (await kiosk.look(made))["priceId"] == dearer
        assert [one["kind"] for one in await kiosk.periods(made)] == ["cycle", "change"]
    await kiosk.deliver()
    await kiosk.books_are_right()
