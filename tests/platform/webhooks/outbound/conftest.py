"""What the tests of outbound webhooks share."""

from collections.abc import AsyncGenerator

import pytest

from tests.conftest import empty
from tests.moved_clock import MovedClock
from tests.platform.webhooks.outbound.receiver import Receiver, receiving
from tests.platform.webhooks.outbound.stage import QUICK
from tests.world import World, running


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver, None]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def service(database_url: str, clock: MovedClock) -> AsyncGenerator[World, None]:
    """The whole service, which may send to loopback and looks often for what is due."""
    async with running(database_url, clock, **QUICK) as made:
        yield made
    empty(database_url)


@pytest.fixture
async def impatient(database_url: str, clock: MovedClock) -> AsyncGenerator[World, None]:
    """As `service`, but it waits half a second for an answer."""
    async with running(database_url, clock, **QUICK, outbound_deadline_seconds=0.5) as made:
        yield made
    empty(database_url)
