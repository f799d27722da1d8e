"""What the limiter's tests share: limiters that are closed afterwards."""

from collections.abc import AsyncGenerator, Callable
from functools import partial

import pytest
from pydantic import SecretStr

from cleanly.platform.cache.service import Store
from cleanly.platform.ratelimit import service
from cleanly.platform.ratelimit.service import Limiter
from cleanly.platform.ratelimit.settings import RateLimitSettings
from tests.conftest import MovedClock
from tests.valkey import Valkey, valkey

__all__ = ["valkey"]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer than a limiter waits for its store; here it is the count that matters."""
    monkeypatch.setattr(service, "Store", partial(Store, timeout_seconds=10))


@pytest.fixture
async def open_limiter(clock: MovedClock) -> AsyncGenerator[Callable[..., Limiter], None]:
    """Makes limiters as processes of their own would have them; with a server, connected to it."""
    opened: list[Limiter] = []

    def make(server: Valkey | None = None, **settings: str) -> Limiter:
        limiter = Limiter(
            RateLimitSettings.model_validate(settings),
            clock=clock,
            secret=b"s" * 32,
            redis_url=SecretStr(server.url) if server else None,
        )
        opened.append(limiter)
        return limiter

    yield make
    for limiter in opened:
        await limiter.close()
