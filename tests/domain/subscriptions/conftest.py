"""A kiosk on a running service; and one per provider."""

from collections.abc import AsyncGenerator

import pytest
import structlog

from tests.conftest import empty
from tests.domain.subscriptions.kiosk import Kiosk, open_kiosk
from tests.domain.subscriptions.kiosks import Booth, open_booth
from tests.moved_clock import MovedClock
from tests.world import World


@pytest.fixture
async def kiosk(world: World) -> Kiosk:
    return await open_kiosk(world)


@pytest.fixture(params=["stripe", "paypal"])
async def booth(
    request: pytest.FixtureRequest, database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Booth, None]:
    """The same story at each provider; the sandbox's are told at length elsewhere, and a test may name it, too."""
    with structlog.testing.capture_logs():
        async with open_booth(request.param, database_url, clock, monkeypatch) as made:
            yield made
    empty(database_url)
