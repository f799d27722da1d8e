"""Anything in any order, with deaths in between: the ledger is balanced and says what the provider says."""

from random import Random

import pytest
import structlog
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import empty
from tests.deaths import Deaths
from tests.domain.payments.market import open_market
from tests.domain.payments.story import Story
from tests.domain.payments.truth import all_is_told
from tests.moved_clock import MovedClock
from tests.world import running

ACTS = 30


async def tell(database_url: str, chance: Random, *, acts: int) -> None:
    """One story on a service of its own."""
    try:
        # Faults are what this is about: drawn on a console, each costs seconds.
        with structlog.testing.capture_logs():
            async with running(database_url, MovedClock()) as world:
                market = await open_market(world)
                with pytest.MonkeyPatch.context() as patch:
                    story = Story(market, Deaths(world, database_url, patch), chance)
                    await story.unfold(acts)
                    await story.end()
                await all_is_told(market)
    finally:
        empty(database_url)


@pytest.mark.parametrize("seed", [1, 4, 6, 12])
async def test_whatever_happens_the_books_say_what_the_provider_says(database_url: str, seed: int):
    await tell(database_url, Random(seed), acts=ACTS)


# A story takes seconds and a failing one is read as it stands: no replays of old ones, no shrinking.
@settings(max_examples=6, deadline=None, database=None, phases=[Phase.generate])
@given(chance=st.randoms(use_true_random=False))
async def test_whatever_else_happens_the_books_say_what_the_provider_says(database_url: str, chance: Random):
    await tell(database_url, chance, acts=ACTS)
