"""What rests is held against its holds every hour: a difference is an alarm, and so is money that rests too long."""

import pytest
from structlog.testing import capture_logs

from cleanly.domain.ledger.service import chart
from cleanly.domain.payments.holds import flows, metrics
from cleanly.kernel.messages import Tick
from tests.domain.payouts.stall import Stall


async def checked(stall: Stall, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[str]]:
    seen: list[int] = []
    monkeypatch.setattr(metrics.DIFFERENCES, "set", seen.append)
    with capture_logs() as logs:
        await flows.check(stall.world.context, Tick(due_at="now"))
    return seen[-1], [line["event"] for line in logs if line["log_level"] == "error"]


async def test_sound_holds_say_nothing(stall: Stall, monkeypatch: pytest.MonkeyPatch):
    await stall.market.paid(10_000)
    assert await checked(stall, monkeypatch) == (0, [])


async def test_a_balance_that_no_hold_explains_is_counted_and_rings(stall: Stall, monkeypatch: pytest.MonkeyPatch):
    await stall.post("test.lost", (chart.PENDING, -500))
    assert await checked(stall, monkeypatch) == (1, ["hold_difference"])
    await stall.post("test.found", (chart.PENDING, 500))
    assert await checked(stall, monkeypatch) == (0, [])


async def test_what_rests_for_days_after_its_time_rings(stall: Stall, monkeypatch: pytest.MonkeyPatch):
    await stall.market.paid(10_000)
    await stall.wait(days=16)
    assert await checked(stall, monkeypatch) == (0, [])
    await stall.wait(days=2)
    assert await checked(stall, monkeypatch) == (0, ["holds_late"])
