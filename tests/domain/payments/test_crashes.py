"""The process dies between any two steps: whoever comes next (the same key, or the janitor) moves the money once.

A step is a transaction of ours or a call of the provider; each is died before and after.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.guarded import Guarded
from tests.domain.payments.market import Market, new_key

STEPS_MAX = 60
LEASE_MINUTES = 6


class Died(BaseException):
    """The end of a process: nothing that handles errors may see it."""


class Steps:
    """Counts what a request does, and ends it at the step that is asked for."""

    def __init__(self, market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left = 0
        self._is_armed = False
        self._is_outside = False
        self.has_fired = False
        db = market.world.context.db
        begin, call = db.begin, Guarded._call

        @asynccontextmanager
        async def counted_begin(**options: Any) -> AsyncGenerator[Any, None]:
            self._step()
            async with begin(**options) as session:
                yield session
            self._step()

        async def counted_call(provider: Guarded, operation: str, made: Callable[..., Any]) -> Any:
            self._step()
            self._is_outside = True
            try:
                answer = await call(provider, operation, made)
            finally:
                self._is_outside = False
            self._step()
            return answer

        monkeypatch.setattr(db, "begin", counted_begin)
        monkeypatch.setattr(Guarded, "_call", counted_call)

    def _step(self) -> None:
        if not self._is_armed or self._is_outside:
            return
        self._left -= 1
        if self._left < 0:
            self.has_fired, self._is_armed = True, False
            raise Died

    async def die_at(self, step: int, call: Awaitable[httpx2.Response]) -> httpx2.Response | None:
        """The answer if the call has fewer steps, else None."""
        self._left, self._is_armed, self.has_fired = step, True, False
        try:
            return await call
        except BaseException as error:
            if not _is_death(error):
                raise
            return None
        finally:
            self._is_armed = False


def _is_death(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_death(one) for one in error.exceptions)
    return isinstance(error, Died)


@pytest.fixture
def steps(market: Market, monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(market, monkeypatch)


async def walk(
    steps: Steps, market: Market, call: Callable[[str], Awaitable[httpx2.Response]], *, returns: bool
) -> int:
    """Die at every step in turn, each time under a new key; how many steps there were.

    Then either the client returns with each key, or only the provider's news and the janitor come.
    """
    keys: list[str] = []
    for step in range(STEPS_MAX):
        keys.append(new_key())
        reply = await steps.die_at(step, call(keys[-1]))
        if reply is not None:
            assert reply.status_code in {200, 201}, reply.text
            break
        assert steps.has_fired
    await market.wait(minutes=LEASE_MINUTES)
    for key in keys if returns else ():
        reply = await call(key)
        assert reply.status_code in {200, 201}, (key, reply.text)
    await market.deliver()
    await market.tidy()
    assert len(keys) < STEPS_MAX
    return len(keys) - 1


@pytest.mark.parametrize("returns", [True, False])
async def test_a_purchase_that_died_anywhere_is_made_once(market: Market, steps: Steps, returns: bool):
    price = await market.price(1_000)
    bought = await walk(steps, market, lambda key: market.pay(priceId=price, key=key), returns=returns)
    assert bought > 10
    payments = await market.world.rows("SELECT state, captured_amount FROM payments")
    assert {tuple(row) for row in payments} == {("captured", 1_000)}
    # Every key bought once; without the client's return, those that died before the row was there bought nothing.
    assert len(payments) == bought + 1 if returns else 0 < len(payments) <= bought + 1
    at_sandbox = await market.world.rows("SELECT count(*) FROM sandbox_objects WHERE kind = 'payment'")
    assert at_sandbox[0][0] == len(payments) == (await market.postings()).count("payment.captured")
    await market.books_are_right()


@pytest.mark.parametrize("returns", [True, False])
async def test_a_refund_that_died_anywhere_is_made_once(market: Market, steps: Steps, returns: bool):
    payment = await market.paid(100_000)
    walked = await walk(steps, market, lambda key: market.refund(payment["id"], 10, key=key), returns=returns)
    assert walked > 8
    refunds = await market.world.rows("SELECT state FROM refunds")
    assert {row[0] for row in refunds} == {"succeeded"}
    looked = await market.look(payment["id"])
    assert (looked["refunding"]["amount"], looked["refunded"]["amount"]) == (0, 10 * len(refunds))
    assert len(refunds) == walked + 1 if returns else 0 < len(refunds) <= walked + 1
    await market.books_are_right()


@pytest.mark.parametrize("what", ["capture", "cancel"])
async def test_a_capture_or_cancellation_that_died_anywhere_is_carried_out_once(
    market: Market, steps: Steps, what: str
):
    price = await market.price(1_000)
    ends = "captured" if what == "capture" else "canceled"
    asked: dict[str, str] = {}

    async def act(key: str) -> httpx2.Response:
        if key not in asked:
            asked[key] = payments.pop()
        return await market.act(what, asked[key], key=key)

    payments = [(await market.paid(priceId=price, captureMethod="manual"))["id"] for _ in range(30)]
    walked = await walk(steps, market, act, returns=True)
    assert walked > 8
    found = await market.world.rows("SELECT CAST(id AS text), state FROM payments")
    assert {state for payment_id, state in found if payment_id in asked.values()} == {ends}
    assert {state for payment_id, state in found if payment_id in payments} == {"authorized"}
    assert (await market.postings()).count("payment.captured") == (walked + 1 if what == "capture" else 0)
    await market.books_are_right()


async def test_news_that_died_anywhere_is_acted_on_again(market: Market, steps: Steps):
    payment = await market.paid(100_000)
    reference = await market.reference(payment["id"])
    for step in range(STEPS_MAX):
        await market.sandbox.refund_in_dashboard(reference, Money(7, "EUR"))
        await market.sandbox.pump()
        died = await steps.die_at(step, _work(market))
        await market.deliver()
        if died is not None:
            break
    assert step > 4
    await market.deliver()
    assert (await market.look(payment["id"]))["refunded"]["amount"] == 7 * (step + 1)
    await market.books_are_right()


async def _work(market: Market) -> Any:
    await market.world.work()
    return httpx2.Response(200)
