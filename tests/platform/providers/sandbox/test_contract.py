"""The sandbox keeps what every provider keeps."""

import pytest

from cleanly.platform.providers.sandbox.rules import Fate
from tests.platform.providers.contract import Mishap, ProviderContract, Push, Rig
from tests.platform.providers.sandbox.stage import Ear, sandbox_over

_MISHAPS: dict[Mishap, Fate] = {
    "timeout_before": Fate.TIMEOUT_BEFORE,
    "timeout_after": Fate.TIMEOUT_AFTER,
    "fault_after": Fate.FAULT_AFTER,
    "busy": Fate.BUSY,
}


class TestSandbox(ProviderContract):
    @pytest.fixture(params=[False, True], ids=["pays at once", "asks the buyer"])
    def rig(self, request, db, clock):
        ear = Ear()
        sandbox = sandbox_over(db, clock, ear, page_size=2)

        async def approve(reference: str) -> None:
            await sandbox.confirm(reference)

        async def mishap(kind: Mishap) -> None:
            sandbox._engine._scripted.clear()
            sandbox.next(_MISHAPS[kind])

        async def pushes() -> list[Push]:
            await sandbox.pump()
            return ear.heard

        if request.param:
            sandbox.next(Fate.ASKS_BUYER, on="create_payment")
        return Rig(sandbox, clock, approve, mishap, pushes)
