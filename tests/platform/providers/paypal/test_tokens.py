"""The access token: one for all, kept to a minute before its end, renewed once when PayPal turns it away."""

import asyncio

import pytest

from cleanly.platform.providers.access_tokens import Token, Tokens
from cleanly.platform.providers.errors import NotSent
from tests.fakes.paypal_wire import TOKENS
from tests.platform.providers.paypal.test_calls import new


class Mint:
    def __init__(self) -> None:
        self.made = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()
        self.fault: Exception | None = None

    async def fetch(self) -> Token:
        self.asked.set()
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        self.made += 1
        return Token(f"token-{self.made}", 3600)


@pytest.fixture
def mint() -> Mint:
    return Mint()


async def test_a_token_is_kept_to_a_minute_before_its_end(mint, seconds):
    tokens = Tokens(mint.fetch, monotonic=seconds)
    assert await tokens.get() == "token-1"
    seconds.at += 3539
    assert await tokens.get() == "token-1"
    seconds.at += 1
    assert await tokens.get() == "token-2"


async def test_all_who_wait_get_one_token(mint, seconds):
    tokens = Tokens(mint.fetch, monotonic=seconds)
    mint.gate.clear()
    waiting = [asyncio.create_task(tokens.get()) for _ in range(20)]
    await mint.asked.wait()
    mint.gate.set()
    assert set(await asyncio.gather(*waiting)) == {"token-1"}
    assert mint.made == 1


async def test_one_who_leaves_does_not_take_the_token_from_the_others(mint, seconds):
    tokens = Tokens(mint.fetch, monotonic=seconds)
    mint.gate.clear()
    first, second = asyncio.create_task(tokens.get()), asyncio.create_task(tokens.get())
    await mint.asked.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    mint.gate.set()
    assert await second == "token-1"


async def test_a_token_turned_away_by_many_calls_is_renewed_once(mint, seconds):
    tokens = Tokens(mint.fetch, monotonic=seconds)
    stale = await tokens.get()
    assert set(await asyncio.gather(*(tokens.renew(stale) for _ in range(10)))) == {"token-2"}
    assert await tokens.renew(stale) == "token-2"
    assert mint.made == 2


async def test_a_fault_reaches_all_who_wait_and_is_not_kept(mint, seconds):
    tokens = Tokens(mint.fetch, monotonic=seconds)
    mint.fault = NotSent("down")
    for found in await asyncio.gather(tokens.get(), tokens.get(), return_exceptions=True):
        assert isinstance(found, NotSent)
    mint.fault = None
    assert await tokens.get() == "token-1"


async def test_closing_stops_the_fetch(mint, seconds):
    tokens = Tokens(mint.fetch, monotonic=seconds)
    await tokens.close()
    mint.gate.clear()
    waiting = asyncio.create_task(tokens.get())
    await mint.asked.wait()
    await tokens.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_twenty_payments_at_once_ask_for_one_token(paypal, wire):
    await asyncio.gather(*(paypal.create_payment(new(n), key=f"payment:{n}:1") for n in range(20)))
    assert len(wire.sent("POST", TOKENS)) == 1


async def test_a_401_is_answered_with_a_new_token_once(paypal, wire):
    wire.refuses_tokens = 1
    await paypal.create_payment(new(1), key="payment:1:1")
    assert wire.tokens == ["token-1", "token-2"]
    wire.refuses_tokens = 2
    with pytest.raises(NotSent, match="our credentials"):
        await paypal.create_payment(new(2), key="payment:2:1")
    assert len(wire.tokens) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 500, 429, 302])
async def test_without_a_token_nothing_was_sent(paypal, wire, status):
    wire.token_status = status
    with pytest.raises(NotSent):
        await paypal.create_payment(new(1), key="payment:1:1")
    assert [call.path for call in wire.calls] == [TOKENS]
