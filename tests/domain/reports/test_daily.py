"""Each night the day that is over is told in figures: kept once, mailed once, whatever dies in between."""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cleanly.domain.ledger import service as ledger
from cleanly.domain.reports import jobs, rules
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from tests.domain.catalog.shelf import admin
from tests.domain.payouts.stall import DatedIds
from tests.domain.payouts.till import Till, open_till
from tests.moved_clock import MovedClock
from tests.world import World, code, running

BOSSES = ("ada@operators.test", "bob@operators.test")
DECLINED = 1


@pytest.fixture
async def till(
    database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch, db: Any
) -> AsyncGenerator[Till, None]:
    del db  # empties the database, and looks at the books
    monkeypatch.setattr(ledger, "new_id", DatedIds(clock))
    async with running(database_url, clock, report_recipients=",".join(BOSSES)) as world:
        yield await open_till(world)


async def report(context: Context) -> None:
    await jobs.daily(context, Tick(due_at="now"))


async def reports(world: World) -> list[Any]:
    boss = await admin(world)
    reply = await boss.call("GET", "/admin/reports")
    assert reply.status_code == 200, reply.text
    return list(reply.json()["items"])


async def test_the_books_of_a_day_are_its_report(till: Till):
    world = till.world
    sold = await till.market.paid(10_000)
    await till.market.paid(5_000)
    await till.market.pay(2_000 + DECLINED)
    await till.market.refund(sold["id"], 2_000)
    await till.work()
    world.clock.move(hours=13)
    await report(world.context)
    [told] = await reports(world)
    assert (told["day"], told["newUsers"]) == ("2026-11-22", 3)
    [euros] = told["currencies"]
    assert euros["volume"] == {"count": 2, "amount": 15_000}
    assert euros["refunds"] == {"count": 1, "amount": 2_000}
    assert (euros["failedPayments"], euros["fees"]) == (1, 1_300)
    assert euros["disputes"] == euros["payouts"] == {"count": 0, "amount": 0}
    assert not any(told["health"].values())


async def test_payouts_that_arrive_and_that_fail_stand_in_the_report_of_their_day(till: Till):
    await report(till.world.context)
    await till.earn(10_040)
    for amount in (3_000, 3_040):
        payout = await till.asked(amount)
        if payout["state"] == "held":
            await till.review("approve", payout["id"])
        await till.work()
        await till.wait(days=3)
    await till.wait(days=1)
    await report(till.world.context)
    days = {one["day"]: one["currencies"] for one in await reports(till.world)}
    [arrived], [failed] = days["2026-11-25"], days["2026-11-28"]
    assert (arrived["payouts"], arrived["failedPayouts"]) == ({"count": 1, "amount": 3_000}, 0)
    assert (failed["payoutsBack"], failed["failedPayouts"]) == ({"count": 1, "amount": 3_040}, 1)
    assert days["2026-11-26"] == []


async def test_a_day_is_kept_and_mailed_once_to_every_operator_in_text_and_html(till: Till):
    world = till.world
    await till.market.paid(10_000)
    world.clock.move(days=1)
    for _ in range(3):
        await report(world.context)
    for boss in BOSSES:
        [mail] = await world.mails(boss)
        assert "2026-11-22" in mail["subject"]
        assert "sold" in mail["text"]
        assert "100.00 EUR (1)" in mail["text"]
        assert "<td" in mail["html"]
        assert "100.00 EUR (1)" in mail["html"]
    assert len(await reports(world)) == 1


async def test_whoever_dies_in_between_leaves_it_to_the_next_run(till: Till, monkeypatch: pytest.MonkeyPatch):
    """After the figures, before the commit of the report and its mails: then there is neither."""
    world = till.world
    world.clock.move(days=1)

    class Died(BaseException):
        pass

    async def die(*_: object, **__: object) -> bool:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("cleanly.platform.mail.service.Mailer.enqueue", die)
        with pytest.raises(Died):
            await report(world.context)
    assert await world.rows("SELECT 1 FROM daily_reports") == []
    await report(world.context)
    assert len(await world.mails(BOSSES[0])) == 1


async def test_days_that_an_outage_left_out_are_told_afterwards_in_order(till: Till):
    world = till.world
    world.clock.move(days=1)
    await report(world.context)
    world.clock.move(days=3)
    await report(world.context)
    told = await world.rows("SELECT day FROM daily_reports ORDER BY made_at, day")
    assert [row[0].isoformat() for row in told] == ["2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"]


async def test_one_is_read_by_its_day_and_pages_follow_each_other(till: Till):
    world = till.world
    for _ in range(3):
        world.clock.move(days=1)
        await report(world.context)
    boss = await admin(world)
    one = await boss.call("GET", "/admin/reports/2026-11-23")
    assert (one.status_code, one.json()["day"]) == (200, "2026-11-23")
    assert code(await boss.call("GET", "/admin/reports/2026-11-25")) == "NOT_FOUND"
    page = (await boss.call("GET", "/admin/reports?limit=2")).json()
    rest = (await boss.call("GET", f"/admin/reports?limit=2&cursor={page['nextCursor']}")).json()
    days = [item["day"] for item in page["items"] + rest["items"]]
    assert (days, rest["nextCursor"]) == (["2026-11-24", "2026-11-23", "2026-11-22"], None)
    assert code(await (await world.login(till.market.buyer.email)).call("GET", "/admin/reports")) == "FORBIDDEN"


@pytest.mark.parametrize(
    ("newest", "due"),
    [
        (None, ["2026-11-21"]),
        (date(2026, 11, 21), []),
        (date(2026, 11, 20), ["2026-11-21"]),
        (date(2026, 11, 18), ["2026-11-19", "2026-11-20", "2026-11-21"]),
    ],
)
def test_a_report_is_due_for_every_day_that_is_over_since_the_last_one(newest: date | None, due: list[str]):
    now = datetime(2026, 11, 22, 0, 20, tzinfo=UTC)
    assert [day.isoformat() for day in rules.days_due(newest, now=now)] == due


def test_a_long_outage_is_caught_up_by_a_week():
    now = datetime(2026, 11, 22, 0, 20, tzinfo=UTC)
    due = rules.days_due(date(2026, 1, 1), now=now)
    assert (len(due), due[-1]) == (rules.CAUGHT_UP_MAX, date(2026, 11, 21))
    assert rules.bounds(due[-1])[1] - rules.bounds(due[-1])[0] == timedelta(days=1)
