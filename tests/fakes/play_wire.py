"""Google Play on the wire: its API before the purchases of `play_lives`, its tokens, and the keys that sign pushes."""

import json
from collections import deque
from datetime import timedelta
from functools import cache
from typing import Any, Literal
from urllib.parse import parse_qsl

from aiohttp import web
from joserfc import jws
from joserfc.jwk import RSAKey

from cleanly.kernel.clock import Clock
from cleanly.platform.providers.google_play.service_account import GRANT, SCOPE
from tests.fakes.play_lives import PACKAGE, PlayLives
from tests.fakes.wire import Call, Refusal
from tests.platform.providers.contract import Push

EMAIL = "cleanly@example.iam.gserviceaccount.com"
PUSHER = "pubsub@example.iam.gserviceaccount.com"
AUDIENCE = "https://api.example.com/api/v1/webhooks/google-play"
TOKENS = "/token"
KEYS = "/oauth2/v3/certs"
ROOT = f"/androidpublisher/v3/applications/{PACKAGE}"
LookFault = Literal["429", "429 long", "500", "503", "cut", "nonsense"]


@cache
def rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": kid, "use": "sig", "alg": "RS256"})


@cache
def pem(kid: str) -> str:
    return rsa(kid).as_pem(private=True).decode()


def refuse(status: int, reason: str, message: str = "No.") -> Refusal:
    error = {"message": message, "domain": "androidpublisher", "reason": reason}
    return Refusal(status, {"error": {"code": status, "message": message, "errors": [error]}})


def gone() -> Refusal:
    return refuse(410, "purchaseTokenNoLongerValid", "The purchase token is no longer valid.")


class PlayWire(PlayLives):
    """`acknowledged`: tokens in their order. `looks`: what becomes of the next calls that change nothing."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.quiet = {TOKENS}
        self.acknowledged: list[str] = []
        self.account_ids: dict[str, str] = {}  # told by an acknowledgement
        self.looks: deque[LookFault] = deque()
        self.tokens: list[str] = []
        self.token_status = 200
        self.refuses_tokens = 0  # so many calls are answered 401
        self.page_size = 1000

    # --- what a test needs to set us up

    def settings(self) -> dict[str, str]:
        """Ours, by their fields' names."""
        return {
            "google_play_package": PACKAGE,
            "google_play_service_account": self.key_file(),
            "google_play_push_audience": AUDIENCE,
            "google_play_push_email": PUSHER,
            "google_play_base_url": self.address,
            "google_jwks_url": f"{self.address}{KEYS}",
        }

    def key_file(self) -> str:
        """Our service account's."""
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "example",
                "private_key_id": "account-1",
                "private_key": pem("account-1"),
                "client_email": EMAIL,
                "token_uri": f"{self.address}{TOKENS}",
            }
        )

    # --- who pushes

    def sign(self, body: bytes) -> Push:
        return Push({"authorization": f"Bearer {self.bearer()}", "content-type": "application/json"}, body)

    def bearer(self, key: RSAKey | None = None, **changed: Any) -> str:
        """The token before a push; a change to None leaves a claim out."""
        at = int(self.clock.now().timestamp())
        claims = {
            "iss": "https://accounts.google.com",
            "aud": AUDIENCE,
            "azp": "113774264463038321964",
            "sub": "113774264463038321964",
            "email": PUSHER,
            "email_verified": True,
            "iat": at,
            "exp": at + 3600,
            **changed,
        }
        told = {name: value for name, value in claims.items() if value is not None}
        key = key or rsa("push-1")
        return jws.serialize_compact(
            {"alg": "RS256", "kid": key.kid, "typ": "JWT"}, json.dumps(told), key, algorithms=["RS256"]
        )

    # --- Google itself

    async def read(self, request: web.Request) -> Any:
        text = await request.text()
        return dict(parse_qsl(text)) if request.path == TOKENS else json.loads(text) if text else None

    def broken(self, status: int) -> Any:
        return {"error": {"code": status, "message": "Not now.", "errors": [{"reason": "backendError"}]}}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method != "GET" or not self.looks or request.path == KEYS:
            return await super().handle(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append(Call("GET", request.path, headers, None, dict(request.query)))
        fault = self.looks.popleft()
        if fault == "cut":
            return self._cut(request)
        if fault == "nonsense":
            return web.Response(status=200, text="<html>")
        status, wait = int(fault.split()[0]), {"429": {"Retry-After": "1"}, "429 long": {"Retry-After": "30"}}
        return self._reply(status, self.broken(status), wait.get(fault))

    async def answer(self, call: Call) -> Any:
        if call.path == KEYS:
            return {"keys": [rsa("push-1").as_dict(private=False)]}
        if call.path == TOKENS:
            return self.access_token(call)
        if self.refuses_tokens or call.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            self.refuses_tokens = max(0, self.refuses_tokens - 1)
            raise refuse(401, "authError", "Invalid Credentials")
        return self.route(call)

    def access_token(self, call: Call) -> Any:
        if self.token_status != 200:
            raise Refusal(self.token_status, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        assert call.body["grant_type"] == GRANT
        claims = json.loads(
            jws.deserialize_compact(call.body["assertion"], rsa("account-1"), algorithms=["RS256"]).payload
        )
        at = self.clock.now().timestamp()
        assert claims["iss"] == EMAIL
        assert claims["scope"] == SCOPE
        assert claims["aud"] == f"{self.address}{TOKENS}"
        assert claims["iat"] <= at < claims["exp"] <= claims["iat"] + 3600
        self.tokens.append(f"ya29.token-{len(self.tokens) + 1}")
        return {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 3599}

    def route(self, call: Call) -> Any:  # noqa: C901, PLR0911 - a table of addresses
        assert call.path.startswith(f"{ROOT}/"), call.path
        path, _, action = call.path.removeprefix(f"{ROOT}/").partition(":")
        match [call.method, *path.split("/"), action]:
            case ["GET", "purchases", "subscriptionsv2", "tokens", token, ""]:
                return self.find(token, "lineItems")
            case ["GET", "purchases", "productsv2", "tokens", token, ""]:
                return self.find(token, "productLineItem")
            case ["POST", "purchases", "subscriptions", product, "tokens", token, "acknowledge"]:
                return self.acknowledge(token, "lineItems", product, call.body)
            case ["POST", "purchases", "products", product, "tokens", token, "acknowledge"]:
                return self.acknowledge(token, "productLineItem", product, call.body)
            case ["POST", "purchases", "products", product, "tokens", token, "consume"]:
                return self.consume(token, product)
            case ["POST", "purchases", "subscriptionsv2", "tokens", token, "cancel"]:
                return self.stop(token, call.body["cancellationContext"]["cancellationType"])
            case ["POST", "purchases", "subscriptionsv2", "tokens", token, "revoke"]:
                return self.revoke(token, call.body["revocationContext"])
            case ["GET", "purchases", "voidedpurchases", ""]:
                return self.list_voided(call.query)
            case ["GET", "orders", order, ""]:
                return self.found_order(order)
            case ["POST", "orders", order, "refund"]:
                return self.refund(order, revoke=call.query["revoke"] == "true")
        raise AssertionError(f"{call.method} {call.path} is not on this wire")

    def find(self, token: str, kind: str) -> dict[str, Any]:
        if token in self.forgotten:
            raise gone()
        found = self.purchases.get(token)
        if found is None:
            raise refuse(404, "purchaseTokenNotFound", "The purchase token was not found.")
        if kind not in found:
            raise refuse(400, "invalid", "Invalid Value")
        return found

    def found_order(self, order: str) -> dict[str, Any]:
        if order not in self.orders:
            raise refuse(404, "orderNotFound", "The order was not found.")
        return self.orders[order]

    def acknowledge(self, token: str, kind: str, product: str, body: dict[str, Any]) -> dict[str, Any]:
        found = self.find(token, kind)
        if product not in {item["productId"] for item in found[kind]}:
            raise refuse(400, "purchaseTokenDoesNotMatchProductId")
        state = found.get("subscriptionState", found.get("purchaseStateContext", {}).get("purchaseState"))
        if found["acknowledgementState"] != "ACKNOWLEDGEMENT_STATE_PENDING" or "PENDING" in state or "CANCEL" in state:
            raise refuse(400, "productNotOwnedByUser", "The product purchase is not owned by the user.")
        found["acknowledgementState"] = "ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED"
        self.acknowledged.append(token)
        if found.pop("outOfAppPurchaseContext", None) is not None and "externalAccountIds" in body:
            self.account_ids[token] = body["externalAccountIds"]["obfuscatedAccountId"]
            found |= self.external(self.account_ids[token])
        return {}

    def consume(self, token: str, product: str) -> dict[str, Any]:
        found = self.find(token, "productLineItem")
        [offer] = [it["productOfferDetails"] for it in found["productLineItem"] if it["productId"] == product]
        if offer["consumptionState"] == "CONSUMPTION_STATE_CONSUMED":
            raise refuse(400, "productNotOwnedByUser", "The product purchase is not owned by the user.")
        offer["consumptionState"] = "CONSUMPTION_STATE_CONSUMED"
        found["acknowledgementState"] = "ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED"
        self.acknowledged.append(token)
        return {}

    def stop(self, token: str, kind: str) -> dict[str, Any]:
        found = self.find(token, "lineItems")
        if found["subscriptionState"] not in {"SUBSCRIPTION_STATE_ACTIVE", "SUBSCRIPTION_STATE_IN_GRACE_PERIOD"}:
            raise refuse(400, "subscriptionInvalidState", "The subscription is not in a valid state for this.")
        by_developer = kind == "DEVELOPER_REQUESTED_STOP_PAYMENTS"
        self.cancel(token, "developerInitiatedCancellation" if by_developer else "userInitiatedCancellation")
        return {}

    def revoke(self, token: str, context: dict[str, Any]) -> dict[str, Any]:
        found = self.find(token, "lineItems")
        if found["subscriptionState"] == "SUBSCRIPTION_STATE_EXPIRED":
            raise refuse(400, "subscriptionNoLongerAvailable", "The subscription has ended.")
        assert set(context) in ({"fullRefund"}, {"proratedRefund"})
        self.give_back(found["lineItems"][0]["latestSuccessfulOrderId"], reason=0, source=1)
        self.take_away(token, "developerInitiatedCancellation")
        return {}

    def refund(self, order: str, *, revoke: bool) -> dict[str, Any]:
        if self.found_order(order)["state"] != "PROCESSED":
            raise refuse(400, "orderNotRefundable", "The order can't be refunded.")
        self.give_back(order, reason=0, source=1)
        if revoke:
            self.take_away(self.orders[order]["purchaseToken"], "developerInitiatedCancellation")
        return {}

    def list_voided(self, query: dict[str, str]) -> dict[str, Any]:
        oldest = (self.clock.now() - timedelta(days=30)).timestamp() * 1000
        if int(query["startTime"]) < oldest:
            raise refuse(400, "invalid", "startTime is older than 30 days")
        found = [it for it in self.voided if int(it["voidedTimeMillis"]) >= int(query["startTime"])]
        start = int(query.get("token", 0))
        end = start + min(self.page_size, int(query["maxResults"]))
        more = {"tokenPagination": {"nextPageToken": str(end)}} if end < len(found) else {}
        part = found[start:end]
        return {**({"voidedPurchases": part} if part else {}), **more}
