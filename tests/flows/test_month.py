"""The demo's month: it is played to its end, and every statement adds up."""

import io

import structlog
from rich.console import Console

from cleanly.entry.demo import month


async def test_a_marketplaces_month_adds_up_to_the_last_cent(fresh_url: str):
    said = io.StringIO()
    with structlog.testing.capture_logs():
        is_right = await month.play(fresh_url, Console(file=said, width=200))
    assert is_right, said.getvalue()
    assert "lost, won" in said.getvalue()
    assert said.getvalue().count("failed") == 1
    assert "the month adds up" in said.getvalue()
