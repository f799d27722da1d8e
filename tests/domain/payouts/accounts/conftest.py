"""A seller's desk on a running service: at the sandbox and at Stripe, where accounts are made; at PayPal, apart."""

from collections.abc import AsyncGenerator

import pytest
import structlog

from tests.conftest import empty
from tests.domain.payments.stand import Stand
from tests.domain.payments.stands import standing
from tests.domain.payouts.accounts.desk import Desk, SandboxDesk, StripeDesk
from tests.moved_clock import MovedClock


@pytest.fixture(params=["sandbox", "stripe"])
async def desk(
    request: pytest.FixtureRequest, database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Desk, None]:
    """The same story at each provider that has accounts for sellers."""
    with structlog.testing.capture_logs():
        async with standing(request.param, database_url, clock, monkeypatch) as stand:
            yield {"sandbox": SandboxDesk, "stripe": StripeDesk}[request.param](stand)
    empty(database_url)


@pytest.fixture
async def stripe(
    database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[StripeDesk, None]:
    """What only Stripe does."""
    with structlog.testing.capture_logs():
        async with standing("stripe", database_url, clock, monkeypatch) as stand:
            yield StripeDesk(stand)
    empty(database_url)


@pytest.fixture
async def paypal(database_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Stand, None]:
    """PayPal, which has payees and no accounts."""
    with structlog.testing.capture_logs():
        async with standing("paypal", database_url, clock, monkeypatch) as stand:
            yield stand
    empty(database_url)
