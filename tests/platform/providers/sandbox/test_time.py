"""Its clock, what happens by itself, and that every run is like the last."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from cleanly.platform.providers.errors import Refused
from tests.conftest import empty
from tests.moved_clock import MovedClock
from tests.platform.providers.sandbox.stage import Ear, Stage, eur, new, sandbox_over


async def story(stage: Stage) -> list[object]:
    """A month with a bit of everything; what was seen of it."""
    seen: list[object] = []
    for number, amount in enumerate((10000, 1003, 1004, 10020, 10021, 10022, 10030, 10031, 1011, 1010), start=1):
        seen.append(await stage.pay(amount, number=number))
    await stage.sandbox.confirm("py_000002")
    await stage.refund(await stage.sandbox.get_payment("py_000001"), 2500)
    await stage.refund(await stage.sandbox.get_payment("py_000007"), 1000, number=2)
    for _ in range(4):
        stage.clock.move(days=3)
        await stage.sandbox.pump()
    seen += [(push.headers["sandbox-signature"], push.body) for push in stage.ear.heard]
    seen += (await stage.sandbox.list_entries(MovedClock().at, None)).entries
    seen.append(await stage.sandbox.get_balance())
    return seen


async def test_two_runs_are_the_same_to_the_byte(stage, database_url):
    first = await story(stage)
    assert len(first) > 40
    empty(database_url)
    clock, ear = MovedClock(), Ear()
    assert await story(Stage(stage.db, clock, ear, sandbox_over(stage.db, clock, ear))) == first


async def test_what_was_missed_happens_as_of_its_own_time(stage):
    await stage.pay(10020)
    stage.clock.move(days=30)
    await stage.sandbox.pump()
    began = MovedClock().at
    page = await stage.sandbox.list_events(began, None)
    days = [(stored.event.type, (stored.event.created_at - began).days) for stored in page.events]
    assert days[2:] == [("dispute.created", 1), ("dispute.funds_withdrawn", 1), ("dispute.closed", 8)]


async def test_the_clock_runs_ahead_when_told_to(stage):
    made = await stage.pay(1004)
    await stage.news()
    assert await stage.sandbox.advance(timedelta(days=1)) == 0
    assert (await stage.sandbox.get_payment(made.reference)).state == "processing"
    assert await stage.sandbox.advance(timedelta(days=1)) == 1
    assert await stage.news() == ["payment.captured"]
    stage.clock.move(days=1)
    assert (await stage.sandbox.get_payment(made.reference)).state == "captured"


async def test_every_process_sees_the_same_time(stage):
    made = await stage.pay(1004)
    await stage.sandbox.advance(timedelta(days=2))
    worker = sandbox_over(stage.db, stage.clock, Ear())
    assert (await worker.get_payment(made.reference)).state == "captured"


async def test_the_clock_does_not_run_back(stage):
    with pytest.raises(ValueError, match="forward"):
        await stage.sandbox.advance(timedelta(seconds=-1))


async def test_money_is_pending_for_two_days_and_then_available(stage):
    await stage.pay(10000)
    held = await stage.sandbox.get_balance()
    assert (held.available, held.pending) == ({}, {"EUR": 9680})
    stage.clock.move(days=2)
    held = await stage.sandbox.get_balance()
    assert (held.available, held.pending) == ({"EUR": 9680}, {})


async def test_what_is_available_there_does_not_wait_for_our_clock(stage):
    await stage.pay(10000)
    [before] = (await stage.sandbox.list_entries(MovedClock().at, None)).entries
    assert before.available_on == stage.clock.now() + timedelta(days=2)
    await stage.sandbox.advance(timedelta(days=3))
    [after] = (await stage.sandbox.list_entries(MovedClock().at, None)).entries
    assert after.available_on == stage.clock.now()


async def test_the_books_are_the_balance_after_everything(stage):
    await story(stage)
    entries = (await stage.sandbox.list_entries(MovedClock().at, None)).entries
    held = await stage.sandbox.get_balance()
    assert sum(entry.net.amount for entry in entries) == held.available.get("EUR", 0) + held.pending.get("EUR", 0)
    assert all(entry.net == entry.gross - entry.fee for entry in entries)


async def test_several_that_pump_at_once_let_everything_happen_once(stage):
    for number in range(1, 7):
        await stage.pay(10020, number=number)
    stage.clock.move(days=8)
    processes = [sandbox_over(stage.db, stage.clock, stage.ear) for _ in range(4)]
    await asyncio.gather(*(each.pump() for each in processes))
    assert len(stage.ear.heard) == len({push.body for push in stage.ear.heard}) == 6 * 5
    assert [kind for kind, *_ in await stage.books()].count("dispute") == 6


async def test_a_crash_amid_a_plan_leaves_it_planned(stage, monkeypatch):
    from cleanly.platform.providers.sandbox import disputes

    class Killed(BaseException):
        """The process is gone."""

    async def dies(*_arguments, **_options):
        raise Killed

    await stage.pay(10020)
    stage.clock.move(days=1)
    with monkeypatch.context() as patch:
        patch.setattr(disputes, "open_on", dies)
        with pytest.raises(Killed):
            await stage.sandbox.pump()
    assert (await stage.told())[2:] == ["dispute.created", "dispute.funds_withdrawn"]


async def test_the_queue_is_asked_to_wake_it_when_something_is_due(stage):
    asked = []

    async def wake(session, at):
        assert await session.scalar(text("SELECT 1")) == 1
        asked.append(at - began)

    began = stage.clock.now()
    sandbox = sandbox_over(stage.db, stage.clock, stage.ear, wake=wake)
    await sandbox.create_payment(new(1004), key="payment:1:1")
    assert asked == [timedelta(0), timedelta(days=2)]
    asked.clear()
    stage.ear.status = 503
    await sandbox.pump()
    assert asked == [timedelta(minutes=1)] * 2
    asked.clear()
    stage.ear.status = 200
    await sandbox.advance(timedelta(days=1))
    assert asked == [timedelta(days=1)]  # two days after the payment, by a clock that runs a day ahead


async def test_pages_of_the_lists_lose_and_double_nothing(stage):
    for number in range(1, 6):
        await stage.pay(1000, number=number)
    small = sandbox_over(stage.db, stage.clock, stage.ear, page_size=3)
    began, ids, cursor = MovedClock().at, [], None
    for size in (3, 3, 3, 1):
        page = await small.list_events(began, cursor)
        assert len(page.events) == size
        ids += [stored.event.id for stored in page.events]
        cursor = page.cursor
    assert cursor is None
    assert ids == [f"evt_{number:06d}" for number in range(1, 11)]
    for bad in ("x", "-1", "٣", "9" * 30):
        with pytest.raises(Refused):
            await small.list_entries(began, bad)


async def test_refunds_do_not_change_the_fee(stage):
    paid = await stage.pay(10000)
    await stage.refund(paid, 10000)
    assert await stage.books() == [("charge", "ch_000001", 10000, 320), ("refund", "re_000001", -10000, 0)]
    assert (await stage.sandbox.get_payment(paid.reference)).money == eur(10000)
