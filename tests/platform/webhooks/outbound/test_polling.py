"""Who asks instead of being told gets every event once, in order, whatever is written meanwhile."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from cleanly.kernel.messages import Event
from cleanly.platform.webhooks.outbound import service as outbound
from cleanly.platform.webhooks.outbound.endpoints import queries as endpoints
from cleanly.platform.webhooks.outbound.mending import service as mending
from cleanly.platform.webhooks.outbound.mending.queries import Selection
from tests.platform.webhooks.outbound.receiver import refuses
from tests.platform.webhooks.outbound.stage import add_endpoint, dispatching, publish, until_tries
from tests.world import code


async def ask(phone, endpoint, after=None, *, limit=100):
    query = f"?limit={limit}" + (f"&after={after}" if after else "")
    reply = await phone.call("GET", f"/webhook-endpoints/{endpoint['id']}/events{query}")
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_events_come_once_and_in_order(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    nothing = await ask(shop, endpoint)
    assert nothing == {"items": [], "nextCursor": None, "hasMore": False}
    published = await publish(service, shop.user_id, 5)
    first = await ask(shop, endpoint, limit=3)
    assert first["hasMore"]
    second = await ask(shop, endpoint, first["nextCursor"], limit=3)
    assert not second["hasMore"]
    assert [item["id"] for item in [*first["items"], *second["items"]]] == [str(one) for one in published]
    assert set(first["items"][0]) == {"id", "type", "timestamp", "data"}
    idle = await ask(shop, endpoint, second["nextCursor"])
    assert idle == {"items": [], "nextCursor": second["nextCursor"], "hasMore": False}
    later = await publish(service, shop.user_id)
    assert [item["id"] for item in (await ask(shop, endpoint, idle["nextCursor"]))["items"]] == [str(later[0])]


async def test_what_was_delivered_or_failed_is_there_as_well(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", refuses(500))
    published = await publish(service, shop.user_id, 2)
    async with dispatching(service):
        await until_tries(service, 2)
    assert [item["id"] for item in (await ask(shop, endpoint))["items"]] == [str(one) for one in published]


async def test_only_the_events_that_the_endpoint_asks_for(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False, eventTypes=["refund.*"])
    await publish(service, shop.user_id)
    assert (await ask(shop, endpoint))["items"] == []


async def test_nothing_is_missed_behind_a_transaction_that_is_still_open(service, receiver):
    """One that began first may commit last: its rows come before those that were seen, in the line."""
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    event = Event(
        type="payment.succeeded",
        account_id=UUID(shop.user_id),
        data={"paymentId": str(uuid4()), "state": "captured"},
    )
    written, may_commit = asyncio.Event(), asyncio.Event()

    async def slow():
        async with service.context.db.begin(deadline_seconds=30) as session:
            message_id = await outbound.publish(session, event, now=service.clock.now())
            written.set()
            await may_commit.wait()
        return message_id

    writing = asyncio.create_task(slow())
    await written.wait()
    (quick,) = await publish(service, shop.user_id)
    held_back = await ask(shop, endpoint)
    assert held_back["items"] == [], "the one that is committed waits for the one before it"
    may_commit.set()
    first = await writing
    seen = await ask(shop, endpoint, held_back["nextCursor"])
    assert [item["id"] for item in seen["items"]] == [str(first), str(quick)]


async def test_who_only_reads_for_hours_holds_nobody_up(service, receiver):
    """A backup is one long transaction."""
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    async with service.context.db.begin(deadline_seconds=30) as backup:
        await backup.execute(text("SELECT count(*) FROM outbound_messages"))
        published = await publish(service, shop.user_id)
        assert [item["id"] for item in (await ask(shop, endpoint))["items"]] == [str(published[0])]


async def test_a_replay_that_is_still_open_is_waited_for_as_well(service, receiver):
    shop = await service.register()
    (early,) = await publish(service, shop.user_id)
    endpoint = await add_endpoint(shop, receiver.url())
    service.clock.move(seconds=1)
    async with service.context.db.begin(deadline_seconds=30) as session:
        found = await endpoints.find(session, UUID(endpoint["id"]), account_id=UUID(shop.user_id))
        wanted = Selection(
            account_id=UUID(shop.user_id),
            endpoint_id=UUID(endpoint["id"]),
            types=("payment.succeeded",),
            states=("missing",),
            since=service.clock.now() - timedelta(hours=1),
            until=service.clock.now(),
        )
        await mending.replay(session, wanted, found, after=None, now=service.clock.now())
        (late,) = await publish(service, shop.user_id)
        assert (await ask(shop, endpoint))["items"] == []
    assert [item["id"] for item in (await ask(shop, endpoint))["items"]] == [str(early), str(late)]


async def test_a_reader_beside_many_writers_sees_every_event_once(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    over = asyncio.Event()

    async def read():
        found, after = [], None
        while True:
            was_over = over.is_set()
            page = await ask(shop, endpoint, after, limit=7)
            found += [item["id"] for item in page["items"]]
            after = page["nextCursor"]
            if was_over and not page["items"]:
                return found
            await asyncio.sleep(0)

    reading = asyncio.create_task(read())
    written = await asyncio.gather(*(publish(service, shop.user_id, 3) for _ in range(20)))
    over.set()
    found = await reading
    assert len(found) == 60
    assert set(found) == {str(one) for ids in written for one in ids}


async def test_a_cursor_belongs_to_its_endpoint(service, receiver):
    shop = await service.register()
    one = await add_endpoint(shop, receiver.url("/one"), enabled=False)
    other = await add_endpoint(shop, receiver.url("/other"), enabled=False)
    await publish(service, shop.user_id)
    cursor = (await ask(shop, one))["nextCursor"]
    reply = await shop.call("GET", f"/webhook-endpoints/{other['id']}/events?after={cursor}")
    assert code(reply) == "MALFORMED_REQUEST"
