"""A service whose books can be held against a scripted provider's, sound at the end of every test."""

from collections.abc import AsyncGenerator

import pytest

from cleanly.domain.ledger import queries
from tests.domain.ledger.reconciliation.books import Reconciled
from tests.world import World


@pytest.fixture
async def books(world: World) -> AsyncGenerator[Reconciled, None]:
    before = dict(world.context.parts)
    made = Reconciled(world)
    made.use(made.provider)
    yield made
    world.context.parts.update(before)  # type: ignore[attr-defined]
    async with world.context.db.begin() as session:
        report = await queries.check_everything(session, seconds_max=30)
    assert report.is_clean, report
