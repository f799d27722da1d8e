"""A market on a running service."""

import pytest

from tests.domain.payments.market import Market, open_market
from tests.world import World


@pytest.fixture
async def market(world: World) -> Market:
    return await open_market(world)
