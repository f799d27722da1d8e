"""A refund of a PayPal subscription's payment that had no answer, and whose news is lost: PayPal lists it nowhere.

So it is asked again under its key, which PayPal knows for 45 days and answers with the first refund.
"""

from typing import Any

import httpx2
import pytest

from cleanly.domain.payments.messages import JANITOR
from tests.deaths import Death, Deaths
from tests.domain.subscriptions.kiosk import new_key
from tests.domain.subscriptions.kiosks import PayPalBooth
from tests.fakes.wire import Fault

pytestmark = pytest.mark.parametrize("booth", ["paypal"], indirect=True)
STEPS_MAX = 40


async def refund(booth: PayPalBooth, made: dict[str, Any], body: Any, key: str | None = None) -> httpx2.Response:
    payment = (await booth.periods(made["id"]))[0]["paymentId"]
    return await booth.owner.call("POST", f"/payments/{payment}/refunds", body, Idempotency_Key=key or new_key())


async def later(booth: PayPalBooth, **units: float) -> None:
    """What PayPal pushed meanwhile is lost."""
    booth.heard = len(booth.wire.pushed)
    await booth.later(**units)
    booth.heard = len(booth.wire.pushed)
    await booth.tick(JANITOR)
    await booth.later(minutes=1)


async def refunds(booth: PayPalBooth) -> list[tuple[str, int]]:
    return [tuple(row) for row in await booth.world.rows("SELECT state, amount FROM refunds ORDER BY amount")]


@pytest.mark.parametrize(("mishap", "hours"), [("cut before", 1), ("500 after", 1), ("cut after", 20 * 24)])
async def test_it_is_made_once_however_late_it_is_settled(booth: PayPalBooth, mishap: Fault, hours: int):
    made = await booth.subscribed(900)
    booth.wire.next(mishap, on="/refund$")
    assert (await refund(booth, made, {})).status_code == 504
    assert await refunds(booth) == [("unknown", 900)]
    await later(booth, hours=hours)
    assert await refunds(booth) == [("succeeded", 900)]
    assert len(booth.wire.parts["refunds"]) == 1
    assert (await booth.look(made["id"]))["state"] == "canceled"
    await booth.books_are_right()


async def test_one_that_is_asked_again_by_the_app_is_the_same_one(booth: PayPalBooth):
    made, key = await booth.subscribed(900), new_key()
    booth.wire.next("cut after", on="/refund$")
    assert (await refund(booth, made, {"amount": 300}, key)).status_code == 504
    await booth.wait(hours=7)  # an order's key were forgotten by now
    reply = await refund(booth, made, {"amount": 300}, key)
    assert (reply.status_code, reply.json()["state"]) == (201, "succeeded")
    assert len(booth.wire.parts["refunds"]) == 1
    await booth.books_are_right()


async def test_one_whose_key_may_be_forgotten_is_never_asked_again(booth: PayPalBooth):
    made = await booth.subscribed(900)
    booth.wire.next("cut after", on="/refund$")
    await refund(booth, made, {"amount": 300})
    asked = len(booth.wire.calls)
    await later(booth, days=45)
    assert await refunds(booth) == [("unknown", 300)]
    assert not [call for call in booth.wire.calls[asked:] if call.path.endswith("/refund")]


async def test_one_that_died_anywhere_is_made_once(
    booth: PayPalBooth, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    made = await booth.subscribed(90_000)
    payment = (await booth.periods(made["id"]))[0]["paymentId"]
    deaths = Deaths(booth.world, database_url, monkeypatch)
    step = 0
    while step < STEPS_MAX:
        call = booth.owner.call(
            "POST", f"/payments/{payment}/refunds", {"amount": 100 + step}, Idempotency_Key=new_key()
        )
        if await deaths.strike(Death.PROCESS, step, call) is not None:
            break
        step += 1
    assert 8 < step < STEPS_MAX
    await later(booth, minutes=10)
    asked = await refunds(booth)
    assert {state for state, _ in asked} == {"succeeded"}
    there = sorted(round(float(it["amount"]["value"]) * 100) for it in booth.wire.parts["refunds"].values())
    assert there == [amount for _, amount in asked]
    await booth.books_are_right()
