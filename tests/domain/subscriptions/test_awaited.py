"""A dearer plan whose payment the subscriber's bank asks about first (3-D Secure): it waits for the subscriber."""

from typing import Any

import pytest

from tests.domain.subscriptions.kiosk import new_key
from tests.domain.subscriptions.kiosks import Booth, VendorBooth

pytestmark = pytest.mark.parametrize("booth", ["stripe"], indirect=True)


@pytest.fixture
async def asking(booth: Booth) -> VendorBooth:
    """Stripe, whose bank asks about the next change."""
    assert isinstance(booth, VendorBooth)
    booth.wire.declines.append("authentication_required")
    return booth


async def shown(booth: Booth, subscription_id: str, price: str) -> dict[str, Any]:
    reply = await booth.ask("change", subscription_id, {"priceId": price, "preview": True})
    return dict(reply.json()["preview"])


async def asked(booth: Booth, made: dict[str, Any], price: str, key: str | None = None) -> dict[str, Any]:
    """The subscription, as the answer to the change shows it."""
    token = (await shown(booth, made["id"], price))["previewToken"]
    reply = await booth.ask("change", made["id"], {"previewToken": token}, key)
    assert reply.status_code == 200, reply.text
    return dict(reply.json()["subscription"])


async def test_it_holds_once_it_is_confirmed_and_is_paid_once(asking: VendorBooth):
    made, dearer = await asking.subscribed(900), await asking.price(1800)
    await asking.wait(days=15)
    waits = await asked(asking, made, dearer)
    assert (waits["priceId"], waits["state"]) == (made["priceId"], "active")
    assert {"clientSecret", "customer", "ephemeralKey"} <= waits["client"].keys()
    await asking.later(minutes=30)
    assert (await asking.look(made["id"]))["client"].keys() == waits["client"].keys()
    assert len(await asking.periods(made["id"])) == 1
    await asking.agree(made["id"])
    await asking.deliver()
    found = await asking.look(made["id"])
    assert (found["priceId"], found["client"]) == (dearer, {})
    assert [(one["kind"], one["amount"]["amount"]) for one in await asking.periods(made["id"])] == [
        ("cycle", 900),
        ("change", 450),
    ]
    assert await asking.told() == ["started", "changed"]
    assert await states(asking) == ["done"]
    await asking.books_are_right()


async def test_it_is_asked_of_the_provider_once_however_often_it_is_asked_of_us(asking: VendorBooth):
    made, dearer = await asking.subscribed(900), await asking.price(1800)
    token, key = (await shown(asking, made["id"], dearer))["previewToken"], new_key()
    replies = [await asking.ask("change", made["id"], {"previewToken": token}, one) for one in (key, key, new_key())]
    secrets = {reply.json()["subscription"]["client"]["clientSecret"] for reply in replies}
    assert len(secrets) == 1
    assert replies[1].headers["idempotency-replayed"] == "true"
    assert len(asking.wire.all("invoice", billing_reason="subscription_update")) == 1


async def test_what_is_never_confirmed_is_given_up_and_may_be_asked_anew(asking: VendorBooth):
    made, dearer = await asking.subscribed(900), await asking.price(1800)
    await asked(asking, made, dearer)
    await asking.later(hours=24)
    found = await asking.look(made["id"])
    assert (found["priceId"], found["state"], found["client"]) == (made["priceId"], "active", {})
    assert await states(asking) == ["refused"]
    assert (await asked(asking, made, dearer))["priceId"] == dearer
    assert await asking.told() == ["started", "changed"]
    await asking.books_are_right()


async def test_another_wish_takes_its_place(asking: VendorBooth):
    made, dearer, dearest = await asking.subscribed(900), await asking.price(1800), await asking.price(3600)
    await asked(asking, made, dearer)
    asking.wire.declines.append("authentication_required")
    await asked(asking, made, dearest)
    await asking.agree(made["id"])
    await asking.deliver()
    assert (await asking.look(made["id"]))["priceId"] == dearest
    assert [one["amount"]["amount"] for one in await asking.periods(made["id"])] == [900, 2700]
    assert await states(asking) == ["refused", "done"]
    assert (await asking.ask("cancel", made["id"], {"atPeriodEnd": False})).json()["state"] == "canceled"
    await asking.books_are_right()


async def test_a_wish_that_is_met_already_leaves_it_waiting(asking: VendorBooth):
    made, dearer = await asking.subscribed(900), await asking.price(1800)
    await asked(asking, made, dearer)
    assert (await asking.ask("resume", made["id"])).json()["state"] == "active"
    assert await states(asking) == ["open"]
    assert (await asking.look(made["id"]))["client"]


@pytest.mark.parametrize("mishap", ["cut before", "cut after"])
@pytest.mark.parametrize("which", [1, 2, 3])
async def test_a_cut_line_at_any_of_its_calls_leaves_one_that_waits(asking: VendorBooth, mishap: Any, which: int):
    made, dearer = await asking.subscribed(900), await asking.price(1800)
    token = (await shown(asking, made["id"], dearer))["previewToken"]
    await breaks(asking, f"{await asking.reference(made['id'])}$", mishap, which)
    assert (await asking.ask("change", made["id"], {"previewToken": token})).status_code == 504
    await asking.later(minutes=2)
    assert (await asking.look(made["id"]))["client"]
    await asking.agree(made["id"])
    await asking.deliver()
    assert [one["amount"]["amount"] for one in await asking.periods(made["id"])] == [900, 900]
    assert len(asking.wire.all("invoice", billing_reason="subscription_update")) == 1
    await asking.books_are_right()


async def breaks(booth: VendorBooth, path: str, mishap: Any, which: int) -> None:
    """Let a mishap befall the call of that number, from 1, that changes something there."""
    if which == 1:
        booth.wire.next(mishap, on=path)
        return

    async def has_happened() -> None:
        await breaks(booth, path, mishap, which - 1)

    booth.wire.after(path, has_happened)


async def states(booth: Booth) -> list[str]:
    """Of all that was asked, oldest first."""
    return [row[0] for row in await booth.world.rows("SELECT state FROM subscription_changes ORDER BY id")]
