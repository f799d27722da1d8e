"""Stripe's adapter before its wire fake."""

from collections.abc import AsyncGenerator

import pytest

from cleanly.kernel.net import Http
from cleanly.platform.providers.stripe.adapter import Stripe
from cleanly.platform.providers.stripe.settings import StripeSettings
from tests.fakes.stripe_wire import StripeWire
from tests.fakes.wire import Fault, listening
from tests.moved_clock import MovedClock
from tests.platform.providers.contract import Mishap, Push, Rig

SECRET = "whsec_of_the_tests"
MISHAPS: dict[Mishap, Fault] = {
    "timeout_before": "cut before",
    "timeout_after": "cut after",
    "fault_after": "500 after",
    "busy": "429",
}


def settings(**changed: object) -> StripeSettings:
    return StripeSettings.model_validate(
        {
            "stripe_secret_key": "sk_test_of_the_tests",
            "stripe_publishable_key": "pk_test_of_the_tests",
            "stripe_webhook_secret": SECRET,
            "stripe_mobile_api_version": "2026-03-31.basil",
            **changed,
        }
    )


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def wire(clock: MovedClock) -> AsyncGenerator[StripeWire, None]:
    async with listening(StripeWire(clock, secret=SECRET.encode())) as vendor:
        yield vendor


@pytest.fixture
async def stripe(wire: StripeWire) -> AsyncGenerator[Stripe, None]:
    adapter = Stripe(settings(stripe_api_base=wire.address), http=Http.to_known())
    yield adapter
    await adapter.close()


@pytest.fixture
def rig(stripe: Stripe, wire: StripeWire, clock: MovedClock) -> Rig:
    async def approve(reference: str) -> None:
        wire.approve(reference)

    async def mishap(kind: Mishap) -> None:
        wire.next(MISHAPS[kind])

    async def pushes() -> list[Push]:
        return wire.pushed

    return Rig(provider=stripe, clock=clock, approve=approve, mishap=mishap, pushes=pushes)
