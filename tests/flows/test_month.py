"""The demo's month: it is played to its end, and every statement adds up."""

import io
from collections.abc import Generator

import pytest
import structlog
from rich.console import Console

from cleanly.entry.demo import month
from cleanly.entry.embedded import EmbeddedServer
from tests import pgbouncer
from tests.fakes.play_wire import PlayWire
from tests.fakes.wire import listening


@pytest.fixture
def through(fresh_url: str, server: EmbeddedServer) -> Generator[str, None, None]:
    """A transaction pooler, where this machine has one: what works through it works without, and not the other way."""
    if not pgbouncer.is_installed():
        yield fresh_url
        return
    with pgbouncer.pooled_url(server, fresh_url) as url:
        yield url


async def test_a_marketplaces_month_adds_up_to_the_last_cent(through: str):
    said = io.StringIO()
    with structlog.testing.capture_logs():
        console = Console(file=said, width=200)
        is_right = await month.play(through, console, open_store=lambda clock: listening(PlayWire(clock)))
    assert is_right, said.getvalue()
    assert "lost, won" in said.getvalue()
    assert said.getvalue().count("failed") == 1
    assert "a purchase on Google Play" in said.getvalue()
    assert "the month adds up" in said.getvalue()
