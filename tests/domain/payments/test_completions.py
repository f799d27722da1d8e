"""The buyer has approved and the provider waits for us, as PayPal does: we ask once, and not for what was given up."""

from dataclasses import replace

import pytest

from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.protocol import PaymentSnapshot
from cleanly.platform.providers.sandbox.adapter import Sandbox
from tests.domain.payments.market import Market
from tests.world import code


class Approval:
    """Every payment that asks its buyer has been approved; `declines` is how often the completion is refused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[str] = []
        self.declines = 0
        look = Sandbox.get_payment

        async def get_payment(sandbox: Sandbox, reference: str) -> PaymentSnapshot:
            seen = await look(sandbox, reference)
            return replace(seen, awaits_us=seen.state == "requires_action")

        async def complete_payment(sandbox: Sandbox, reference: str, *, capture: str, key: str) -> PaymentSnapshot:
            self.keys.append(f"{capture} {key.partition(':')[0]} {key.rpartition(':')[2]}")
            if self.declines:
                self.declines -= 1
                raise Refused("INSTRUMENT_DECLINED", decline_code="INSTRUMENT_DECLINED")
            return await sandbox.confirm(reference)

        monkeypatch.setattr(Sandbox, "get_payment", get_payment)
        monkeypatch.setattr(Sandbox, "complete_payment", complete_payment)


@pytest.fixture
def approval(monkeypatch: pytest.MonkeyPatch) -> Approval:
    return Approval(monkeypatch)


async def calls(market: Market) -> list[tuple[str, int, str]]:
    rows = await market.world.rows(
        "SELECT operation, attempt, state FROM provider_calls WHERE operation <> 'create' ORDER BY operation, attempt"
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("method", "operation", "ends"), [("automatic", "capture", "captured"), ("manual", "authorize", "authorized")]
)
async def test_the_buyers_return_completes_and_the_call_is_noted(
    market: Market, approval: Approval, method: str, operation: str, ends: str
):
    payment = await market.paid(1_003, captureMethod=method)
    for _ in range(2):
        await market.wait(seconds=3)
        assert (await market.look(payment["id"]))["state"] == ends
    await market.deliver()
    assert approval.keys == [f"{method} {operation} 1"]
    assert await calls(market) == [(operation, 1, "succeeded")]
    if method == "manual":
        assert (await market.act("capture", payment["id"])).json()["state"] == "captured"
        assert await calls(market) == [("authorize", 1, "succeeded"), ("capture", 1, "succeeded")]
    await market.books_are_right()


async def test_a_decline_stays_with_the_buyer_and_is_not_hammered(market: Market, approval: Approval):
    approval.declines = 1
    payment = await market.paid(1_003)
    for _ in range(4):
        await market.wait(seconds=3)
        looked = await market.look(payment["id"])
        assert looked["state"] == "requires_action"
    assert approval.keys == ["automatic capture 1"]
    await market.wait(seconds=10)
    assert (await market.look(payment["id"]))["state"] == "captured"
    assert approval.keys == ["automatic capture 1", "automatic capture 2"]
    assert await calls(market) == [("capture", 1, "refused"), ("capture", 2, "succeeded")]
    await market.books_are_right()


async def test_a_declined_buyer_is_told_why(market: Market, approval: Approval):
    approval.declines = 1
    payment = await market.paid(1_003)
    await market.wait(seconds=3)
    assert (await market.look(payment["id"]))["declineCode"] == "INSTRUMENT_DECLINED"


async def test_what_was_given_up_is_not_completed_by_a_late_approval(market: Market, approval: Approval):
    payment = await market.paid(1_003)
    await market.world.rows("UPDATE payments SET state = 'canceled', check_at = NULL RETURNING id")
    await market.sandbox.pump()
    await market.deliver()
    assert approval.keys == []
    assert (await market.look(payment["id"]))["state"] == "canceled"
    assert await market.postings() == []


async def test_refunds_and_disputes_come_page_by_page(market: Market):
    payment = await market.paid(1_000)
    other = await market.paid(1_000)
    made = [(await market.refund(payment["id"], 10)).json()["id"] for _ in range(5)]
    seen: list[str] = []
    pages, path = 0, f"/payments/{payment['id']}/refunds?limit=2"
    first = path
    while path:
        page = (await market.buyer.call("GET", path)).json()
        seen += [one["id"] for one in page["items"]]
        pages += 1
        cursor = page["nextCursor"]
        path = f"{first}&cursor={cursor}" if cursor else ""
        if cursor:
            elsewhere = await market.buyer.call("GET", f"/payments/{other['id']}/refunds?cursor={cursor}")
            assert code(elsewhere) == "MALFORMED_REQUEST"
    assert (seen, pages) == (made, 3)
    await market.sandbox.dispute(await market.reference(other["id"]))
    await market.deliver()
    page = (await market.seller.call("GET", f"/payments/{other['id']}/disputes?limit=1")).json()
    assert (len(page["items"]), page["nextCursor"]) == (1, None)
    assert (
        code(await market.seller.call("GET", f"/payments/{other['id']}/disputes?cursor=forged")) == "MALFORMED_REQUEST"
    )
