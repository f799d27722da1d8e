"""The database's connection is killed at every step of every call that moves money; nobody but the janitor comes back.

Within our transactions and the provider's (`pg_terminate_backend`), and right after a commit whose word is lost: before
the call, after the call and before its answer is committed, after the commit (MONEY.md 2.2). Each ends with the money
moved once at the provider, by one attempt, and a ledger that says so.
"""

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, replace
from typing import Literal

import httpx2
import pytest
import structlog

from cleanly.platform.providers.breaker import Breaker
from cleanly.platform.providers.protocol import PaymentSnapshot
from cleanly.platform.providers.sandbox import acts
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.sandbox.objects import Answer, Payment
from cleanly.platform.providers.sandbox.rules import Fate
from cleanly.platform.providers.sandbox.stage import answered
from cleanly.platform.providers.sandbox.world import World as SandboxWorld
from tests.deaths import Death, Deaths
from tests.domain.payments.market import Market

STEPS_MAX = 80
KILLS = pytest.mark.parametrize("death", [Death.CONNECTION, Death.WORD], ids=["killed", "word_lost"])


@pytest.fixture(autouse=True)
def quiet() -> Generator[None, None, None]:
    """Faults are what this is about: drawn on a console, each costs seconds."""
    with structlog.testing.capture_logs():
        yield


@dataclass
class Walk:
    """A request that dies at each of its steps in turn, each time about something new."""

    market: Market
    deaths: Deaths
    death: Death

    async def through(self, call: Callable[[], Awaitable[httpx2.Response]]) -> int:
        """How many steps there were."""
        for step in range(STEPS_MAX):
            reply = await self.deaths.strike(self.death, step, call())
            if reply is not None and self.deaths._left >= 0:
                assert reply.status_code < 300, reply.text
                return step
            # A call that died within the provider holds its key for a minute.
            await self.market.wait(seconds=61)
        raise AssertionError("there is no end to it")

    async def settle(self) -> None:
        """Time passes, and only the janitor and the provider's news come."""
        for minutes in (2, 10, 120, 60 * 25):
            await self.market.later(minutes=minutes)
        await self.market.books_are_right()
        rows = self.market.world.rows
        assert await rows("SELECT operation, key FROM provider_calls WHERE state IN ('started', 'unknown')") == []
        assert await rows("SELECT key FROM provider_calls WHERE attempt > 1") == []

    async def asked(self, operation: str) -> set[str]:
        """What the provider was asked about, or was to be."""
        found = await self.market.world.rows(
            "SELECT CAST(subject_id AS text) FROM provider_calls WHERE operation = :operation", operation=operation
        )
        return {row[0] for row in found}

    async def charges(self) -> int:
        """How often the provider has taken money, by its own books."""
        page = await self.market.sandbox.list_entries(self.market.world.clock.now().replace(year=2020), None)
        assert page.cursor is None
        return sum(entry.kind == "charge" for entry in page.entries)

    async def states(self) -> dict[str, str]:
        found = await self.market.world.rows("SELECT CAST(id AS text), state FROM payments")
        return {row[0]: row[1] for row in found}


@pytest.fixture
def deaths(deaths: Deaths, monkeypatch: pytest.MonkeyPatch) -> Deaths:
    # The breaker has tests of its own; here it would keep the later steps from the provider.
    monkeypatch.setattr(Breaker, "enter", lambda _self: False)
    return deaths


@KILLS
async def test_a_purchase_killed_anywhere_is_made_once(market: Market, deaths: Deaths, death: Death):
    walk, price = Walk(market, deaths, death), await market.price(1_000)
    assert await walk.through(lambda: market.pay(priceId=price)) > 8
    await walk.settle()
    states = await walk.states()
    assert set(states.values()) == {"captured"}
    assert len(states) == await walk.charges() == (await market.postings()).count("payment.captured")
    assert await walk.asked("create") == set(states)


@KILLS
@pytest.mark.parametrize("what", ["capture", "cancel"])
async def test_a_capture_or_cancellation_killed_anywhere_is_carried_out_once(
    market: Market, deaths: Deaths, death: Death, what: Literal["capture", "cancel"]
):
    walk, price = Walk(market, deaths, death), await market.price(1_000)
    ready = [(await market.paid(priceId=price, captureMethod="manual"))["id"] for _ in range(40)]
    body = {"amount": 700} if what == "capture" else None
    assert await walk.through(lambda: market.act(what, ready.pop(), body)) > 8
    await walk.settle()
    asked, states = await walk.asked(what), await walk.states()
    assert len(asked) > 3
    ends = "captured" if what == "capture" else "canceled"
    assert {payment for payment, state in states.items() if state == ends} == asked
    assert {state for payment, state in states.items() if payment not in asked} == {"authorized"}
    taken = len(asked) if what == "capture" else 0
    assert await walk.charges() == taken == (await market.postings()).count("payment.captured")
    captured = await market.world.rows("SELECT sum(captured_amount)::bigint FROM payments")
    assert captured[0][0] == 700 * taken


@KILLS
async def test_a_refund_killed_anywhere_is_made_once(market: Market, deaths: Deaths, death: Death):
    payment = await market.paid(100_000)
    walk = Walk(market, deaths, death)
    assert await walk.through(lambda: market.refund(payment["id"], 10)) >= 8
    await walk.settle()
    refunds = await market.world.rows("SELECT CAST(id AS text), state FROM refunds")
    assert {row[1] for row in refunds} == {"succeeded"}
    assert {row[0] for row in refunds} == await walk.asked("refund")
    looked = await market.look(payment["id"])
    assert (looked["refunding"]["amount"], looked["refunded"]["amount"]) == (0, 10 * len(refunds))
    made = await market.world.rows("SELECT count(*) FROM sandbox_objects WHERE kind = 'refund'")
    assert made[0][0] == len(refunds) == (await market.postings()).count("refund.made")


@pytest.fixture
def approved(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sandbox as PayPal does it: a payment in this set has its buyer's approval, and waits for us."""
    found: set[str] = set()
    look = Sandbox.get_payment

    async def get_payment(self: Sandbox, reference: str) -> PaymentSnapshot:
        seen = await look(self, reference)
        return replace(seen, awaits_us=seen.state == "requires_action" and reference in found)

    async def complete_payment(self: Sandbox, reference: str, *, capture: str, key: str) -> PaymentSnapshot:
        async def act(world: SandboxWorld, _fate: Fate) -> Answer:
            return await acts.confirm_payment(world, reference)

        arguments = {"reference": reference, "capture": capture}
        return answered(Payment, await self._engine.call("complete_payment", arguments, act, key=key)).shown()

    monkeypatch.setattr(Sandbox, "get_payment", get_payment)
    monkeypatch.setattr(Sandbox, "complete_payment", complete_payment)
    return found


@KILLS
@pytest.mark.parametrize(("method", "ends"), [("automatic", "captured"), ("manual", "authorized")])
async def test_a_completion_killed_anywhere_is_carried_out_once(
    market: Market, deaths: Deaths, death: Death, approved: set[str], method: str, ends: str
):
    walk, price = Walk(market, deaths, death), await market.price(1_003)
    ready = [(await market.paid(priceId=price, captureMethod=method))["id"] for _ in range(40)]
    approved |= {await market.reference(payment) for payment in ready}
    await market.wait(seconds=3)
    returned: list[str] = []

    async def come_back() -> httpx2.Response:
        returned.append(ready.pop())
        return await market.buyer.call("GET", f"/payments/{returned[-1]}")

    assert await walk.through(come_back) >= 6
    await walk.settle()
    states = await walk.states()
    assert {states[payment] for payment in returned} == {ends}
    # A day later the janitor would give up the others; but their buyers have approved.
    assert set(states.values()) == {ends}
    taken = len(states) if method == "automatic" else 0
    assert await walk.charges() == taken == (await market.postings()).count("payment.captured")
    assert await walk.asked("capture" if method == "automatic" else "authorize") == set(states)
