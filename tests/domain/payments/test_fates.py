"""The sandbox's fates (MONEY.md 8), each by its amount and through the door: every one ends reconciled."""

import pytest
import structlog

from cleanly.domain.ledger.reconciliation.messages import RECONCILE
from cleanly.kernel.messages import Tick
from cleanly.platform.jobs import service as jobs
from tests.domain.payments.market import Market
from tests.domain.payments.truth import all_is_told

# How each ends when everybody does their part and time passes; 60 is for a person (see test_faults).
ENDS = {
    1: "failed",
    2: "failed",
    3: "captured",
    4: "captured",
    5: "failed",
    6: "captured",
    7: "captured",
    8: "captured",
    9: "captured",
    10: "captured",
    11: "captured",
    12: "captured",
    13: "captured",
    20: "captured",
    21: "captured",
    22: "captured",
    30: "captured",
    31: "captured",
}


async def reconcile(market: Market) -> list[str]:
    """Import the sandbox's books; what differs from ours."""
    async with market.world.context.db.begin() as session:
        await jobs.enqueue(session, RECONCILE, Tick(due_at=market.world.clock.now().isoformat()))
    await market.deliver()
    return [f"{row.kind} {row.object}" for row in await market.world.rows("SELECT * FROM reconciliation_items")]


@pytest.mark.parametrize("method", ["automatic", "manual"])
@pytest.mark.parametrize("fate", list(ENDS))
async def test_every_fate_ends_reconciled(market: Market, fate: int, method: str):
    with structlog.testing.capture_logs():
        await market.sweep()
        await market.pay(10_000 + fate, captureMethod=method)
        payment_id = str((await market.world.rows("SELECT id FROM payments"))[0][0])
        await market.later(minutes=2)
        looked = await market.look(payment_id)
        if looked["state"] == "requires_action":
            await market.sandbox.confirm(await market.reference(payment_id))
            await market.deliver()
        for _ in range(3):
            if (await market.look(payment_id))["state"] == "authorized":
                assert (await market.act("capture", payment_id, {"amount": 6_000})).status_code == 200
            if (await market.look(payment_id))["state"] == "captured":
                await market.refund(payment_id, 1_000)  # refused while the bank has the money
            await market.later(minutes=10)
            await market.sweep()
            await market.later(days=2, hours=2)
        await market.later(days=8)
        await market.sweep()
        assert (await market.look(payment_id))["state"] == ENDS[fate]
        assert (await market.postings()).count("payment.captured") == (ENDS[fate] == "captured")
        await all_is_told(market)
        assert await reconcile(market) == []


async def test_another_amount_is_a_persons_and_reconciliation_says_so(market: Market):
    await market.pay(10_060)
    for _ in range(3):
        await market.later(hours=2)
    assert await market.postings() == []
    assert [row[0] for row in await market.world.rows("SELECT alarm FROM payments")] == ["payment_mismatch"]
    assert await reconcile(market) == ["missing_local ch_000001"]
