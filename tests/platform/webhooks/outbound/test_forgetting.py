"""What is older than 30 days goes, in short transactions; so does what was a person's, when the person goes."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from cleanly.platform.webhooks.outbound.history import flows
from cleanly.platform.webhooks.outbound.history import service as history
from tests.platform.webhooks.outbound.stage import add_endpoint, dispatching, publish, states, until_states
from tests.world import PASSWORD

TABLES = ("outbound_messages", "outbound_deliveries", "outbound_attempts", "outbound_endpoints", "outbound_secrets")


async def counts(service):
    return {name: (await service.rows(f"SELECT count(*) FROM {name}"))[0][0] for name in TABLES}


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(history, "BATCH", 4)


async def test_messages_go_after_thirty_days_with_their_deliveries_and_tries(service, receiver, small_batches):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    await publish(service, shop.user_id, 10)
    async with dispatching(service):
        await until_states(service, succeeded=10)
    service.clock.move(days=29, hours=23)
    young = await publish(service, shop.user_id, 3)
    async with dispatching(service):
        await until_states(service, succeeded=13)
    assert await flows.sweep(service.context) == 0
    service.clock.move(hours=2)
    assert await flows.sweep(service.context) == 10
    left = await counts(service)
    assert (left["outbound_messages"], left["outbound_deliveries"], left["outbound_attempts"]) == (3, 3, 3)
    assert {row[0] for row in await service.rows("SELECT id FROM outbound_messages")} == set(young)
    assert await flows.sweep(service.context) == 0


async def test_no_transaction_of_a_sweep_deletes_more_than_a_batch(service, small_batches, monkeypatch):
    await publish(service, uuid4(), 10)
    service.clock.move(days=31)
    swept, whole = [], history.sweep

    async def noted(session, **more):
        done = await whole(session, **more)
        swept.append((done.deleted, await session.scalar(text("SELECT pg_current_xact_id()::text"))))
        return done

    monkeypatch.setattr(history, "sweep", noted)
    assert await flows.sweep(service.context) == 10
    assert [deleted for deleted, _ in swept] == [4, 4, 2]
    assert len({transaction for _, transaction in swept}) == 3


async def test_one_that_is_still_on_its_way_stays_until_it_has_arrived(service, receiver, small_batches):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    waiting = await publish(service, shop.user_id, 5)
    service.clock.move(days=31)
    assert await flows.sweep(service.context) == 0
    async with dispatching(service):
        await until_states(service, succeeded=5)
    assert sorted(receiver.ids()) == sorted(str(one) for one in waiting)
    assert await flows.sweep(service.context) == 5


async def test_what_stays_does_not_hide_what_is_old_behind_it(service, receiver, small_batches):
    shop, other = await service.register(), await service.register()
    await add_endpoint(shop, receiver.url())
    await publish(service, shop.user_id, 5)  # still on their way
    await publish(service, other.user_id, 6)  # to nobody
    service.clock.move(days=31)
    assert await flows.sweep(service.context) == 6


async def test_the_sweep_is_a_schedule(service, receiver):
    await publish(service, uuid4(), 2)
    service.clock.move(days=31)
    job = next(job for module in _modules() for job in module.jobs if job.task.name == "outbound.sweep")
    await job.run(service.context, job.task.payload(due_at=""))
    assert (await counts(service))["outbound_messages"] == 0


def _modules():
    from cleanly.entry.modules import MODULES

    return MODULES


async def test_keys_that_sign_no_more_are_forgotten(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    await shop.call("POST", f"/webhook-endpoints/{endpoint['id']}/rotate-secret", {"overlapHours": 1})
    await flows.sweep(service.context)
    assert (await counts(service))["outbound_secrets"] == 2
    service.clock.move(hours=1, seconds=1)
    await flows.sweep(service.context)
    assert (await counts(service))["outbound_secrets"] == 1


async def test_erasing_a_user_erases_endpoints_keys_messages_and_tries(service, receiver, small_batches):
    ada, eve = await service.register(), await service.register()
    await add_endpoint(ada, receiver.url("/ada"))
    await add_endpoint(eve, receiver.url("/eve"))
    await publish(service, ada.user_id, 10)
    await publish(service, eve.user_id, 2)
    async with dispatching(service):
        await until_states(service, succeeded=12)
    assert (await ada.call("DELETE", "/users/me")).status_code == 204
    assert (await counts(service))["outbound_endpoints"] == 1
    await service.work()
    assert await counts(service) == {
        "outbound_messages": 2,
        "outbound_deliveries": 2,
        "outbound_attempts": 2,
        "outbound_endpoints": 1,
        "outbound_secrets": 1,
    }
    owners = await service.rows("SELECT DISTINCT account_id FROM outbound_messages")
    assert [row[0] for row in owners] == [UUID(eve.user_id)]


async def test_erasing_a_user_whose_messages_are_on_their_way_stops_them(service, receiver):
    ada = await service.register()
    await add_endpoint(ada, receiver.url())
    await publish(service, ada.user_id, 3)
    assert (await ada.call("DELETE", "/users/me")).status_code == 204
    assert await states(service) == {}
    async with dispatching(service):
        eve = await service.register()
        await add_endpoint(eve, receiver.url("/eve"))
        await publish(service, eve.user_id)
        await until_states(service, succeeded=1)
    assert receiver.at("/hook") == []


async def test_a_users_export_holds_endpoints_and_messages_and_no_secret(service, receiver):
    ada = await service.register()
    endpoint = await add_endpoint(ada, receiver.url(), description="the till", enabled=False)
    (message_id,) = await publish(service, ada.user_id)
    await publish(service, uuid4())
    reply = await ada.call("GET", "/users/me/export")
    told = reply.json()["outbound"]
    assert [(one["id"], one["url"], one["description"]) for one in told["endpoints"]] == [
        (endpoint["id"], receiver.url(), "the till")
    ]
    assert [one["id"] for one in told["messages"]] == [str(message_id)]
    assert endpoint["secret"] not in reply.text
    assert PASSWORD not in reply.text
