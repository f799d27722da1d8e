"""Whoever sends a payout may die between any two lines: it is sent once, or comes back whole.

Each place to die has a currency of its own, so that one seller's payouts die one after the other and recover together.
"""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest
import structlog

from cleanly.domain.ledger import queries as books
from cleanly.domain.ledger import service as ledger
from cleanly.domain.payouts.sending.messages import JANITOR
from cleanly.kernel.money import EXPONENTS
from tests.conftest import empty
from tests.deaths import Death, Deaths
from tests.domain.payments.story import on_the_storys_time
from tests.domain.payouts.stall import DatedIds
from tests.domain.payouts.till import LASTING, Till, open_till
from tests.moved_clock import MovedClock
from tests.published import unfitting
from tests.world import running

CURRENCIES = sorted(currency for currency, exponent in EXPONENTS.items() if exponent == 2)
# Many at once, and no person looks at them.
BUSY: dict[str, Any] = LASTING | {"payout_first_review": "off", "payout_requests_a_day": 1_000}
# Each step of one that takes two is struck by deaths that cost less than a connection cut by the server.
WAYS = pytest.mark.parametrize(
    ("death", "is_one_step"),
    [
        (death, is_one_step)
        for death in Death
        for is_one_step in (True, False)
        if is_one_step or death != Death.CONNECTION
    ],
)


@pytest.fixture
async def till(database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Till, None]:
    monkeypatch.setattr(ledger, "new_id", DatedIds(clock))
    with structlog.testing.capture_logs():
        async with running(database_url, clock, **BUSY) as world:
            made = await open_till(world, stays_signed_in=True)
            on_the_storys_time(made.market)
            yield made
            await made.is_right()
            assert await unfitting(world) == []
    assert empty(database_url) == []


async def later(till: Till, **units: float) -> None:
    """Time passes without any news; a worker is there again, and the janitor comes round."""
    till.world.clock.move(**units)
    # The sandbox asks to be woken after each call; once is enough for all of them.
    await till.world.rows("DELETE FROM procrastinate_jobs WHERE task_name = 'sandbox.pump' RETURNING id")
    await till.sandbox.pump()
    await till.market._ask(JANITOR)


def mute(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """No news of the sandbox's comes: what is not heard is seen."""

    async def hear(*_: object) -> int:
        return 200

    monkeypatch.setattr(till.sandbox._engine, "_deliver", hear)


async def states(till: Till) -> dict[str, str]:
    """Each payout's, by currency; no currency has two."""
    rows = await till.world.rows("SELECT currency, state FROM payouts")
    assert len(rows) == len({row.currency for row in rows})
    return {row.currency: row.state for row in rows}


async def out(till: Till) -> dict[str, int]:
    """What has left us by the sandbox's own books, per currency: transfers less what came back."""
    found: dict[str, int] = {}
    cursor = None
    while True:
        page = await till.sandbox.list_entries(till.world.clock.now().replace(year=2020), cursor)
        for one in page.entries:
            if one.kind == "transfer":
                found[one.gross.currency] = found.get(one.gross.currency, 0) - one.gross.amount
        if (cursor := page.cursor) is None:
            return found


async def arrived(till: Till) -> dict[str, int]:
    """What reached a bank and stayed there, per currency; each once."""
    paid = [one for one in await till.theirs() if (one.kind, one.state) == ("payout", "paid")]
    assert len(paid) == len({one.currency for one in paid})
    return {one.currency: one.amount for one in paid}


async def balances(till: Till) -> dict[tuple[str, str], int]:
    """The seller's, zeros left out."""
    async with till.world.context.db.begin() as session:
        found = await books.balances(session, UUID(till.seller.user_id))
    return {(one.currency, one.name): one.amount for one in found if one.amount}


@WAYS
async def test_a_death_while_sending_sends_once(
    till: Till, death: Death, is_one_step: bool, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    till.sandbox.pays_in_one_step = is_one_step
    deaths = Deaths(till.world, database_url, monkeypatch)
    mute(till, monkeypatch)

    async def asked(currency: str) -> int:
        await till.earn(300, currency)
        assert (await till.asked(300, currency))["state"] == "requested"
        return (await till.world.waiting("payouts.send"))[-1]

    job = await asked(CURRENCIES[0])
    places = await deaths.places(death, till.world.work(only=job))
    assert places > 2
    mine = CURRENCIES[: places + 1]
    for step, currency in enumerate(mine[1:]):
        job = await asked(currency)
        await deaths.strike(death, step, till.world.work(only=job))
        assert deaths.has_struck, step
    for _ in range(2):
        await later(till, minutes=6)
    assert await states(till) == dict.fromkeys(mine, "in_transit")
    assert await out(till) == dict.fromkeys(mine, 300)
    await later(till, days=3)
    assert await states(till) == dict.fromkeys(mine, "paid")
    assert await arrived(till) == await out(till) == dict.fromkeys(mine, 300)
    assert await balances(till) == {}


@WAYS
async def test_a_death_while_it_comes_back_gives_it_back_once(
    till: Till, death: Death, is_one_step: bool, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    till.sandbox.pays_in_one_step = is_one_step
    deaths = Deaths(till.world, database_url, monkeypatch)

    async def news_of(currencies: list[str]) -> list[int]:
        """Paid out, arrived, and taken back by the bank, of which the news waits to be acted on."""
        for currency in currencies:
            await till.earn(341, currency)
            await till.asked(341, currency)
        with monkeypatch.context() as patch:
            mute(till, patch)
            await till.world.work()
            await later(till, days=2, minutes=1)
        assert await states(till) | dict.fromkeys(currencies, "paid") == await states(till)
        till.world.clock.move(days=3, minutes=1)
        await till.sandbox.pump()
        return await till.world.waiting("inbound.process")

    [job] = await news_of(CURRENCIES[:1])
    places = await deaths.places(death, till.world.work(only=job))
    assert places > 2
    mine = CURRENCIES[: places + 1]
    for step, job in enumerate(await news_of(mine[1:])):
        await deaths.strike(death, step, till.world.work(only=job))
        assert deaths.has_struck, step
    await later(till, minutes=6)
    await later(till, hours=25)
    await later(till, minutes=6)
    assert await states(till) == dict.fromkeys(mine, "failed")
    assert set((await out(till)).values()) == {0}
    assert await arrived(till) == {}
    assert await balances(till) == {(currency, "available"): 341 for currency in mine}
