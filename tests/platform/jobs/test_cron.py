"""Scheduled work: due by the clock, once however many processes watch."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from cleanly.kernel.context import Context
from cleanly.kernel.messages import Task, Tick
from cleanly.kernel.module import Cron, FlowJob, Module, TxJob
from cleanly.platform.cron import flows, metrics, rules, service
from cleanly.platform.cron.errors import NoSuchCron
from tests.conftest import MovedClock
from tests.platform.jobs.conftest import World, eventually, write

NIGHTLY = Task("sample.nightly", Tick)
MINUTELY = Task("sample.minutely", Tick)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SCHEDULES = st.sampled_from(["* * * * *", "*/7 * * * *", "0 3 * * *", "30 4 1 * *", "15 6 * * 1-5"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}+00:00")


@pytest.fixture
def timed(world: World, clock: MovedClock) -> World:
    """A world whose time stands still at noon."""
    return replace(world, context=replace(world.context, clock=clock))


async def tell(session: AsyncSession, tick: Tick, _context: Context) -> None:
    await write(session, tick.due_at)


SAMPLE = Module(
    "sample",
    jobs=[TxJob(NIGHTLY, tell), TxJob(MINUTELY, tell)],
    crons=[Cron("0 3 * * *", NIGHTLY), Cron("* * * * *", MINUTELY)],
)


def test_a_schedule_is_due_in_its_minute_and_not_before():
    assert rules.last_due("0 3 * * *", now=at("22T03:00:00")) == at("22T03:00:00")
    assert rules.last_due("0 3 * * *", now=at("22T03:00:59")) == at("22T03:00:00")
    assert rules.last_due("0 3 * * *", now=at("22T02:59:59")) == at("21T03:00:00")
    assert rules.next_due("0 3 * * *", now=at("22T03:00:00")) == at("23T03:00:00")
    assert rules.next_due("0 3 * * *", now=at("22T02:59:59")) == at("22T03:00:00")


@given(schedule=SCHEDULES, now=MOMENTS)
def test_nothing_is_due_between_the_last_and_the_next(schedule: str, now: datetime):
    last, following = rules.last_due(schedule, now=now), rules.next_due(schedule, now=now)
    assert last <= now < following
    assert rules.last_due(schedule, now=following - timedelta(microseconds=1)) == last
    assert rules.last_due(schedule, now=following) == following


@pytest.mark.parametrize("schedule", ["", "* * * *", "* * * * * *", "@daily", "61 * * * *", "a b c d e"])
def test_what_is_no_schedule_is_refused(schedule: str):
    with pytest.raises(ValueError, match="not a schedule"):
        rules.check(schedule)


def test_a_schedule_is_found_by_its_whole_name_or_its_last_part():
    crons = [Cron("* * * * *", Task(name, Tick)) for name in ("jobs.sweep", "auth.sweep", "auth.lock")]
    assert rules.find(crons, "auth.sweep") is crons[1]
    assert rules.find(crons, "lock") is crons[2]
    with pytest.raises(NoSuchCron, match=r"auth\.sweep, jobs\.sweep"):
        rules.find(crons, "sweep")
    with pytest.raises(NoSuchCron, match=r"no schedule 'auth'"):
        rules.find(crons, "auth")


async def test_two_workers_fire_a_minute_once(timed: World, clock: MovedClock):
    async with timed.worker(SAMPLE), timed.worker(SAMPLE):
        for _ in range(5):
            await asyncio.gather(*[flows.fire_due(timed.context, SAMPLE.crons, now=clock.now()) for _ in range(4)])

        async def told() -> bool:
            return bool(await timed.effects())

        await eventually(told, what="the tick")
    assert await timed.effects() == ["2026-11-22T12:00:00.000Z"]
    assert [row[0] for row in await timed.rows("SELECT task_name FROM procrastinate_jobs")] == ["sample.minutely"]


async def test_a_worker_fires_by_itself_minute_after_minute(timed: World, clock: MovedClock):
    clock.at = at("22T12:00:59.900000")
    with capture_logs() as logs:
        await _fires_twice(timed, clock)
    lines = [line for line in logs if line["event"] == "job_finished"]
    assert {(line["task"], line["outcome"], line["log_level"]) for line in lines} == {
        ("sample.minutely", "succeeded", "debug")
    }


async def _fires_twice(timed: World, clock: MovedClock) -> None:
    async with timed.worker(SAMPLE):
        for minute in ("12:00", "12:01"):

            async def fired(due_at: str = minute) -> bool:
                return f"2026-11-22T{due_at}:00.000Z" in await timed.effects()

            await eventually(fired, what=minute)
            clock.move(seconds=0.2)
    assert await timed.effects() == ["2026-11-22T12:00:00.000Z", "2026-11-22T12:01:00.000Z"]


async def test_after_an_outage_only_the_latest_tick_fires_and_only_if_it_is_not_too_late(timed: World):
    async def fire(text: str) -> list[str]:
        return await flows.fire_due(timed.context, SAMPLE.crons, now=at(text))

    assert await fire("22T03:00:10") == ["sample.nightly", "sample.minutely"]
    assert await fire("23T03:59:00") == ["sample.nightly", "sample.minutely"], "less than an hour late"
    assert await fire("24T09:00:00") == ["sample.minutely"], "the night is over"
    assert await fire("24T09:00:59") == []


async def test_a_missed_night_is_overdue_until_the_next_and_one_before_the_schedule_was_there_is_not(
    timed: World, monkeypatch: pytest.MonkeyPatch
):
    told: dict[str, float] = {}
    monkeypatch.setattr(metrics, "overdue", told.update)

    async def overdue(text: str) -> float:
        await flows.measure(timed.context, SAMPLE.crons, now=at(text))
        return told["sample.nightly"]

    assert await overdue("22T12:00:00") == 0, "it was installed this morning"
    assert await overdue("23T03:20:00") == 1200, "and nobody takes its first tick"
    await flows.fire_due(timed.context, SAMPLE.crons, now=at("23T03:20:00"))
    assert await overdue("23T03:21:00") == 0
    assert await overdue("24T12:00:00") == 9 * 3600


async def test_run_once_twice_runs_once(timed: World, clock: MovedClock):
    clock.at = at("22T03:00:20")
    assert await flows.run_once(timed.context, [SAMPLE], "nightly", now=clock.now())
    clock.move(minutes=5)
    assert not await flows.run_once(timed.context, [SAMPLE], "sample.nightly", now=clock.now())
    assert await timed.effects() == ["2026-11-22T03:00:00.000Z"]
    clock.move(days=1)
    assert await flows.run_once(timed.context, [SAMPLE], "nightly", now=clock.now())
    assert len(await timed.effects()) == 2


async def test_run_once_by_many_at_the_same_time_runs_once(timed: World, clock: MovedClock):
    ran = await asyncio.gather(
        *[flows.run_once(timed.context, [SAMPLE], "minutely", now=clock.now()) for _ in range(6)]
    )
    assert sorted(ran) == [False] * 5 + [True]
    assert len(await timed.effects()) == 1


async def test_run_once_and_a_worker_share_their_ticks(timed: World, clock: MovedClock):
    assert await flows.fire_due(timed.context, SAMPLE.crons, now=clock.now()) == ["sample.minutely"]
    assert not await flows.run_once(timed.context, [SAMPLE], "minutely", now=clock.now())
    clock.move(minutes=1)
    assert await flows.run_once(timed.context, [SAMPLE], "minutely", now=clock.now())
    assert await flows.fire_due(timed.context, SAMPLE.crons, now=clock.now()) == []


@pytest.mark.parametrize("kind", ["tx", "flow"])
async def test_a_failed_run_once_is_raised_and_its_tick_may_be_taken_again(timed: World, clock: MovedClock, kind: str):
    fails = True

    async def in_session(session: AsyncSession, tick: Tick, _context: Context) -> None:
        await write(session, tick.due_at)
        if fails:
            raise ZeroDivisionError

    async def flow(context: Context, tick: Tick) -> None:
        if fails:
            raise ZeroDivisionError
        async with context.db.begin() as session:
            await write(session, tick.due_at)

    job = TxJob(NIGHTLY, in_session) if kind == "tx" else FlowJob(NIGHTLY, flow)
    module = Module("sample", jobs=[job], crons=[Cron("0 3 * * *", NIGHTLY)])
    with pytest.raises(ZeroDivisionError):
        await flows.run_once(timed.context, [module], "nightly", now=clock.now())
    assert await timed.effects() == []
    fails = False
    assert await flows.run_once(timed.context, [module], "nightly", now=clock.now())
    assert not await flows.run_once(timed.context, [module], "nightly", now=clock.now())
    assert len(await timed.effects()) == 1


async def test_old_ticks_are_forgotten_and_todays_are_not(timed: World):
    async with timed.context.db.begin() as session:
        for text in ("20T03:00:00", "21T03:00:00"):
            assert await service.take(session, "sample.nightly", at(text))
        assert await service.take(session, "sample.nightly", at("20T03:00:00") + timedelta(days=31))
        assert not await service.take(session, "sample.nightly", at("21T03:00:00"))
    left = [row[0] for row in await timed.rows("SELECT due_at FROM cron_ticks ORDER BY due_at")]
    assert left == [at("21T03:00:00"), at("20T03:00:00") + timedelta(days=31)]
