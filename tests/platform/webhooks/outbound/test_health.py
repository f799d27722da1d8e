"""An endpoint that fails: its owner hears of it, it is switched off in the end, and only a good test switches it on."""

import asyncio
from uuid import UUID

import pytest

from cleanly.domain.users import service as users
from cleanly.platform.cache.service import Cache
from cleanly.platform.webhooks.outbound.dispatch import flows
from cleanly.platform.webhooks.outbound.dispatch import service as writes
from cleanly.platform.webhooks.outbound.messages import SETTLE
from cleanly.platform.webhooks.outbound.rules import PLATFORM
from tests.platform.webhooks.outbound import receiver as replies
from tests.platform.webhooks.outbound.stage import add_endpoint, dispatching, publish, states, until_states
from tests.waiting import eventually
from tests.world import code


async def _read(shop, endpoint):
    return (await shop.call("GET", f"/webhook-endpoints/{endpoint['id']}")).json()


async def _failures(service, count):
    async def there_are_as_many():
        ((found,),) = await service.rows("SELECT coalesce(max(failures), 0) FROM outbound_endpoints")
        return found >= count

    await eventually(there_are_as_many, what=f"{count} failures")


async def _told(receiver, path):
    return [receipt.json["type"] for receipt in receiver.at(path)]


async def test_the_owner_hears_of_the_fourth_failed_try_after_a_day_and_at_the_end(service, receiver):
    shop = await service.register()
    bad = await add_endpoint(shop, receiver.url("/bad"), eventTypes=["payment.*", "endpoint.*"])
    await add_endpoint(shop, receiver.url("/watch"), eventTypes=["endpoint.*"])
    receiver.behave("/bad", replies.refuses(500))
    await publish(service, shop.user_id, 3)
    async with dispatching(service):
        await _failures(service, 3)
        for number, minutes in ((6, 1), (9, 7)):
            service.clock.move(minutes=minutes)
            await _failures(service, number)
        assert receiver.at("/watch") == []
        service.clock.move(minutes=40)
        await receiver.until(1, "/watch")
        assert await _subjects(service, shop) == ["Your webhook endpoint at 127.0.0.1 does not answer well"]
        await _failures(service, 12)
        service.clock.move(hours=25)
        await receiver.until(2, "/watch")
        assert len(await _subjects(service, shop)) == 2
        await _failures(service, 15)
        service.clock.move(days=4)
        await _failures(service, 18)
        assert len(receiver.at("/watch")) == 2  # five days, and yet too few failures
        await publish(service, shop.user_id, 2)
        await receiver.until(3, "/watch")
    assert await _told(receiver, "/watch") == ["endpoint.failing", "endpoint.failing", "endpoint.disabled"]
    assert receiver.at("/watch")[-1].json["data"] == {
        "endpointId": bad["id"],
        "host": "127.0.0.1",
        "reason": "failing",
    }
    assert "endpoint.failing" not in await _told(receiver, "/bad")  # not of itself
    read = await _read(await service.login(shop.email), bad)
    assert (read["enabled"], read["disabledReason"], read["health"]["state"]) == (False, "failing", "failing")
    assert (await _subjects(service, shop))[0] == "Your webhook endpoint at 127.0.0.1 was switched off"
    assert len(await _subjects(service, shop)) == 3


async def _subjects(service, shop):
    """Of the mails about endpoints, newest first."""
    mails = await service.mails(shop.email)
    return [mail["subject"] for mail in mails if "endpoint" in mail["subject"]]


async def test_the_owner_hears_at_once_of_one_that_is_gone(service, receiver):
    shop = await service.register()
    gone = await add_endpoint(shop, receiver.url())
    await add_endpoint(shop, receiver.url("/watch"), eventTypes=["endpoint.*"])
    receiver.behave("/hook", replies.is_gone())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await receiver.until(1, "/watch")
    assert await _told(receiver, "/watch") == ["endpoint.disabled"]
    data = {"endpointId": gone["id"], "host": "127.0.0.1", "reason": "gone"}
    assert receiver.at("/watch")[0].json["data"] == data
    assert await _subjects(service, shop) == ["Your webhook endpoint at 127.0.0.1 was switched off"]


async def test_of_the_platforms_own_endpoints_the_administrators_hear(service, receiver):
    admin, other = await service.register(), await service.register()
    async with service.context.db.begin() as session:
        cache = service.context.part(Cache)
        await users.set_role(session, cache, UUID(admin.user_id), "admin", now=service.clock.now())
    admin = await service.login(admin.email)
    made = {"url": receiver.url(), "eventTypes": ["payment.*"]}
    assert (await admin.call("POST", "/webhook-endpoints?account=platform", made)).status_code == 201
    receiver.behave("/hook", replies.is_gone())
    await publish(service, PLATFORM)
    async with dispatching(service):
        await until_states(service, failed=1)
    assert await _subjects(service, admin) == ["Your webhook endpoint at 127.0.0.1 was switched off"]
    assert await _subjects(service, other) == []


async def test_what_an_old_address_answers_late_says_nothing_of_the_new_one(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url("/old"))
    gate = asyncio.Event()
    receiver.behave("/old", replies.after(gate, replies.is_gone()))
    await publish(service, shop.user_id)
    async with dispatching(service):
        await receiver.until(1)
        moved = await shop.call("PUT", f"/webhook-endpoints/{endpoint['id']}", {"url": receiver.url("/new")})
        assert moved.status_code == 200, moved.text
        gate.set()
        await until_states(service, failed=1)
        await publish(service, shop.user_id)
        await receiver.until(1, "/new")
    read = await _read(shop, endpoint)
    assert (read["enabled"], read["health"]["state"]) == (True, "good")


async def test_a_success_begins_the_count_anew(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", replies.refuses(500), replies.accepts())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await _failures(service, 1)
        assert (await _read(shop, endpoint))["health"]["state"] == "failing"
        service.clock.move(seconds=6)
        await until_states(service, succeeded=1)
    health = (await _read(shop, endpoint))["health"]
    assert (health["state"], health["failures"], health["firstFailureAt"]) == ("good", 0, None)
    assert health["lastSuccessAt"] == "2026-11-22T12:00:06.000Z"


async def _switched_off(service, receiver):
    """An endpoint that told us 410, with one message waiting for a retry at that time and one published since."""
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", replies.refuses(500), replies.is_gone())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await _failures(service, 1)
        await publish(service, shop.user_id)
        await until_states(service, pending=1, failed=1)
    await publish(service, shop.user_id)
    return shop, endpoint


async def test_what_waits_for_one_that_was_switched_off_is_skipped(service, receiver):
    await _switched_off(service, receiver)
    assert await states(service) == {"pending": 1, "failed": 1, "skipped": 1}
    assert SETTLE.name in {row[0] for row in await service.rows("SELECT task_name FROM procrastinate_jobs")}
    await service.work()
    assert await states(service) == {"failed": 1, "skipped": 2}
    service.clock.move(hours=1)
    async with dispatching(service):
        await service.work()
    assert len(receiver.receipts) == 2


async def test_only_a_good_test_switches_it_on_again(service, receiver):
    shop, endpoint = await _switched_off(service, receiver)
    path = f"/webhook-endpoints/{endpoint['id']}"
    refused = await shop.call("PUT", path, {"enabled": True})
    assert (refused.status_code, code(refused)) == (409, "INVALID_STATE")
    assert refused.json()["error"]["details"] == {"outcome": "refused", "status": 410, "error": None}
    assert (await _read(shop, endpoint))["enabled"] is False
    receiver.behave("/hook", replies.accepts())
    done = await shop.call("PUT", path, {"enabled": True})
    assert done.status_code == 200, done.text
    assert done.json()["enabled"] is True
    assert done.json()["health"]["state"] == "good"
    assert receiver.receipts[-1].json["type"] == "endpoint.test"
    await publish(service, shop.user_id)
    async with dispatching(service):
        await receiver.until(5)


async def test_one_that_failed_can_be_switched_on_at_another_address_if_that_one_answers(service, receiver):
    shop, endpoint = await _switched_off(service, receiver)
    moved = {"enabled": True, "url": receiver.url("/new")}
    done = await shop.call("PUT", f"/webhook-endpoints/{endpoint['id']}", moved)
    assert done.status_code == 200, done.text
    assert receiver.ids("/new") == [receiver.receipts[-1].id]


async def test_a_good_test_of_one_address_switches_on_no_other(service, receiver):
    shop, endpoint = await _switched_off(service, receiver)
    path, gate = f"/webhook-endpoints/{endpoint['id']}", asyncio.Event()
    receiver.behave("/hook", replies.after(gate, replies.accepts()))
    came = len(receiver.receipts)
    switching = asyncio.create_task(shop.call("PUT", path, {"enabled": True}))
    await receiver.until(came + 1)
    moved = await shop.call("PUT", path, {"url": receiver.url("/untested")})
    assert moved.status_code == 200, moved.text
    gate.set()
    refused = await switching
    assert (refused.status_code, code(refused)) == (409, "CONFLICT")
    assert (await _read(shop, endpoint))["enabled"] is False


async def test_what_its_owner_switched_off_goes_on_without_a_test(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    await publish(service, shop.user_id)
    assert await states(service) == {"skipped": 1}
    done = await shop.call("PUT", f"/webhook-endpoints/{endpoint['id']}", {"enabled": True})
    assert done.json()["enabled"] is True
    assert receiver.receipts == []


@pytest.mark.parametrize("count", [1, 3])
async def test_the_gauges_are_taken(service, receiver, count):
    shop = await service.register()
    for number in range(count):
        await add_endpoint(shop, receiver.url(f"/{number}"))
    await publish(service, shop.user_id)
    service.clock.move(seconds=30)
    await flows.measure(service.context)
    async with service.context.db.begin() as session:
        found = await writes.standing(session)
    assert (found.endpoints_on, found.endpoints_failing, found.endpoints_off) == (count, 0, 0)
    assert (service.clock.now() - found.oldest_due_at).total_seconds() == 30
