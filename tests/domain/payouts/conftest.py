"""A stall on a running service whose ledger is dated by the moved clock."""

from collections.abc import AsyncGenerator

import pytest

from cleanly.domain.ledger import service as ledger
from tests.domain.payments.market import open_market
from tests.domain.payouts.stall import DatedIds, Stall
from tests.moved_clock import MovedClock
from tests.world import World


@pytest.fixture
def dated(clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "new_id", DatedIds(clock))


@pytest.fixture
async def stall(world: World, dated: None) -> AsyncGenerator[Stall, None]:
    made = Stall(await open_market(world))
    yield made
    await made.is_right()
