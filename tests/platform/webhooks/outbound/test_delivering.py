"""Messages reach their endpoints: signed, soon, once; and what fails is tried again when its time has come."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError

from cleanly.entry.modules import MODULES
from cleanly.entry.worker import run_worker
from cleanly.kernel.messages import Event
from cleanly.kernel.net import Http
from cleanly.platform.jobs.settings import JobsSettings
from cleanly.platform.webhooks.outbound import rules
from cleanly.platform.webhooks.outbound import service as outbound
from cleanly.platform.webhooks.outbound.dispatch.rules import SCHEDULE
from tests import pgbouncer
from tests.platform.webhooks.outbound import receiver as replies
from tests.platform.webhooks.outbound.stage import QUICK, add_endpoint, attempts, dispatching, publish, until_states
from tests.platform.webhooks.outbound.standard_webhooks import verify
from tests.waiting import eventually
from tests.world import running


async def _outcomes(service, count):
    """The outcomes of all tries, once there are so many."""

    async def there_are_as_many():
        return len(await attempts(service)) >= count

    await eventually(there_are_as_many, what=f"{count} tries")
    return [(row.outcome, row.status) for row in await attempts(service)]


async def _wait_seconds(service):
    """How long the one delivery waits for its next try, by the test's clock."""
    ((due_at,),) = await service.rows("SELECT due_at FROM outbound_deliveries")
    return (due_at - service.clock.now()).total_seconds()


async def test_a_message_arrives_signed_and_its_try_is_kept(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    (message_id,) = await publish(service, shop.user_id)
    async with dispatching(service):
        await receiver.until(1)
        await until_states(service, succeeded=1)
    (receipt,) = receiver.receipts
    assert receipt.id == str(message_id)
    verify(endpoint["secret"], receipt.headers, receipt.body, now=int(service.clock.now().timestamp()))
    assert set(receipt.json) == {"type", "timestamp", "data"}
    assert receipt.json["type"] == "payment.succeeded"
    assert receipt.json["timestamp"] == "2026-11-22T12:00:00.000Z"
    assert [tuple(row) for row in await attempts(service)] == [("succeeded", 200, None, 1)]


async def test_the_first_try_begins_within_200_ms_of_the_commit(service, receiver, database_url):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    slow_poll = {"outbound_poll_seconds_max": 30.0}
    settings = service.context.parts
    service.context.parts.update(
        {
            kind: part.model_copy(update=slow_poll)
            for kind, part in settings.items()
            if kind.__name__ == "OutboundSettings"
        }
    )
    async with dispatching(service, database_url):
        await publish(service, shop.user_id)
        await receiver.until(1)  # the line stands
        waits = []
        for number in range(2, 8):
            await publish(service, shop.user_id)
            committed = asyncio.get_running_loop().time()
            await receiver.until(number)
            waits.append(receiver.receipts[-1].at_seconds - committed)
        await until_states(service, succeeded=7)
    assert sorted(waits)[len(waits) // 2] < 0.2  # a starved machine may be late once


async def test_only_who_asked_for_it_hears_of_it(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url("/all"))
    await add_endpoint(shop, receiver.url("/this"), eventTypes=["payment.succeeded"])
    await add_endpoint(shop, receiver.url("/other"), eventTypes=["refund.*", "payment.failed"])
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=2)
    assert sorted(receipt.path for receipt in receiver.receipts) == ["/all", "/this"]


async def test_a_refusal_is_tried_again_on_the_schedule_and_given_up_after_the_tenth(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", replies.refuses(500))
    await publish(service, shop.user_id)
    async with dispatching(service):
        for number in range(1, len(SCHEDULE)):
            await _outcomes(service, number)
            wait = await _wait_seconds(service)
            planned = SCHEDULE[number].total_seconds()
            assert 0.8 * planned <= wait <= 1.2 * planned
            service.clock.move(seconds=wait - 0.5)
            await asyncio.sleep(0.1)  # long enough for a look that finds nothing due
            assert len(receiver.receipts) == number
            service.clock.move(seconds=0.5)
        await until_states(service, failed=1)
    assert len(receiver.receipts) == len(SCHEDULE)
    assert len(set(receiver.ids())) == 1
    assert len({receipt.body for receipt in receiver.receipts}) == 1
    assert [row.number for row in await attempts(service)] == list(range(1, len(SCHEDULE) + 1))


async def test_an_endpoint_that_recovers_gets_its_message(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", replies.refuses(503), replies.accepts())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await _outcomes(service, 1)
        service.clock.move(seconds=6)
        await until_states(service, succeeded=1)
    assert await _outcomes(service, 2) == [("refused", 503), ("succeeded", 200)]


@pytest.mark.parametrize(
    ("reply", "outcome", "status"),
    [
        (replies.redirects("http://127.0.0.1:1/secret"), "refused", 302),
        (replies.refuses(404), "refused", 404),
        (replies.breaks_off, "broken", None),
        (replies.talks_nonsense, "broken", None),
    ],
    ids=["redirect", "404", "breaks-off", "nonsense"],
)
async def test_everything_but_2xx_is_a_failure(service, receiver, reply, outcome, status):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", reply)
    await publish(service, shop.user_id)
    async with dispatching(service):
        assert await _outcomes(service, 1) == [(outcome, status)]
        await until_states(service, pending=1)
    assert len(receiver.receipts) == 1  # and nobody went where the redirect led


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
async def test_of_a_huge_answer_the_first_16_kib_are_kept_and_it_counts(service, receiver, announced):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", replies.is_huge(announced=announced))
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=1)
    ((kept,),) = await service.rows("SELECT length(body) FROM outbound_attempts")
    assert kept == 16 * 1024


@pytest.mark.parametrize("reply", [replies.hangs, replies.drips()], ids=["hangs", "drips"])
async def test_who_does_not_answer_in_time_has_failed_and_gets_a_minute(impatient, receiver, reply):
    shop = await impatient.register()
    await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", reply)
    await publish(impatient, shop.user_id)
    began = time.monotonic()
    async with dispatching(impatient):
        assert await _outcomes(impatient, 1) == [("timeout", None)]
        assert await _wait_seconds(impatient) >= 60
    assert time.monotonic() - began < 15
    ((address, duration_ms),) = await impatient.rows("SELECT address, duration_ms FROM outbound_attempts")
    assert address == "127.0.0.1"
    assert duration_ms >= 500


async def test_a_busy_receiver_gets_a_minute_and_one_that_names_a_time_gets_it_within_twice_the_wait(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    receiver.behave(
        "/hook",
        replies.asks_to_wait("1", 429),
        replies.asks_to_wait("420", 503),
        replies.asks_to_wait("999999", 503),
        replies.accepts(),
    )
    await publish(service, shop.user_id)
    async with dispatching(service):
        await _outcomes(service, 1)
        assert await _wait_seconds(service) == 60
        service.clock.move(seconds=60)
        await _outcomes(service, 2)
        assert await _wait_seconds(service) == 420  # between 5 and 10 minutes
        service.clock.move(seconds=420)
        await _outcomes(service, 3)
        assert await _wait_seconds(service) == 3600  # twice half an hour, and no more
        service.clock.move(hours=1)
        await until_states(service, succeeded=1)


async def test_410_ends_the_endpoint_at_once(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", replies.is_gone())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, failed=1)
    read = (await shop.call("GET", f"/webhook-endpoints/{endpoint['id']}")).json()
    assert (read["enabled"], read["disabledReason"]) == (False, "gone")
    await publish(service, shop.user_id)
    await until_states(service, failed=1, skipped=1)


async def test_a_receiver_that_is_down_for_hours_misses_nothing(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    await receiver.close()
    ids = await publish(service, shop.user_id, 20)
    async with dispatching(service):
        for round_ in range(1, 5):  # at once, after 5 s, 5 min, 30 min
            await _outcomes(service, 20 * round_)
            service.clock.move(seconds=1.2 * SCHEDULE[round_].total_seconds())
        # The last move was two hours and more; what came due meanwhile failed once more or finds it up again.
        await receiver.open()
        for _ in range(2):
            await _outcomes(service, 20 * 5)
            service.clock.move(hours=6)
        await until_states(service, succeeded=20)
    assert set(receiver.ids()) == {str(one) for one in ids}


@pytest.mark.parametrize(
    "url",
    [
        "https://a..example/",
        f"https://{'a' * 70}.example/",
        "https://nowhere.invalid/",
        "https://127.0.0.1:8443/",
        "https://2130706433:8443/",
        "https://[::1]:8443/",
    ],
)
async def test_an_address_that_leads_nowhere_fails_alone(service, receiver, url):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    other = await add_endpoint(shop, receiver.url("/good"))
    await service.rows(
        "UPDATE outbound_endpoints SET url = :url WHERE id = :id RETURNING id", url=url, id=endpoint["id"]
    )
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=1, pending=1)
        (message_id,) = await publish(service, shop.user_id)
        await receiver.until(2, "/good")
        assert receiver.ids("/good")[-1] == str(message_id)
        await _outcomes(service, 4)
    rows = await service.rows("SELECT outcome FROM outbound_attempts WHERE status IS NULL")
    assert {row.outcome for row in rows} <= {"unreachable", "forbidden"}
    assert other["enabled"]


async def test_a_call_that_breaks_in_an_unheard_of_way_fails_alone(service, receiver, monkeypatch):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    whole = Http.hand_over
    calls = []

    async def once_broken(self, url, **more):
        calls.append(url)
        if len(calls) == 1:
            raise RuntimeError("unheard of")
        return await whole(self, url, **more)

    monkeypatch.setattr(Http, "hand_over", once_broken)
    await publish(service, shop.user_id)
    async with dispatching(service):
        assert await _outcomes(service, 1) == [("broken", None)]
        service.clock.move(seconds=6)
        await until_states(service, succeeded=1)


async def test_through_a_transaction_pooler_it_polls(service, receiver, server, database_url, clock):
    with pgbouncer.pooled_url(server, database_url) as pooled:
        async with running(pooled, clock, **QUICK) as world:
            shop = await world.register()
            await add_endpoint(shop, receiver.url())
            async with dispatching(world):
                for number in range(1, 9):  # more than the driver's threshold for preparing a statement
                    await publish(world, shop.user_id)
                    await receiver.until(number)
                await until_states(world, succeeded=8)


async def test_the_worker_delivers_beside_its_jobs(service, receiver, database_url):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    stop = asyncio.Event()
    settings = service.context.part(JobsSettings)
    working = asyncio.create_task(run_worker(service.context, MODULES, settings, url=database_url, stop=stop))
    await publish(service, shop.user_id)
    await receiver.until(1)
    await until_states(service, succeeded=1)
    stop.set()
    await working


async def test_an_event_above_20_kb_is_a_fault_of_the_program(service):
    event = Event(type="payment.failed", account_id=uuid4(), data={"paymentId": "x" * 20_000})
    with pytest.raises(ValueError, match="too large"):
        async with service.context.db.begin() as session:
            await outbound.publish(session, event)
    assert await service.rows("SELECT 1 FROM outbound_messages") == []


async def test_what_may_be_published_is_never_above_20_kb_on_the_wire(service, receiver):
    """The size is judged before PostgreSQL has written the JSON in its own way."""
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    sent = []
    for text_ in ("x", "\N{EURO SIGN}", '"', "\\", "\n", "\x01", "\x7f", "\N{PILE OF POO}"):
        data, kind = {"paymentId": ""}, "payment.failed"
        while rules.body_bytes(kind, data | {"paymentId": data["paymentId"] + text_ * 10}) <= rules.BODY_BYTES_MAX:
            data["paymentId"] += text_ * 10
        sent.append(data["paymentId"])
        async with service.context.db.begin() as session:
            event = Event(type=kind, account_id=UUID(shop.user_id), data=data)
            await outbound.publish(session, event, now=service.clock.now())
    async with dispatching(service):
        await until_states(service, succeeded=len(sent))
    assert sorted(receipt.json["data"]["paymentId"] for receipt in receiver.receipts) == sorted(sent)
    assert all(19_800 < len(receipt.body) <= 20_000 for receipt in receiver.receipts)


async def test_what_is_rolled_back_is_told_to_nobody(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    event = Event(type="payment.failed", account_id=UUID(shop.user_id), data={"paymentId": "x"})

    async def publish_and_fail():
        async with service.context.db.begin() as session:
            await outbound.publish(session, event)
            await session.execute(text("SELECT 1 / 0"))

    with pytest.raises(DataError):
        await publish_and_fail()
    assert await service.rows("SELECT 1 FROM outbound_deliveries") == []


async def test_a_first_try_does_not_wait_for_our_clock_to_reach_the_databases(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", replies.refuses(500), replies.accepts())
    service.clock.at = datetime(2020, 1, 1, tzinfo=UTC)
    event = Event(type="payment.failed", account_id=UUID(shop.user_id), data={"paymentId": "x"})
    async with service.context.db.begin() as session:
        await outbound.publish(session, event)
    async with dispatching(service):
        await receiver.until(1)
        await _outcomes(service, 1)
        assert 4 <= await _wait_seconds(service) <= 6  # while the second one does
        service.clock.move(seconds=6)
        await until_states(service, succeeded=1)
