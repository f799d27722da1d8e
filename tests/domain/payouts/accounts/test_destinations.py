"""Where the money goes: PayPal's payees, the default account, and what it takes to lead money elsewhere."""

import json

import pytest

from cleanly.domain.payouts.accounts import service
from tests.domain.catalog.shelf import admin
from tests.domain.payments.market import new_key
from tests.domain.payouts.accounts.desk import PATH
from tests.world import PASSWORD, code

PAYEE = "ada.pay@example.com"


async def opened(stand, payee=PAYEE, *, phone=None):
    body = {"provider": "paypal", "country": "DE", "payee": payee}
    reply = await (phone or stand.seller).call("POST", PATH, body)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def changed(stand, account_id, **body):
    body = {"currentPassword": PASSWORD} | body
    return await stand.seller.call("PUT", f"{PATH}/{account_id}", body, Idempotency_Key=new_key())


async def test_a_payee_can_be_paid_at_once_and_is_verified_by_its_first_payout(paypal):
    made = await opened(paypal, "  Ada.Pay@Example.com ")
    assert (made["status"], made["payoutsEnabled"], made["onboardingUrl"]) == ("enabled", True, None)
    assert made["destination"] == {"hint": "a…@example.com", "changedAt": None}
    assert not made["isVerified"]
    async with paypal.world.context.db.begin() as session:
        account = (await paypal.world.rows("SELECT id, reference FROM payout_accounts"))[0]
        await service.note_paid(session, account.id, now=paypal.world.clock.now())
    assert account.reference == PAYEE
    assert (await paypal.seller.call("GET", f"{PATH}/me")).json()["isVerified"]


async def test_ones_own_proved_address_is_verified(paypal):
    await paypal.world.rows("UPDATE users SET email_verified_at = now() RETURNING id")
    assert (await opened(paypal, paypal.seller.email))["isVerified"]
    assert not (await opened(paypal, paypal.seller.email, phone=paypal.buyer))["isVerified"]


@pytest.mark.parametrize("payee", [None, "", "ada", "ada@", "ada@example", "7LFGYMXBEUNH", "a" * 120 + "@example.com"])
async def test_what_is_no_payee_is_refused(paypal, payee):
    reply = await paypal.seller.call("POST", PATH, {"provider": "paypal", "country": "DE", "payee": payee})
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")


async def test_another_payee_takes_the_password_and_leaves_its_time(paypal):
    made = await opened(paypal)
    reply = await paypal.seller.call("POST", PATH, {"provider": "paypal", "country": "DE", "payee": "eve@example.com"})
    assert (reply.status_code, code(reply)) == (409, "CONFLICT")
    for password in ("", "wrong password, this is"):
        reply = await changed(paypal, made["id"], payee="eve@example.com", currentPassword=password)
        assert (reply.status_code, code(reply)) == (403, "REAUTHENTICATION_REQUIRED")
    await paypal.wait(days=5)
    reply = await changed(paypal, made["id"], payee="eve@example.com")
    assert reply.status_code == 200
    assert reply.json()["destination"] == {"hint": "e…@example.com", "changedAt": "2026-11-27T12:00:00.000Z"}
    await paypal.wait(days=5)
    again = await changed(paypal, made["id"], payee="eve@example.com")
    assert again.json()["destination"]["changedAt"] == "2026-11-27T12:00:00.000Z"
    actions = [name for name in await paypal.world.actions() if name.startswith("payout_account.")]
    assert actions == [
        "payout_account.created",
        "payout_account.enabled",
        "payout_account.destination_changed",
        "payout_account.destination_changed",
    ]
    assert (await paypal.told()).count("seller_account.updated") == 2


async def test_a_second_account_is_no_default_and_its_destination_is_a_change(paypal):
    await opened(paypal)
    body = {"provider": "sandbox", "country": "DE"}
    second = (await paypal.seller.call("POST", PATH, body)).json()
    assert not second["isDefault"]
    assert second["destination"]["changedAt"] == "2026-11-22T12:00:00.000Z"
    listed = (await paypal.seller.call("GET", PATH)).json()["items"]
    assert [one["provider"] for one in listed] == ["paypal", "sandbox"]
    assert (await paypal.seller.call("GET", f"{PATH}/me?provider=sandbox")).json()["id"] == second["id"]
    reply = await changed(paypal, second["id"], isDefault=True)
    assert reply.json()["isDefault"]
    listed = (await paypal.seller.call("GET", PATH)).json()["items"]
    assert [(one["provider"], one["isDefault"]) for one in listed] == [("sandbox", True), ("paypal", False)]
    assert "payout_account.made_default" in await paypal.world.actions()


async def test_a_bank_is_changed_at_the_provider(desk):
    made = await desk.enabled()
    reply = await desk.change(made["id"], payee=PAYEE)
    assert (reply.status_code, code(reply)) == (422, "UNSUPPORTED_BY_PROVIDER")


async def test_an_operator_sees_every_account_page_by_page(paypal):
    first = await opened(paypal)
    second = await opened(paypal, "bob@example.com", phone=paypal.buyer)
    boss = await admin(paypal.world)
    page = (await boss.call("GET", "/admin/payout-accounts?limit=1")).json()
    rest = (await boss.call("GET", f"/admin/payout-accounts?limit=1&cursor={page['nextCursor']}")).json()
    assert [page["items"][0]["id"], rest["items"][0]["id"]] == [second["id"], first["id"]]
    assert rest["nextCursor"] is None
    assert page["items"][0]["reference"] == "bob@example.com"
    for query in (f"seller={paypal.seller.user_id}", f"seller={paypal.seller.user_id}&status=enabled&provider=paypal"):
        found = (await boss.call("GET", f"/admin/payout-accounts?{query}")).json()["items"]
        assert [one["sellerId"] for one in found] == [paypal.seller.user_id]
    assert (await boss.call("GET", "/admin/payout-accounts?status=restricted")).json()["items"] == []
    assert (await boss.call("GET", f"/admin/payout-accounts/{first['id']}")).json()["enabledAt"]
    assert (await boss.call("GET", f"/admin/payout-accounts/{paypal.seller.user_id}")).status_code == 404


async def test_who_leaves_takes_the_payee_along(paypal):
    await opened(paypal)
    exported = (await paypal.seller.call("GET", "/users/me/export")).json()
    assert PAYEE in json.dumps(exported)
    assert (await paypal.seller.call("DELETE", "/users/me")).status_code == 204
    [row] = await paypal.world.rows("SELECT * FROM payout_accounts")
    assert (row.state, row.payouts_enabled, row.reference, row.payee, row.email) == (
        "disabled",
        False,
        None,
        None,
        None,
    )
    assert row.destination_last4 is None
    assert row.ended_at is not None
