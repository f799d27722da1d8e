"""What an administrator may not do alone: decide about their own money, or act on somebody without a trace."""

from typing import Any

import pytest

from tests.domain.catalog.shelf import admin
from tests.domain.payments.market import new_key
from tests.domain.payouts.till import Till, open_till
from tests.world import Phone, World, code


@pytest.fixture
async def till(world: World) -> Till:
    return await open_till(world)


async def promoted(world: World, phone: Phone) -> None:
    """This user is an administrator from now on."""
    await world.rows("UPDATE users SET role = 'admin' WHERE id = CAST(:id AS uuid) RETURNING id", id=phone.user_id)
    phone.access = (await world.login(phone.email)).access


async def act(boss: Phone, path: str, body: Any = None) -> str:
    reply = await boss.call("POST", path, body, Idempotency_Key=new_key())
    return str(reply.json()["state"]) if reply.status_code < 300 else code(reply)


async def test_nobody_approves_their_own_payout(till: Till):
    await promoted(till.world, till.seller)
    await till.earn(5_000)
    payout = await till.asked(2_000)
    path = f"/admin/payouts/{payout['id']}/approve"
    assert await act(till.seller, path, {"reason": "It is mine"}) == "FORBIDDEN"
    assert await till.state(payout["id"]) == "held"
    assert "payout.approved" not in await till.world.actions()
    assert await act(till.boss, path, {"reason": "Looked at it"}) == "requested"


async def test_nobody_adjusts_their_own_balance_alone(till: Till):
    seller, other = till.seller, await admin(till.world)
    await promoted(till.world, seller)
    body = {"sellerId": seller.user_id, "kind": "credit", "amount": 1, "currency": "EUR", "reason": "For me"}
    for asks, decides in ((seller, other), (other, seller)):
        asked = await asks.call("POST", "/admin/adjustments", body | {"amount": 10_001}, Idempotency_Key=new_key())
        assert asked.json()["state"] == "pending"
        assert await act(seller, f"/admin/adjustments/{asked.json()['id']}/approve") == "FORBIDDEN"
        verdict = "posted" if decides is other else "refused"
        word = "approve" if decides is other else "refuse"
        assert await act(decides, f"/admin/adjustments/{asked.json()['id']}/{word}") == verdict
    assert await act(seller, "/admin/adjustments", body) == "pending"
    assert await act(other, "/admin/adjustments", body) == "posted"
    assert (await till.stall.balance())["available"] == 10_002


async def test_nobody_refunds_what_they_bought(till: Till):
    buyer = till.market.buyer
    await promoted(till.world, buyer)
    payment = await till.market.paid(1_000)
    await till.work()
    reply = await till.market.refund(payment["id"], phone=buyer)
    assert (reply.status_code, code(reply)) == (403, "FORBIDDEN")
    assert (await till.market.refund(payment["id"], phone=till.boss)).status_code == 201


async def test_the_record_names_the_administrator_who_changed_or_exported_somebody(world: World):
    boss, ada = await admin(world), await world.register()
    assert (await boss.call("PUT", f"/users/{ada.user_id}", {"name": "Ada King"})).status_code == 200
    assert (await boss.call("GET", f"/users/{ada.user_id}/export")).status_code == 200
    assert (await ada.call("PUT", "/users/me", {"name": "Ada Byron"})).status_code == 200
    assert (await ada.call("GET", "/users/me/export")).status_code == 200
    found = await world.rows(
        "SELECT action, CAST(actor_id AS text) AS actor FROM audit_events"
        " WHERE action IN ('user.changed', 'user.exported') AND target_id = CAST(:id AS uuid) ORDER BY id",
        id=ada.user_id,
    )
    assert [(one.action, one.actor) for one in found] == [
        ("user.changed", boss.user_id),
        ("user.exported", boss.user_id),
        ("user.changed", ada.user_id),
    ]
