"""What stays in clearing for a week is named every night, by what it waits for."""

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from cleanly.domain.ledger.reconciliation import aging
from cleanly.kernel.messages import Tick
from tests.domain.ledger.reconciliation.books import Reconciled


async def parts(books: Reconciled) -> dict[tuple[str, str], tuple[int, int]]:
    """By currency and part: how many, how much; what is nothing is left out."""
    async with books.world.context.db.begin() as session:
        found = await aging.old_parts(session, now=books.world.clock.now())
    assert {one.part for one in found} <= set(aging.PARTS)
    return {(one.currency, one.part): (one.count, one.amount) for one in found if one.count}


async def test_what_we_booked_and_they_never_told_is_old_after_a_week(books: Reconciled):
    await books.booked(days=6)
    await books.booked(2_000, source="ch_2", days=8)
    await books.booked(-500, source="re_1", days=8)
    assert await parts(books) == {("EUR", "ours"): (2, 1_500)}


async def test_what_found_its_line_is_not_ours_to_wait_for(books: Reconciled):
    await books.booked(days=8)
    books.tells(books.entry("txn_1", available_on=books.world.clock.now()))
    await books.run()
    assert await parts(books) == {}
    assert await books.balance("clearing.scripted") == 0


async def test_lines_without_a_booking_and_lines_that_never_become_available(books: Reconciled):
    began = books.world.clock.now() - timedelta(days=8)
    books.tells(
        books.entry("txn_1", 3_000, fee=0, created_at=began, available_on=None),
        books.entry("txn_2", 400, source="ch_2", fee=0, created_at=began, available_on=books.world.clock.now()),
        books.entry("txn_3", -100, kind="hold", source="h_1", fee=0, created_at=began, available_on=None),
        books.entry("txn_4", 50, source="ch_4", fee=0, available_on=None),
    )
    await books.run()
    found = await parts(books)
    assert found == {("EUR", "theirs"): (2, -3_400), ("EUR", "coming"): (1, 3_000)}
    # What lies in clearing is what the parts say: the young line is neither booked by us nor available.
    assert await books.balance("clearing.scripted") == sum(amount for _, amount in found.values())


async def test_the_night_tells_the_log_and_the_gauges_and_zeros_too(books: Reconciled, monkeypatch: pytest.MonkeyPatch):
    seen: dict[tuple[Any, ...], int] = {}
    monkeypatch.setattr(aging.metrics, "old_part", lambda *place, amount: seen.update({tuple(place): amount}))
    await books.booked(2_000, days=8)
    with capture_logs() as logs:
        await aging.tell(books.world.context, Tick(due_at=books.world.clock.now().isoformat()))
    assert seen == {
        ("scripted", "EUR", "ours"): 2_000,
        ("scripted", "EUR", "theirs"): 0,
        ("scripted", "EUR", "coming"): 0,
    }
    [line] = logs
    assert (line["event"], line["log_level"], line["part"], line["count"]) == (
        "ledger_clearing_old",
        "warning",
        "ours",
        1,
    )
