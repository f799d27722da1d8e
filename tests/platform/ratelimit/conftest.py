"""What the limiter's tests share: limiters that are closed afterwards."""

from collections.abc import AsyncGenerator, Callable

import pytest
from pydantic import SecretStr

from cleanly.platform.ratelimit.service import Limiter
from cleanly.platform.ratelimit.settings import RateLimitSettings
from tests.conftest import MovedClock
from tests.valkey import Valkey, valkey

__all__ = ["valkey"]


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
