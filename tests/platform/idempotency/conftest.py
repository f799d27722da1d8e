"""One world per test."""

from collections.abc import AsyncIterator

import pytest

from cleanly.kernel.db import Database
from tests.conftest import MovedClock
from tests.platform.idempotency.world import World


@pytest.fixture
async def world(db: Database, clock: MovedClock) -> AsyncIterator[World]:
    built = World(db, clock)
    yield built
    await built.client.aclose()
