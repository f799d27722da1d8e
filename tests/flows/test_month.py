"""The demo's month: it is played to its end, and every statement adds up."""

import io

import structlog
from rich.console import Console

from cleanly.entry.demo import month
from tests.fakes.play_wire import PlayWire
from tests.fakes.wire import listening


async def test_a_marketplaces_month_adds_up_to_the_last_cent(fresh_url: str):
    said = io.StringIO()
    with structlog.testing.capture_logs():
        console = Console(file=said, width=200)
        is_right = await month.play(fresh_url, console, open_store=lambda clock: listening(PlayWire(clock)))
    assert is_right, said.getvalue()
    assert "lost, won" in said.getvalue()
    assert said.getvalue().count("failed") == 1
    assert "a purchase on Google Play" in said.getvalue()
    assert "the month adds up" in said.getvalue()
