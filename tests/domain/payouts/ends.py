"""How whoever sends a payout may die: as in payments, and around the calls to the provider's seller side too."""

from collections.abc import Callable
from typing import Any

import pytest

from cleanly.platform.providers.guarded_sellers import GuardedSellers
from tests.domain.payments.deaths import Deaths
from tests.world import World


class PayoutDeaths(Deaths):
    """Counts points within payouts as well."""

    def __init__(self, world: World, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(world, database_url, monkeypatch)
        call = GuardedSellers._call

        async def mortal_call(provider: GuardedSellers, operation: str, made: Callable[..., Any]) -> Any:
            self._step("before")
            self._is_outside = True
            try:
                answer = await call(provider, operation, made)
            finally:
                self._is_outside = False
            self._step("after")
            return answer

        monkeypatch.setattr(GuardedSellers, "_call", mortal_call)
