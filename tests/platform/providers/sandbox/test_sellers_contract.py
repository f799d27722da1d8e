"""The sandbox's seller side keeps what every seller side keeps."""

import pytest

from cleanly.kernel.money import Money
from cleanly.platform.providers.sandbox.rules import Fate
from tests.platform.providers.contract import Mishap, Push
from tests.platform.providers.contract_sellers import Ending, SellerContract, SellerRig
from tests.platform.providers.sandbox.stage import Ear, sandbox_over

_MISHAPS: dict[Mishap, Fate] = {
    "timeout_before": Fate.TIMEOUT_BEFORE,
    "timeout_after": Fate.TIMEOUT_AFTER,
    "fault_after": Fate.FAULT_AFTER,
    "busy": Fate.BUSY,
}
_DAYS: dict[Ending, int] = {"in_transit": 0, "paid": 2, "failed": 4}


class TestSandboxSellers(SellerContract):
    """See `SellerContract`. It has no banks to name, and pays every amount that we know."""

    test_money_goes_to_the_pinned_destination_or_nowhere = None
    test_what_is_not_exact_is_refused_before_it_is_sent = None

    @pytest.fixture
    def seller_rig(self, db, clock) -> SellerRig:
        ear = Ear()
        sandbox = sandbox_over(db, clock, ear)

        async def onboard(reference):
            await sandbox.onboard(reference)

        async def end(_payout, ending):
            clock.move(days=_DAYS[ending])
            await sandbox.pump()

        async def mishap(kind):
            sandbox.next(_MISHAPS[kind])

        async def pushes() -> list[Push]:
            await sandbox.pump()
            return ear.heard

        return SellerRig(
            provider=sandbox,
            sellers=sandbox,
            clock=clock,
            payee=None,
            onboard=onboard,
            end=end,
            mishap=mishap,
            pushes=pushes,
            fails_late=Money(6041, "EUR"),
        )
