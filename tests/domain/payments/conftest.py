"""A market on a running service; and one per provider."""

from collections.abc import AsyncGenerator

import pytest
import structlog

from tests.conftest import empty
from tests.domain.payments.market import Market, open_market
from tests.domain.payments.stand import Stand
from tests.domain.payments.stands import standing
from tests.moved_clock import MovedClock
from tests.world import World


@pytest.fixture
async def market(world: World) -> Market:
    return await open_market(world)


@pytest.fixture(params=["sandbox", "stripe", "paypal"])
async def stand(
    request: pytest.FixtureRequest, database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Stand, None]:
    """The same story at each provider; a test may name those that it is about."""
    # Faults are what many of these stories are about: drawn on a console, each costs seconds.
    with structlog.testing.capture_logs():
        async with standing(request.param, database_url, clock, monkeypatch) as made:
            yield made
    empty(database_url)
