"""Which role may call which route: the one table, a row per operation of the contract, in the order of the calls.

A row that ends what others need stands below them. The calls are `calling`'s.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tests.authority.estate import Estate, price_body
from tests.world import PASSWORD

Role = Literal["anonymous", "owner", "counterpart", "other", "admin"]
ROLES: Final[tuple[Role, ...]] = ("anonymous", "owner", "counterpart", "other", "admin")
# let in; 401 TOKEN_MISSING; 403 FORBIDDEN; 404 as for what does not exist
Grant = Literal["in", "token", "forbidden", "hidden"]
Body = Mapping[str, Any] | Callable[[Estate], Mapping[str, Any] | Awaitable[Mapping[str, Any]]] | None


@dataclass(frozen=True, slots=True)
class Row:
    """`things`: names of the estate, in the order of the path's holes. `is_mine`: each caller sees their own.

    `late`: codes of refusals that only who may do it can meet, because another was first or it is not the time.
    `proved`: why nobody succeeds here, and the test in which somebody does.
    """

    grants: Mapping[Role, Grant]
    things: tuple[str, ...] = ()
    body: Body = None
    query: str = ""
    is_mine: bool = False
    late: frozenset[str] = frozenset()
    proved: str = ""


def everybody(body: Body = None, *things: str, proved: str = "") -> Row:
    """Public: a token makes no difference."""
    return Row(dict.fromkeys(("anonymous", "owner", "other", "admin"), "in"), things, body, proved=proved)


def signed_in(body: Body = None, *, late: str = "", proved: str = "") -> Row:
    """Acts on the caller's own, of which nobody else is told."""
    grants: dict[Role, Grant] = {"anonymous": "token", "owner": "in", "other": "in", "admin": "in"}
    return Row(grants, body=body, is_mine=True, late=frozenset(late.split()), proved=proved)


def theirs(*things: str, body: Body = None, admin: Grant = "hidden", buyer: Grant | None = None, late: str = "") -> Row:
    """Acts on one thing of the owner's. `buyer`: what its counterpart may; None: has nothing to do with it."""
    grants: dict[Role, Grant] = {"anonymous": "token", "owner": "in", "other": "hidden", "admin": admin}
    if buyer is not None:
        grants["counterpart"] = buyer
    return Row(grants, things, body, late=frozenset(late.split()))


def admins(*things: str, body: Body = None, late: str = "", proved: str = "") -> Row:
    """For administrators."""
    grants: dict[Role, Grant] = {"anonymous": "token", "owner": "forbidden", "other": "forbidden", "admin": "in"}
    return Row(grants, things, body, late=frozenset(late.split()), proved=proved)


_REASON = {"reason": "Looked at it"}
_CREDENTIALS = {"currentPassword": PASSWORD}


def _from_now(estate: Estate) -> Mapping[str, Any]:
    return {"since": estate.since, "states": ["failed", "skipped", "missing"]}


async def _refresh(estate: Estate) -> Mapping[str, Any]:
    return {"refreshToken": (await estate.fresh()).refresh}


RIGHTS: Final[Mapping[str, Row]] = {
    "GET /health": everybody(),
    "GET /health/live": everybody(),
    "GET /health/ready": everybody(),
    "GET /errors": everybody(),
    "GET /.well-known/jwks.json": everybody(),
    "GET /webhook-events": everybody(),
    "GET /products": everybody(),
    "GET /products/{product_id}": everybody(None, "product"),
    "GET /plans": everybody(),
    "POST /auth/register": everybody(lambda e: {"email": e.new_email(), "password": PASSWORD, "name": "Eve"}),
    "POST /auth/login": everybody(lambda e: {"email": e.owner.email, "password": PASSWORD}),
    "POST /auth/refresh": everybody(_refresh),
    "POST /auth/google": everybody({"idToken": "e30.e30.e30"}, proved="tests/domain/auth/test_google.py"),
    "POST /auth/verify-email/confirm": everybody({"token": "A" * 43}, proved="tests/domain/auth/test_links.py"),
    "POST /auth/password/forgot": everybody(lambda e: {"email": e.owner.email}),
    "POST /auth/password/reset": everybody(
        {"token": "A" * 43, "password": PASSWORD}, proved="tests/domain/auth/test_links.py"
    ),
    "POST /webhooks/{provider}": everybody({}, "provider", proved="tests/platform/webhooks/inbound/test_receiving.py"),
    "GET /auth/sessions": signed_in(),
    "POST /auth/verify-email/request": signed_in(),
    "GET /entitlements": signed_in(),
    "GET /payments": signed_in(),
    "GET /subscriptions": signed_in(),
    "GET /subscriptions/google-play-account": signed_in(proved="tests/domain/subscriptions/test_play.py"),
    "GET /payout-accounts": signed_in(),
    "GET /payout-accounts/me": signed_in(late="NOT_FOUND"),
    "GET /balance": signed_in(),
    "GET /transactions": signed_in(),
    "GET /statements/{month}": signed_in(),
    "GET /payouts": signed_in(),
    "GET /payout-schedule": signed_in(),
    "PUT /payout-schedule": signed_in({"interval": "manual"}),
    "GET /webhook-endpoints": signed_in(),
    "GET /webhook-messages": signed_in(),
    "GET /webhook-deliveries": signed_in(),
    "POST /webhook-endpoints": signed_in({"url": "https://hooks.example.com/eve", "eventTypes": ["refund.*"]}),
    "POST /products": signed_in({"name": "Mead", "kind": "physical"}),
    "POST /payments": signed_in(
        lambda e: {"priceId": e.things["price"], "provider": "sandbox"}, late="VALIDATION_ERROR"
    ),
    "POST /subscriptions": signed_in(
        lambda e: {"priceId": e.things["plan"], "provider": "sandbox"}, late="CONFLICT VALIDATION_ERROR"
    ),
    "POST /payout-accounts": signed_in({"provider": "sandbox", "country": "DE"}),
    "POST /payouts": signed_in({"amount": 100, "currency": "CHF"}, late="INSUFFICIENT_BALANCE INVALID_STATE"),
    "GET /webhook-endpoints/{endpoint_id}": theirs("endpoint"),
    "PUT /webhook-endpoints/{endpoint_id}": theirs("endpoint", body={"description": "The shed"}),
    "POST /webhook-endpoints/{endpoint_id}/rotate-secret": theirs("endpoint", body={}),
    "GET /webhook-messages/{id}": theirs("message"),
    "GET /webhook-deliveries/{id}": theirs("delivery"),
    "POST /webhook-deliveries/{id}/retry": theirs("delivery"),
    "GET /webhook-endpoints/{id}/events": theirs("endpoint"),
    "POST /webhook-endpoints/{id}/replay": theirs("endpoint", body=_from_now),
    "POST /webhook-endpoints/{id}/test": theirs("endpoint"),
    "DELETE /webhook-endpoints/{endpoint_id}": theirs("endpoint to delete"),
    "GET /users/{id}": theirs("owner", admin="in"),
    "PUT /users/{id}": theirs("owner", body={"name": "Ada King"}, admin="in"),
    "GET /users/{id}/export": theirs("owner", admin="in"),
    "PUT /products/{product_id}": theirs("product", body={"description": "Dark"}, admin="in"),
    "POST /products/{product_id}/prices": theirs("product", body=lambda _: price_body(), admin="in"),
    "DELETE /products/{product_id}/prices/{price_id}": theirs("product", "price to end", admin="in"),
    "DELETE /products/{product_id}": theirs("product to archive", admin="in"),
    "GET /payments/{id}": theirs("sale", admin="in", buyer="in"),
    "GET /payments/{id}/refunds": theirs("sale", admin="in", buyer="in"),
    "GET /payments/{id}/disputes": theirs("sale", admin="in", buyer="in"),
    "POST /payments/{id}/refunds": theirs("sale", body={"amount": 100}, admin="in", buyer="forbidden"),
    "POST /payments/{id}/capture": theirs("order", admin="in", buyer="forbidden", late="INVALID_STATE"),
    "POST /payments/{id}/cancel": theirs("cart", admin="in", buyer="in", late="INVALID_STATE"),
    "GET /subscriptions/{id}": theirs("subscription", admin="in"),
    "GET /subscriptions/{id}/periods": theirs("subscription", admin="in"),
    "POST /subscriptions/{id}/change": theirs(
        "subscription", body=lambda e: {"priceId": e.things["dearer plan"], "preview": True}, admin="in"
    ),
    "POST /subscriptions/{id}/cancel": theirs("subscription", body={}, admin="in", late="INVALID_STATE"),
    "POST /subscriptions/{id}/resume": theirs("subscription", admin="in", late="INVALID_STATE"),
    "POST /subscriptions/{id}/pause": theirs("subscription", admin="in", late="INVALID_STATE"),
    "PUT /payout-accounts/{id}": theirs("payout account", body=_CREDENTIALS | {"isDefault": True}),
    "GET /payouts/{id}": theirs("payout", admin="in"),
    "POST /payouts/{id}/cancel": theirs("payout to cancel", admin="in", late="INVALID_STATE"),
    "GET /admin/inbound-events": admins(),
    "GET /admin/inbound-events/{id}": admins("inbound event"),
    "POST /admin/inbound-events/{id}/replay": admins("inbound event"),
    "POST /admin/inbound-events/replay": admins(body={}),
    "GET /admin/reconciliation": admins(),
    "GET /admin/reconciliation/reports": admins(),
    "POST /admin/reconciliation/{id}/resolve": admins("difference", body=_REASON),
    "PUT /admin/sellers/{seller_id}/fee": admins("seller", body={"basisPoints": 850}),
    "GET /admin/sellers/{seller_id}/fee": admins("seller"),
    "DELETE /admin/sellers/{seller_id}/fee": admins("seller"),
    "PUT /admin/sellers/{seller_id}/hold-terms": admins("seller", body={"holdDays": 14}),
    "GET /admin/sellers/{seller_id}/hold-terms": admins("seller"),
    "DELETE /admin/sellers/{seller_id}/hold-terms": admins("seller"),
    "GET /admin/payout-accounts": admins(),
    "GET /admin/payout-accounts/{id}": admins("payout account"),
    "GET /admin/payouts": admins(),
    "POST /admin/payouts/{id}/approve": admins("payout", body=_REASON),
    "POST /admin/payouts/{id}/hold": admins("payout", body=_REASON),
    "POST /admin/payouts/{id}/retry": admins(
        "payout", body=_REASON, late="INVALID_STATE", proved="tests/domain/payouts/test_payouts.py"
    ),
    "POST /admin/payouts/{id}/call-back": admins(
        "payout", body=_REASON, late="INVALID_STATE", proved="tests/domain/payouts/test_payouts.py"
    ),
    "POST /admin/payouts/{id}/refuse": admins("payout to refuse", body=_REASON),
    "GET /admin/payout-stop": admins(),
    "POST /admin/payout-stop": admins(body=_REASON),
    "POST /admin/payout-stop/resume": admins(),
    "POST /admin/adjustments": admins(
        body=lambda e: _REASON | {"sellerId": e.owner.user_id, "kind": "credit", "amount": 500, "currency": "EUR"}
    ),
    "GET /admin/adjustments": admins(),
    "POST /admin/adjustments/{id}/approve": admins("adjustment"),
    "POST /admin/adjustments/{id}/refuse": admins("adjustment to refuse"),
    "GET /admin/reports": admins(),
    "GET /admin/reports/{day}": admins("day"),
    "DELETE /auth/sessions/{id}": theirs("session"),
    "POST /auth/password/change": signed_in(_CREDENTIALS | {"newPassword": f"{PASSWORD} again"}),
    "DELETE /users/{id}": theirs("owner", admin="in"),
    "POST /auth/logout": everybody(),
}
