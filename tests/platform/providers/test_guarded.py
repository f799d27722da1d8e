"""The deadline, the breaker and the metrics around any provider."""

import asyncio
import inspect
from typing import Any
from uuid import UUID

import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers import metrics
from cleanly.platform.providers.errors import NotSent, Refused, Underway, Unknown
from cleanly.platform.providers.guarded import Guarded, Limits
from cleanly.platform.providers.protocol import Capability, PaymentSnapshot, Provider

LIMITS = Limits(timeout_seconds=5, faults_max=3, pause_seconds=30)
PAID = PaymentSnapshot(
    provider="vendor", reference="p", our_id=UUID(int=1), state="captured", money=Money(1, "EUR"), captured=1
)


class Vendor:
    """Answers every call the same way: by `does`."""

    name = "vendor"
    account = "test"
    capabilities = frozenset({Capability.PAYMENTS})

    def __init__(self) -> None:
        self.does: Any = PAID
        self.calls: list[tuple[str, Any, Any]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        if name not in dir(Provider):
            raise AttributeError(name)

        async def call(*args: Any, **named: Any) -> Any:
            self.calls.append((name, args, named))
            self.entered.set()
            await self.gate.wait()
            if isinstance(self.does, BaseException):
                raise self.does
            return self.does

        return call


class Seconds:
    def __init__(self) -> None:
        self.at = 50.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def guarded(vendor: Vendor, seconds: Seconds) -> Guarded:
    return Guarded(vendor, monotonic=seconds, limits=LIMITS)


@pytest.fixture
def told(monkeypatch) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def ended(provider: str, operation: str, outcome: str, _: float) -> None:
        found.append({"provider": provider, "operation": operation, "outcome": outcome})

    monkeypatch.setattr(metrics, "ended", ended)
    return found


async def fails(guarded: Guarded, vendor: Vendor, times: int, error: type[Exception] = Unknown) -> None:
    vendor.does = error("down") if error is not Refused else Refused("no")
    for _ in range(times):
        with pytest.raises(error):
            await guarded.get_payment("p")


OPERATIONS = sorted(
    name
    for name, it in inspect.getmembers(Provider, inspect.iscoroutinefunction)
    if not name.startswith("_") and name not in {"close", "verify_webhook"}
)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_operation_hands_on_what_it_was_given_and_gives_back_what_it_got(guarded, vendor, told, operation):
    asked = inspect.signature(getattr(Provider, operation)).parameters.values()
    args = tuple(f"a {it.name}" for it in asked if it.kind is it.POSITIONAL_OR_KEYWORD and it.name != "self")
    named = {it.name: f"the {it.name}" for it in asked if it.kind is it.KEYWORD_ONLY}
    assert await getattr(guarded, operation)(*args, **named) is PAID
    assert vendor.calls == [(operation, args, named)]
    assert told == [{"provider": "vendor", "operation": operation, "outcome": "ok"}]


def test_it_is_a_provider_and_says_what_its_own_says(guarded, vendor):
    assert isinstance(guarded, Provider)
    assert (guarded.name, guarded.account, guarded.capabilities) == ("vendor", "test", vendor.capabilities)


async def test_faults_in_a_row_open_the_breaker_and_then_nothing_is_sent(guarded, vendor, told):
    await fails(guarded, vendor, 3)
    assert guarded.breaker.is_open
    with pytest.raises(NotSent) as caught:
        await guarded.get_payment("p")
    assert caught.value.retry_after_seconds == 30
    assert len(vendor.calls) == 3
    assert [it["outcome"] for it in told] == ["unknown"] * 3 + ["short_circuited"]


@pytest.mark.parametrize("error", [Unknown, NotSent])
async def test_doubt_and_silence_are_faults(guarded, vendor, error):
    await fails(guarded, vendor, 3, error)
    assert guarded.breaker.is_open


async def test_a_refusal_is_an_answer_and_no_fault(guarded, vendor, told):
    await fails(guarded, vendor, 2)
    await fails(guarded, vendor, 5, Refused)
    await fails(guarded, vendor, 2)
    assert not guarded.breaker.is_open
    assert {it["outcome"] for it in told} == {"unknown", "refused"}


async def test_a_key_that_is_at_work_already_is_an_answer_and_no_fault(guarded, vendor, told):
    """Or one buyer who taps often would shut the provider for everybody."""
    await fails(guarded, vendor, 5, Underway)
    assert not guarded.breaker.is_open
    assert {it["outcome"] for it in told} == {"underway"}


async def test_a_success_between_faults_starts_the_count_anew(guarded, vendor):
    await fails(guarded, vendor, 2)
    vendor.does = PAID
    await guarded.get_payment("p")
    await fails(guarded, vendor, 2)
    assert not guarded.breaker.is_open


async def test_after_the_pause_one_call_looks_and_its_success_closes(guarded, vendor, seconds):
    await fails(guarded, vendor, 3)
    seconds.at += 29.9
    with pytest.raises(NotSent):
        await guarded.get_payment("p")
    seconds.at += 0.1
    vendor.does = PAID
    assert await guarded.get_payment("p") is PAID
    assert not guarded.breaker.is_open
    await fails(guarded, vendor, 2)
    assert not guarded.breaker.is_open


async def test_a_look_that_fails_opens_for_another_pause(guarded, vendor, seconds):
    await fails(guarded, vendor, 3)
    seconds.at += 30
    await fails(guarded, vendor, 1)
    seconds.at += 29
    with pytest.raises(NotSent):
        await guarded.get_payment("p")
    assert len(vendor.calls) == 4


async def test_a_refusal_closes_it_for_the_provider_speaks_again(guarded, vendor, seconds):
    await fails(guarded, vendor, 3)
    seconds.at += 30
    await fails(guarded, vendor, 1, Refused)
    assert not guarded.breaker.is_open


async def test_while_one_looks_nobody_else_does(guarded, vendor, seconds):
    await fails(guarded, vendor, 3)
    seconds.at += 30
    vendor.does = PAID
    vendor.gate.clear()
    vendor.entered.clear()
    looking = asyncio.create_task(guarded.get_payment("p"))
    await vendor.entered.wait()
    with pytest.raises(NotSent):
        await guarded.get_payment("p")
    assert len(vendor.calls) == 4
    vendor.gate.set()
    assert await looking is PAID
    assert not guarded.breaker.is_open


async def test_a_look_that_is_given_up_lets_the_next_one_look(guarded, vendor, seconds, told):
    await fails(guarded, vendor, 3)
    seconds.at += 30
    vendor.gate.clear()
    vendor.entered.clear()
    looking = asyncio.create_task(guarded.get_payment("p"))
    await vendor.entered.wait()
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert told[-1]["outcome"] == "cancelled"
    vendor.gate.set()
    vendor.does = PAID
    assert await guarded.get_payment("p") is PAID


async def test_a_fault_of_ours_is_not_the_providers(guarded, vendor, told):
    vendor.does = KeyError("ours")
    for _ in range(4):
        with pytest.raises(KeyError):
            await guarded.get_payment("p")
    assert not guarded.breaker.is_open
    assert {it["outcome"] for it in told} == {"fault"}


async def test_a_straggler_from_before_does_not_close_it(guarded, vendor):
    probe = guarded.breaker.enter()
    await fails(guarded, vendor, 3)
    guarded.breaker.succeeded(probe=probe)
    assert guarded.breaker.is_open


async def test_the_deadline_leaves_it_in_doubt(vendor, seconds, told):
    guarded = Guarded(vendor, monotonic=seconds, limits=Limits(timeout_seconds=0.05, faults_max=1))
    vendor.gate.clear()
    with pytest.raises(Unknown, match="in time"):
        await guarded.get_payment("p")
    assert told[-1]["outcome"] == "timeout"
    assert guarded.breaker.is_open


async def test_pushes_are_verified_while_the_provider_is_down(guarded, vendor):
    await fails(guarded, vendor, 3)
    vendor.does = "verified"
    assert await guarded.verify_webhook({}, b"", now=None) == "verified"


async def test_closing_closes_the_provider(guarded, vendor):
    await guarded.close()
    assert vendor.calls == [("close", (), {})]
