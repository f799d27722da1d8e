"""Payments in doubt are counted, and after an hour they are an alarm."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from cleanly.domain.payments import health, metrics
from cleanly.domain.payments.messages import MEASURE
from cleanly.entry.modules import MODULES
from cleanly.kernel.messages import Tick
from tests.domain.payments.market import Market

FATE_TIMEOUT_BEFORE = 6


async def measured(market: Market, monkeypatch: pytest.MonkeyPatch) -> tuple[int, float]:
    seen: list[tuple[int, float]] = []
    monkeypatch.setattr(metrics, "unknown", lambda count, *, oldest_seconds: seen.append((count, oldest_seconds)))
    await health.measure(market.world.context, Tick(due_at=market.world.clock.now().isoformat()))
    return seen[-1]


async def test_without_doubt_both_gauges_are_at_zero(market: Market, monkeypatch: pytest.MonkeyPatch):
    await market.paid(10_000)
    assert await measured(market, monkeypatch) == (0, 0.0)


async def test_a_payment_in_doubt_is_counted_and_after_an_hour_an_alarm(
    market: Market, monkeypatch: pytest.MonkeyPatch
):
    reply = await market.pay(10_000 + FATE_TIMEOUT_BEFORE)
    assert reply.status_code >= 500, reply.text
    market.world.clock.move(seconds=90)
    with capture_logs() as logs:
        count, oldest = await measured(market, monkeypatch)
    assert (count, round(oldest)) == (1, 90)
    assert logs == []
    market.world.clock.move(hours=1)
    with capture_logs() as logs:
        count, oldest = await measured(market, monkeypatch)
    assert (count, round(oldest)) == (1, 3690)
    [line] = logs
    assert (line["event"], line["log_level"], line["count"]) == ("payments_unknown", "error", 1)
    assert line["subjects"][0].startswith("sandbox create ")


async def test_it_is_measured_every_few_minutes():
    crons = [cron.schedule for module in MODULES for cron in module.crons if cron.task is MEASURE]
    assert crons == ["*/5 * * * *"]
    assert timedelta(minutes=5) < health.LATE
