"""When news is tried again, and what of a push is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel.messages import Handled
from cleanly.kernel.module import InboundHandler, InboundHandlers, Module
from cleanly.platform.webhooks.inbound import rules

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def nothing(_context, _event):
    return Handled.DONE


def delays() -> list[timedelta]:
    found: list[timedelta] = []
    while (delay := rules.retry_delay(len(found) + 1)) is not None:
        found.append(delay)
    return found


def test_the_tries_come_quickly_at_first_then_every_six_hours_and_end_with_the_third_day():
    found = delays()
    assert [delay.total_seconds() for delay in found[:5]] == [5, 30, 120, 600, 3600]
    assert set(found[5:-1]) == {timedelta(hours=6)}
    assert timedelta() < found[-1] <= timedelta(hours=6)
    assert sum(found, timedelta()) == timedelta(days=3)


@given(st.integers(min_value=1, max_value=10_000))
def test_after_the_last_try_there_is_never_another(failures):
    assert (rules.retry_delay(failures) is None) == (failures > len(delays()))


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_kept_headers_are_sent_headers_and_none_opens_a_door(headers):
    kept = rules.headers_to_keep(headers | {"AUTHORIZATION": "x", "proxy-authorization": "x", "set-cookie": "x"})
    assert kept.items() <= headers.items()
    assert not any("authorization" in name.lower() or "cookie" in name.lower() for name in kept)


def test_an_event_about_nothing_waits_for_nobody():
    assert rules.lock_of("p", "", "evt_1") != rules.lock_of("p", "", "evt_2")
    assert rules.lock_of("p", "pay_1", "evt_1") == rules.lock_of("p", "pay_1", "evt_2")


def test_a_sweep_overlaps_the_last_one_by_an_hour_and_covers_an_outage_up_to_thirty_days():
    assert rules.sweep_since(None, now=NOW) == NOW - timedelta(minutes=75)
    assert rules.sweep_since(NOW - timedelta(days=2), now=NOW) == NOW - timedelta(days=2, hours=1)
    assert rules.sweep_since(NOW - timedelta(days=200), now=NOW) == NOW - timedelta(days=30)


def test_two_slices_cannot_want_the_same_kind():
    modules = [Module(name, inbound=[InboundHandler("payment", nothing)]) for name in ("one", "two")]
    with pytest.raises(ValueError, match="payment"):
        InboundHandlers.of(modules)
    assert set(InboundHandlers.of(modules[:1]).by_kind) == {"payment"}
