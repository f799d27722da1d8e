"""A connection killed, or a commit whose word is lost, at each point of acting on news: it is acted on again, once."""

import pytest
import structlog

from cleanly.kernel.money import Money
from tests.deaths import Death, Deaths
from tests.domain.payments.market import Market
from tests.domain.payments.story import on_the_storys_time
from tests.domain.payments.truth import all_is_told

STEPS_MAX = 90


@pytest.mark.parametrize("death", [Death.PROCESS, Death.CONNECTION, Death.WORD])
async def test_news_that_broke_off_anywhere_is_acted_on_again(market: Market, deaths: Deaths, death: Death):
    reference = await market.reference((await market.paid(100_000))["id"])
    on_the_storys_time(market)
    with structlog.testing.capture_logs():
        for step in range(STEPS_MAX):
            await market.deliver()
            await market.sandbox.refund_in_dashboard(reference, Money(7, "EUR"))
            await market.sandbox.pump()
            await deaths.strike(death, step, market.world.work())
            # The provider's breaker sees time as we do: what it keeps back now comes later.
            await market.wait(minutes=1)
            if not deaths.has_struck:
                break
        await market.later(minutes=10)
    assert 4 < step < STEPS_MAX - 1
    assert await market.world.rows("SELECT refunded_amount FROM payments") == [(7 * (step + 1),)]
    await all_is_told(market)
