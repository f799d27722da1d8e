"""A kiosk on a running service."""

import pytest

from tests.domain.subscriptions.kiosk import Kiosk, open_kiosk
from tests.world import World


@pytest.fixture
async def kiosk(world: World) -> Kiosk:
    return await open_kiosk(world)
