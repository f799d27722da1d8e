"""PayPal's adapter before its wire fake, with certificates of our own making."""

from collections.abc import AsyncGenerator

import pytest

from cleanly.kernel.net import Answer, Http
from cleanly.platform.providers.paypal.adapter import PayPal
from cleanly.platform.providers.paypal.certificates import Certificates
from cleanly.platform.providers.paypal.client import Client
from cleanly.platform.providers.paypal.settings import PayPalSettings
from tests.fakes import paypal_pki
from tests.fakes.paypal_wire import PayPalWire
from tests.fakes.wire import Fault, listening
from tests.moved_clock import MovedClock
from tests.platform.providers.contract import Mishap, Push, Rig

WEBHOOK_ID = "8PT597110X687430L"
MISHAPS: dict[Mishap, Fault] = {
    "timeout_before": "cut before",
    "timeout_after": "cut after",
    "fault_after": "500 after",
    "busy": "429",
}


def settings(**changed: object) -> PayPalSettings:
    return PayPalSettings.model_validate(
        {
            "paypal_client_id": "client",
            "paypal_client_secret": "secret",
            "paypal_webhook_id": WEBHOOK_ID,
            **changed,
        }
    )


class Shelf:
    """Where certificates are fetched from."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer = Answer(200, {}, paypal_pki.signer().chain)
        self.fault: Exception | None = None

    async def fetch(self, address: str) -> Answer:
        self.asked.append(address)
        if self.fault is not None:
            raise self.fault
        return self.answer


class Seconds:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def certificates(shelf: Shelf) -> Certificates:
    return Certificates("sandbox", fetch=shelf.fetch, roots=[paypal_pki.root().certificate])


@pytest.fixture
async def wire(clock: MovedClock) -> AsyncGenerator[PayPalWire, None]:
    async with listening(PayPalWire(clock, webhook_id=WEBHOOK_ID)) as vendor:
        yield vendor


@pytest.fixture
async def paypal(
    wire: PayPalWire, clock: MovedClock, certificates: Certificates, seconds: Seconds
) -> AsyncGenerator[PayPal, None]:
    found = settings(paypal_base_url=wire.address)
    client = Client(found, http=Http.to_known(), monotonic=seconds)
    adapter = PayPal(found, client=client, certificates=certificates, outside=Http.to_anyone(), clock=clock)
    yield adapter
    await adapter.close()


@pytest.fixture
def rig(paypal: PayPal, wire: PayPalWire, clock: MovedClock) -> Rig:
    async def approve(reference: str) -> None:
        wire.approve(reference)

    async def mishap(kind: Mishap) -> None:
        wire.next(MISHAPS[kind])

    async def pushes() -> list[Push]:
        return wire.pushed

    return Rig(provider=paypal, clock=clock, approve=approve, mishap=mishap, pushes=pushes)
