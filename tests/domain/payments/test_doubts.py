"""Calls without an answer: asked again by the janitor under one key and for one amount, until the key is too old."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from cleanly.domain.payments.messages import JANITOR
from cleanly.platform.providers.errors import CannotLook, NotSent, NotThere, Unknown
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.payments.market import Market
from tests.world import code

CALLS = {"create": "create_payment", "capture": "capture_payment", "cancel": "cancel_payment", "refund": "refund"}
DAY = timedelta(hours=24)


class Silence:
    """The provider hears nothing of one operation; when it was asked, under which key, for what."""

    def __init__(
        self, market: Market, monkeypatch: pytest.MonkeyPatch, operation: str, *, error: Exception | None = None
    ) -> None:
        self.asked: list[tuple[datetime, str, Any]] = []
        self._patch = monkeypatch
        self._name = CALLS[operation]
        self._usual = getattr(Sandbox, self._name)

        async def silent(_sandbox: Sandbox, *arguments: Any, key: str, **_more: Any) -> None:
            self.asked.append((market.world.clock.now(), key, arguments))
            raise error or Unknown("timed out")

        monkeypatch.setattr(Sandbox, self._name, silent)

    def end(self) -> None:
        self._patch.setattr(Sandbox, self._name, self._usual)

    @property
    def keys(self) -> list[str]:
        return [key.rpartition(":")[2] for _, key, _ in self.asked]


async def ask(market: Market, operation: str, payment_id: str) -> httpx2.Response:
    match operation:
        case "create":
            return await market.pay(2_000)
        case "capture":
            return await market.act("capture", payment_id, {"amount": 700})
        case "refund":
            return await market.refund(payment_id, 700)
        case _:
            return await market.act(operation, payment_id)


async def ready(market: Market, operation: str) -> str:
    if operation == "create":
        return ""
    return str((await market.paid(captureMethod="automatic" if operation == "refund" else "manual"))["id"])


async def calls(market: Market, operation: str) -> list[tuple[int, str, str | None]]:
    rows = await market.world.rows(
        "SELECT attempt, state, error_code FROM provider_calls WHERE operation = :name ORDER BY attempt", name=operation
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("operation", CALLS)
async def test_what_was_never_heard_is_asked_again_for_a_day_then_looked_for_twice_and_made_anew(
    market: Market, monkeypatch: pytest.MonkeyPatch, operation: str
):
    payment_id = await ready(market, operation)
    silence = Silence(market, monkeypatch, operation)
    assert code(await ask(market, operation, payment_id)) == "PROVIDER_TIMEOUT"
    for minutes in (2, 10, 120):
        await market.later(minutes=minutes)
    assert silence.keys == ["1", "1", "1", "1"]
    # A day later the provider may have forgotten the key: nothing is asked before two looks.
    await market.later(hours=24)
    assert silence.keys == ["1", "1", "1", "1"]
    await market.later(minutes=8)
    assert silence.keys == ["1", "1", "1", "1"]
    await market.later(minutes=3)
    assert silence.keys == ["1", "1", "1", "1", "2"]
    # Whatever the key, it is the same call.
    assert len({str(arguments) for _, _, arguments in silence.asked}) == 1
    silence.end()
    # A payment and a refund keep the schedule of the whole doubt, which is daily by now: the second key grows old too.
    is_daily = operation in {"create", "refund"}
    for minutes in (60 * 25, 11) if is_daily else (2,):
        await market.later(minutes=minutes)
    never = [(attempt, "refused", "never_arrived") for attempt in ((1, 2) if is_daily else (1,))]
    assert await calls(market, operation) == [*never, (len(never) + 1, "succeeded", None)]
    moved = {
        "create": ["payment.captured"],
        "capture": ["payment.captured"],
        "cancel": [],
        "refund": ["payment.captured", "refund.made"],
    }
    assert await market.postings() == moved[operation]
    assert (await market.told()).count("payment.authorized") <= 1
    await market.books_are_right()


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("fate", [Fate.TIMEOUT_BEFORE, Fate.TIMEOUT_AFTER, Fate.FAULT_AFTER, Fate.BUSY])
async def test_a_client_that_never_returns_leaves_it_to_the_janitor(market: Market, operation: str, fate: Fate):
    payment_id = await ready(market, operation)
    market.sandbox.next(fate, on=CALLS[operation])
    assert (await ask(market, operation, payment_id)).status_code in {502, 504}
    await market.later(minutes=2)
    assert await calls(market, operation) == [(1, "succeeded", None)]
    rows = await market.world.rows("SELECT state, captured_amount, refunded_amount, refunding_amount FROM payments")
    ends = {
        "create": ("captured", 2_000, 0, 0),
        "capture": ("captured", 700, 0, 0),
        "cancel": ("canceled", 0, 0, 0),
        "refund": ("captured", 10_000, 700, 0),
    }
    assert [tuple(row) for row in rows] == [ends[operation]]
    await market.books_are_right()


async def test_a_buyer_who_looks_does_not_put_off_what_is_unanswered(market: Market, monkeypatch: pytest.MonkeyPatch):
    payment_id = await ready(market, "capture")
    silence = Silence(market, monkeypatch, "capture")
    await ask(market, "capture", payment_id)
    silence.end()
    for _ in range(3):
        await market.wait(seconds=10)
        assert (await market.look(payment_id))["state"] == "authorized"
    await market.later(minutes=1)
    assert (await market.look(payment_id))["captured"]["amount"] == 700
    assert (await market.told()).count("payment.authorized") == 1


async def test_another_amount_waits_until_the_first_is_settled_however_old(
    market: Market, monkeypatch: pytest.MonkeyPatch
):
    payment_id = await ready(market, "capture")
    silence = Silence(market, monkeypatch, "capture")
    await ask(market, "capture", payment_id)
    for hours in (1, 25):
        await market.wait(hours=hours)
        assert code(await market.act("capture", payment_id, {"amount": 900})) == "INVALID_STATE"
    assert {str(arguments[1].amount) for _, _, arguments in silence.asked} == {"700"}


async def test_a_client_that_returns_when_the_key_is_too_old_is_told_to_wait(
    market: Market, monkeypatch: pytest.MonkeyPatch
):
    payment_id = await ready(market, "capture")
    silence = Silence(market, monkeypatch, "capture")
    await ask(market, "capture", payment_id)
    silence.end()
    await market.wait(hours=25)
    for _ in range(2):
        assert code(await ask(market, "capture", payment_id)) == "PROVIDER_TIMEOUT"
        await market.wait(minutes=6)
    assert silence.keys == ["1"]
    assert (await ask(market, "capture", payment_id)).json()["captured"]["amount"] == 700
    assert [attempt for attempt, _, _ in await calls(market, "capture")] == [1, 2]


async def test_what_happened_elsewhere_answers_what_was_asked(market: Market, monkeypatch: pytest.MonkeyPatch):
    payment_id = await ready(market, "capture")
    silence = Silence(market, monkeypatch, "capture")
    await ask(market, "capture", payment_id)
    silence.end()
    await market.sandbox.cancel_payment(await market.reference(payment_id), key="in the dashboard")
    await market.deliver()
    assert (await market.look(payment_id))["state"] == "canceled"
    assert await calls(market, "capture") == [(1, "refused", "overtaken")]
    await market.later(minutes=2)
    assert silence.keys == ["1"]
    assert await market.postings() == []


async def test_a_started_call_is_in_doubt_after_a_minute(market: Market, monkeypatch: pytest.MonkeyPatch):
    payment_id = await ready(market, "capture")
    market.sandbox.next(Fate.BUSY, on="capture_payment")
    await ask(market, "capture", payment_id)
    assert await calls(market, "capture") == [(1, "started", None)]
    Silence(market, monkeypatch, "capture", error=NotSent("too many requests"))
    await market.later(minutes=2)
    assert await calls(market, "capture") == [(1, "unknown", None)]


async def test_what_no_look_shows_is_looked_for_ever_more_rarely(market: Market, monkeypatch: pytest.MonkeyPatch):
    await market.paid(1_003)
    await market.refund((await market.paid(1_000))["id"], 500)
    await market.deliver()
    await market.world.rows("UPDATE refunds SET state = 'pending', check_at = created_at RETURNING id")
    asked: list[str] = []

    def hidden(name: str, error: Exception) -> None:
        async def look(_sandbox: Sandbox, _reference: str) -> None:
            asked.append(name)
            raise error

        monkeypatch.setattr(Sandbox, name, look)

    hidden("get_payment", NotThere("resource_missing"))
    hidden("get_refund", CannotLook("nothing lists it"))
    market.world.clock.move(days=1, minutes=1)
    for _ in range(20):
        await market._ask(JANITOR)
        market.world.clock.move(minutes=1)
    assert (asked.count("get_payment"), asked.count("get_refund")) == (1, 1)
    market.world.clock.move(days=20)
    await market._ask(JANITOR)
    assert (asked.count("get_payment"), asked.count("get_refund")) == (2, 2)
    assert [row[0] for row in await market.world.rows("SELECT state FROM refunds")] == ["pending"]
