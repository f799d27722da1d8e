"""A change that waits for the subscriber's word to the bank is withdrawn by asking for the plan that runs."""

from functools import partial
from typing import Any

import httpx2
import pytest

from cleanly.platform.providers.billing import AwaitedChange
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.sandbox.rules import Fate
from tests.deaths import Death, Deaths
from tests.domain.subscriptions.kiosk import new_key
from tests.domain.subscriptions.kiosks import Booth, VendorBooth
from tests.world import code

each = pytest.mark.parametrize("booth", ["sandbox", "stripe"], indirect=True)
at_stripe = pytest.mark.parametrize("booth", ["stripe"], indirect=True)
STEPS_MAX = 40


async def token(booth: Booth, subscription_id: str, price: str) -> str:
    reply = await booth.ask("change", subscription_id, {"priceId": price, "preview": True})
    assert reply.status_code == 200, reply.text
    assert reply.json()["preview"]["amountDue"]["amount"] >= 0
    return str(reply.json()["preview"]["previewToken"])


async def accept(booth: Booth, subscription_id: str, shown: str, key: str | None = None) -> httpx2.Response:
    return await booth.ask("change", subscription_id, {"previewToken": shown}, key)


async def wait_for(booth: Booth, made: dict[str, Any], dearer: str) -> None:
    """The dearer plan is asked for, and the bank asks back."""
    if isinstance(booth, VendorBooth):
        booth.wire.declines.append("authentication_required")
    reply = await accept(booth, made["id"], await token(booth, made["id"], dearer))
    assert reply.json()["subscription"]["client"], reply.text
    assert await awaited(booth, made) is not None


async def awaited(booth: Booth, made: dict[str, Any]) -> AwaitedChange | None:
    biller = booth.world.context.part(Providers).biller(booth.provider)
    return (await biller.get_subscription(await booth.reference(made["id"]))).awaited


async def confirm(booth: Booth, made: dict[str, Any]) -> None:
    if isinstance(booth, VendorBooth):
        await booth.agree(made["id"])
    else:
        await booth.sandbox.billing.confirm(await booth.reference(made["id"]))


async def states(booth: Booth) -> list[str]:
    return [row[0] for row in await booth.world.rows("SELECT state FROM subscription_changes ORDER BY id")]


async def is_withdrawn(booth: Booth, made: dict[str, Any]) -> None:
    """Nothing waits, here or there, and nothing was paid."""
    assert await awaited(booth, made) is None
    found = await booth.look(made["id"])
    assert (found["priceId"], found["pendingPriceId"], found["client"]) == (made["priceId"], None, {})
    assert [one["kind"] for one in await booth.periods(made["id"])] == ["cycle"]
    assert await booth.told() == ["started"]
    await booth.books_are_right()


@each
async def test_it_can_be_confirmed_no_longer_and_may_be_asked_anew(booth: Booth):
    made, dearer = await booth.subscribed(900), await booth.price(1803)
    await wait_for(booth, made, dearer)
    shown, key = await token(booth, made["id"], made["priceId"]), new_key()
    for again in (key, key, new_key()):
        reply = await accept(booth, made["id"], shown, again)
        assert (reply.status_code, reply.json()["subscription"]["client"]) == (200, {}), reply.text
    await is_withdrawn(booth, made)
    assert await states(booth) == ["refused", "done"]
    reply = await booth.ask("change", made["id"], {"priceId": made["priceId"], "preview": True})
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    await wait_for(booth, made, dearer)
    await confirm(booth, made)
    await booth.deliver()
    assert (await booth.look(made["id"]))["priceId"] == dearer
    assert [one["kind"] for one in await booth.periods(made["id"])] == ["cycle", "change"]
    await booth.books_are_right()


@each
@pytest.mark.parametrize("has_happened", [False, True])
async def test_without_an_answer_it_is_withdrawn_by_the_janitor(booth: Booth, has_happened: bool):
    made, dearer = await booth.subscribed(900), await booth.price(1803)
    await wait_for(booth, made, dearer)
    shown = await token(booth, made["id"], made["priceId"])
    if isinstance(booth, VendorBooth):
        booth.wire.next("cut after" if has_happened else "cut before", on="/void$")
    else:
        fate = Fate.TIMEOUT_AFTER if has_happened else Fate.TIMEOUT_BEFORE
        booth.sandbox.next(fate, on="change_subscription")
    assert (await accept(booth, made["id"], shown)).status_code == 504
    await booth.later(minutes=2)
    await is_withdrawn(booth, made)
    assert await states(booth) == ["refused", "done"]


@each
async def test_an_end_withdraws_it_too(booth: Booth):
    made, dearer = await booth.subscribed(900), await booth.price(1803)
    await wait_for(booth, made, dearer)
    assert (await booth.ask("cancel", made["id"], {"atPeriodEnd": True})).json()["cancelAtPeriodEnd"] is True
    assert await awaited(booth, made) is None
    assert (await booth.look(made["id"]))["client"] == {}


@at_stripe
async def test_what_is_confirmed_meanwhile_is_paid_and_holds(booth: VendorBooth):
    made, dearer = await booth.subscribed(900), await booth.price(1803)
    await wait_for(booth, made, dearer)
    shown = await token(booth, made["id"], made["priceId"])

    booth.wire.before("/void$", partial(confirm, booth, made))
    reply = await accept(booth, made["id"], shown)
    assert (reply.status_code, code(reply)) == (409, "INVALID_STATE")
    await booth.deliver()
    assert (await booth.look(made["id"]))["priceId"] == dearer
    assert [one["kind"] for one in await booth.periods(made["id"])] == ["cycle", "change"]
    await booth.books_are_right()


@at_stripe
async def test_a_withdrawal_that_died_anywhere_is_made_or_was_never_asked(
    booth: VendorBooth, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    made, dearer = await booth.subscribed(900), await booth.price(1803)
    deaths, step, has_answered = Deaths(booth.world, database_url, monkeypatch), 0, False
    while not has_answered and step < STEPS_MAX:
        if await awaited(booth, made) is None:
            await wait_for(booth, made, dearer)
        shown = await token(booth, made["id"], made["priceId"])
        has_answered = await deaths.strike(Death.PROCESS, step, accept(booth, made["id"], shown)) is not None
        await booth.later(minutes=2)
        is_asked = (await states(booth))[-1] != "open"
        assert is_asked == (await awaited(booth, made) is None)
        step += 1
    assert 8 < step < STEPS_MAX
    await is_withdrawn(booth, made)
