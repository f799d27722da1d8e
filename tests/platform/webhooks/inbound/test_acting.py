"""What becomes of stored news: acted on once in order, put off, given up, or nobody's business."""

import asyncio
from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from structlog.testing import capture_logs

from cleanly.entry.worker import run_worker
from cleanly.kernel.messages import Handled, Tick
from cleanly.kernel.module import InboundHandler, InboundHandlers, Module
from cleanly.platform.jobs.settings import JobsSettings
from cleanly.platform.providers.errors import NotSent
from cleanly.platform.webhooks.inbound import flows, rules, service
from cleanly.platform.webhooks.inbound.jobs import JOBS
from cleanly.platform.webhooks.inbound.messages import as_verified
from cleanly.platform.webhooks.inbound.module import module as inbound
from cleanly.platform.webhooks.inbound.settings import InboundSettings
from tests.platform.webhooks.inbound.conftest import Inbox
from tests.waiting import eventually

WAIT = Handled.MISSING_PARENT


async def test_the_handler_gets_the_news_as_it_was_verified(inbox: Inbox, counted):
    await inbox.push(inbox.news(id="evt_a", object="pay_7"))
    await inbox.work()
    event = inbox.acted_on[0]
    verified = as_verified(event)
    for found in (event, verified):
        assert (found.provider, found.account, found.id) == ("scripted", "acct_ours", "evt_a")
        assert (found.type, found.kind, found.object) == ("payment.changed", "payment", "pay_7")
        assert (found.our_id, found.is_live) == (UUID("0198a2c0-0000-7000-8000-000000000001"), False)
        assert (found.api_version, found.created_at) == ("2026-10-28", inbox.clock.now())
    row = await inbox.only()
    assert (row.state, row.attempts, row.next_at, row.last_error) == ("done", 1, None, None)
    assert row.done_at == inbox.clock.now()
    assert counted[-1] == ("scripted", "payment.changed", "done")


async def test_two_events_of_one_object_are_acted_on_one_after_the_other_as_they_came(inbox: Inbox, database_url: str):
    """By the real worker, eight at a time."""
    running: dict[str, int] = defaultdict(int)
    order: list[str] = []
    both_objects = asyncio.Event()

    async def run(_context, event):
        running[event.object] += 1
        assert running[event.object] == 1
        order.append(event.id)
        if {running["pay_1"], running["pay_2"]} == {1}:
            both_objects.set()
        if event.id in {"first", "other"}:  # neither ends before both run: different objects don't wait
            async with asyncio.timeout(20):
                await both_objects.wait()
        running[event.object] -= 1
        return Handled.DONE

    inbox.part(InboundHandlers.of([Module("sample", inbound=[InboundHandler("payment", run)])]))
    for event_id, object_id in (("first", "pay_1"), ("second", "pay_1"), ("third", "pay_1"), ("other", "pay_2")):
        assert (await inbox.push(inbox.news(id=event_id, object=object_id))).status_code == 200
    stop = asyncio.Event()
    settings = JobsSettings(jobs_poll_seconds_max=0.1)
    module = Module("inbound", jobs=inbound.jobs)
    worker = asyncio.create_task(run_worker(inbox.context, [module], settings, url=database_url, stop=stop))

    async def all_done() -> bool:
        return [row.state for row in await inbox.events()] == ["done"] * 4

    await eventually(all_done, what="four events done")
    stop.set()
    await worker
    assert [event_id for event_id in order if event_id != "other"] == ["first", "second", "third"]


async def test_an_event_before_its_parent_waits_and_is_done_when_the_parent_is_there(inbox: Inbox, counted):
    inbox.script["evt_early"] = [WAIT, WAIT]
    await inbox.push(inbox.news(id="evt_early"))
    await inbox.work()
    row = await inbox.only()
    assert (row.state, row.attempts, row.next_at) == ("waiting", 1, inbox.clock.now() + timedelta(seconds=5))
    assert row.last_error == "what it belongs to is not here yet"
    inbox.clock.move(seconds=4.9)
    assert await inbox.work() == 0, "not before its time"
    inbox.clock.move(seconds=0.1)
    await inbox.work()
    row = await inbox.only()
    assert (row.state, row.attempts, row.next_at) == ("waiting", 2, inbox.clock.now() + timedelta(seconds=30))
    inbox.clock.move(seconds=30)
    await inbox.work()
    row = await inbox.only()
    assert (row.state, row.attempts, row.next_at, row.last_error) == ("done", 3, None, None)
    assert [outcome for _, _, outcome in counted] == ["stored", "waiting", "waiting", "done"]


async def test_a_waiting_event_holds_up_no_other_of_its_object(inbox: Inbox):
    inbox.script["evt_early"] = [WAIT] * 6
    await inbox.push(inbox.news(id="evt_early"))
    for _ in range(6):
        await inbox.work()
        inbox.clock.move(hours=1)
    await inbox.push(inbox.news(id="evt_late"))
    await inbox.work()
    assert {row.event_id: row.state for row in await inbox.events()} == {"evt_early": "waiting", "evt_late": "done"}


async def test_what_never_finds_its_parent_is_dead_after_three_days_and_raises_an_alarm(inbox: Inbox, counted):
    inbox.script["pay_1"] = [WAIT] * 100
    began = inbox.clock.now()
    await inbox.push()
    with capture_logs() as logs:
        while (await inbox.only()).state != "dead":
            assert inbox.clock.now() - began <= timedelta(days=3)
            await inbox.work()
            if (next_at := (await inbox.only()).next_at) is not None:
                inbox.clock.at = next_at
    assert inbox.clock.now() - began == timedelta(days=3)
    assert counted[-1] == ("scripted", "payment.changed", "dead")
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["inbound_event_dead"]
    inbox.clock.move(days=30)
    tries = len(inbox.acted_on)
    await flows.sweep(inbox.context)
    await inbox.work()
    assert (len(inbox.acted_on), (await inbox.only()).state) == (tries, "dead")


async def test_a_failure_is_written_down_and_tried_again(inbox: Inbox, counted):
    class Odd(Exception):
        pass

    inbox.script["pay_1"] = [Odd("the price is 12\0 with sk_live_abcdefghijklmnop " + "x" * 2000)]
    await inbox.push()
    with capture_logs() as logs:
        await inbox.work()
    row = await inbox.only()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.last_error.startswith("Odd: the price is 12 with [hidden]")
    assert len(row.last_error) == 500
    assert "sk_live" not in row.last_error
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["inbound_event_failed"]
    inbox.clock.move(seconds=5)
    await inbox.work()
    assert (await inbox.only()).state == "done"
    assert [outcome for _, _, outcome in counted] == ["stored", "waiting", "done"]


async def test_a_failure_stays_written_though_the_handlers_own_work_rolls_back(inbox: Inbox):
    async def run(context, event):
        async with context.db.begin() as session:
            connection = await session.connection()
            await connection.exec_driver_sql("DELETE FROM inbound_events")
            raise RuntimeError(f"no more of {event.id}")

    inbox.part(InboundHandlers.of([Module("sample", inbound=[InboundHandler("payment", run)])]))
    await inbox.push(inbox.news(id="evt_a"))
    await inbox.work()
    assert (await inbox.only()).last_error == "RuntimeError: no more of evt_a"


async def test_a_handler_that_hangs_is_ended_and_tried_again(inbox: Inbox):
    inbox.part(InboundSettings(inbound_run_seconds_max=0.05))
    inbox.script["pay_1"] = [60.0]
    await inbox.push()
    await inbox.work()
    row = await inbox.only()
    assert (row.state, row.last_error) == ("waiting", "TimeoutError: ")


async def test_a_provider_that_asks_for_time_gets_it(inbox: Inbox):
    inbox.script["pay_1"] = [NotSent("too many calls", retry_after_seconds=90)]
    await inbox.push()
    await inbox.work()
    assert (await inbox.only()).next_at == inbox.clock.now() + timedelta(seconds=90)


async def test_what_is_nobodys_business_is_ignored_with_its_reason(inbox: Inbox):
    inbox.script["evt_alien"] = [Handled.IGNORED]
    await inbox.push(inbox.news(id="evt_alien", ourId=None))
    await inbox.push(inbox.news(id="evt_odd", kind="other"))
    await inbox.push(inbox.news(id="evt_seller", account="acct_seller"))
    await inbox.push(inbox.news(id="evt_account", kind="account", account="acct_seller"))
    await inbox.work()
    assert {row.event_id: (row.state, row.last_error) for row in await inbox.events()} == {
        "evt_alien": ("ignored", "not ours"),
        "evt_odd": ("ignored", "nobody acts on news of kind other"),
        "evt_seller": ("ignored", "of another account"),
        "evt_account": ("done", None),
    }
    assert [event.id for event in inbox.acted_on] == ["evt_alien", "evt_account"]
    assert await inbox.jobs() == []


async def test_events_whose_jobs_were_lost_are_taken_up_after_an_hour(inbox: Inbox, monkeypatch):
    monkeypatch.setattr(service, "RESCUE_BATCH", 2)
    for _ in range(3):
        await inbox.push()
    await inbox.world.rows("DELETE FROM procrastinate_jobs RETURNING id")
    inbox.clock.move(minutes=59)
    await flows.sweep(inbox.context)
    assert await inbox.work() == 0, "it may still be running"
    inbox.clock.move(minutes=2)
    await flows.sweep(inbox.context)
    await flows.sweep(inbox.context)
    assert await inbox.jobs() == ["inbound.process"] * 3, "asked for once, not at each sweep"
    await inbox.work()
    assert [row.state for row in await inbox.events()] == ["done"] * 3


async def test_a_second_job_for_an_event_that_is_over_does_nothing(inbox: Inbox):
    await inbox.push()
    await inbox.work()
    await flows.process(inbox.context, (await inbox.only()).id)
    assert len(inbox.acted_on) == 1
    assert (await inbox.only()).attempts == 1


async def test_a_try_that_fails_after_another_has_done_it_changes_nothing(inbox: Inbox):
    calls: list[str] = []

    async def run(context, event):
        calls.append(event.id)
        if len(calls) == 1:
            await flows.process(context, (await inbox.only()).id)
            raise RuntimeError("too late")
        return Handled.DONE

    inbox.part(InboundHandlers.of([Module("sample", inbound=[InboundHandler("payment", run)])]))
    await inbox.push()
    await inbox.work()
    row = await inbox.only()
    assert (len(calls), row.state, row.attempts, row.last_error) == (2, "done", 1, None)
    assert await inbox.jobs() == []


async def test_the_gauges_show_the_oldest_waiting_and_the_dead(inbox: Inbox, monkeypatch):
    shown: list[dict[str, float]] = []
    monkeypatch.setattr("cleanly.platform.webhooks.inbound.metrics.gauge", lambda **told: shown.append(told))
    jobs = {job.task.name: job for job in JOBS}
    tick = Tick(due_at="2026-11-22T12:00:00Z")
    await jobs["inbound.measure"].run(inbox.context, tick)
    inbox.script["evt_1st"] = [WAIT]
    await inbox.push(inbox.news(id="evt_1st", object="a"))
    inbox.script["evt_2nd"] = [WAIT] * 100
    await inbox.push(inbox.news(id="evt_2nd", object="b"))
    await inbox.work()
    inbox.clock.move(seconds=4)
    await jobs["inbound.measure"].run(inbox.context, tick)
    await inbox.world.rows(
        "UPDATE inbound_events SET attempts = :last WHERE event_id = 'evt_2nd' RETURNING id",
        last=next(count for count in range(100) if count and rules.retry_delay(count + 1) is None),
    )
    inbox.clock.move(seconds=1)
    await inbox.work()
    await jobs["inbound.measure"].run(inbox.context, tick)
    assert shown == [
        {"oldest_seconds": 0, "dead": 0},
        {"oldest_seconds": 4, "dead": 0},
        {"oldest_seconds": 0, "dead": 1},
    ]
