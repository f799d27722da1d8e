"""What becomes of purchases on Google Play: bought, renewed, lost, taken back. Each step pushes its notification."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

from cleanly.kernel.clock import Clock
from tests.fakes.wire import Vendor
from tests.platform.providers.contract import Push

PACKAGE = "com.example.app"
PRICE = {"currencyCode": "EUR", "units": "9", "nanos": 990_000_000}
UNACKNOWLEDGED = timedelta(days=3)
_FIRST = ("RECOVERED", "RENEWED", "CANCELED", "PURCHASED", "ON_HOLD", "IN_GRACE_PERIOD", "RESTARTED")
TYPES = {kind: number for number, kind in enumerate(_FIRST, 1)} | {"PAUSED": 10, "REVOKED": 12, "EXPIRED": 13}
TYPES["PENDING_PURCHASE_CANCELED"] = 20


class PlayLives(Vendor):
    """`purchases`: what Google would answer, by token. `voided`: what its list of them holds."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.purchases: dict[str, dict[str, Any]] = {}
        self.bought_at: dict[str, datetime] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.voided: list[dict[str, Any]] = []
        self.forgotten: set[str] = set()

    # --- what a test does as the buyer or as Google

    def subscribe(
        self,
        account_id: str | None,
        *,
        product: str = "premium",
        plan: str = "monthly",
        days: int = 30,
        phase: str = "basePrice",
        replaces: str | None = None,
        is_pending: bool = False,
        **more: Any,
    ) -> str:
        """A new subscription, or one that takes the place of another; its token."""
        token = self.token("s")
        item = {
            "productId": product,
            "offerDetails": {"basePlanId": plan, "offerTags": []},
            "autoRenewingPlan": {"autoRenewEnabled": True, "recurringPrice": PRICE},
            "offerPhase": {phase: {}},
        }
        self.purchases[token] = {
            "kind": "androidpublisher#subscriptionPurchaseV2",
            "regionCode": "DE",
            "subscriptionState": "SUBSCRIPTION_STATE_PENDING",
            "acknowledgementState": "ACKNOWLEDGEMENT_STATE_PENDING",
            "lineItems": [item],
            "etag": "etag",
            **({} if account_id is None else self.external(account_id)),
            **({} if replaces is None else {"linkedPurchaseToken": replaces}),
            **more,
        }
        self.bought_at[token] = self.clock.now()
        if replaces is not None and not is_pending:
            self.replace(replaces)
        if is_pending:
            self.tell(token, "PURCHASED")
        else:
            self.pay(token, days=days)
        return token

    def external(self, account_id: str) -> dict[str, Any]:
        return {"externalAccountIdentifiers": {"obfuscatedExternalAccountId": account_id}}

    def pay(self, token: str, *, days: int = 30) -> None:
        """The first payment came."""
        it = self.purchases[token]
        it["startTime"] = self.time()
        self.period(token, days, self.order(token))
        self.becomes(token, "ACTIVE", "PURCHASED")

    def renew(self, token: str, *, days: int = 30) -> None:
        for item in self.purchases[token]["lineItems"]:
            item["offerPhase"] = {"basePrice": {}}
        self.period(token, days, self.order(token))
        self.becomes(token, "ACTIVE", "RENEWED")

    def cancel(self, token: str, by: str = "userInitiatedCancellation") -> None:
        told = {"cancelTime": self.time()} if by == "userInitiatedCancellation" else {}
        self.ends(token, by, told)
        self.becomes(token, "CANCELED", "CANCELED")

    def restart(self, token: str) -> None:
        self.purchases[token].pop("canceledStateContext")
        self.purchases[token]["lineItems"][0]["autoRenewingPlan"]["autoRenewEnabled"] = True
        self.becomes(token, "ACTIVE", "RESTARTED")

    def expire(self, token: str, by: str = "systemInitiatedCancellation", kind: str = "EXPIRED") -> None:
        if "canceledStateContext" not in self.purchases[token]:
            self.ends(token, by, {})
        for item in self.purchases[token]["lineItems"]:
            if "expiryTime" in item:
                item["expiryTime"] = min(item["expiryTime"], self.time())
        self.becomes(token, "EXPIRED", kind)

    def grace(self, token: str, *, days: int = 7) -> None:
        """A renewal failed: Google lets it last while it tries again."""
        self.purchases[token]["lineItems"][0]["expiryTime"] = self.time(days)
        self.becomes(token, "IN_GRACE_PERIOD", "IN_GRACE_PERIOD")

    def hold(self, token: str) -> None:
        self.purchases[token]["lineItems"][0]["expiryTime"] = self.time()
        self.becomes(token, "ON_HOLD", "ON_HOLD")

    def recover(self, token: str, *, days: int = 30) -> None:
        self.purchases[token].pop("pausedStateContext", None)
        self.period(token, days, self.order(token))
        self.becomes(token, "ACTIVE", "RECOVERED")

    def pause(self, token: str, *, days: int) -> None:
        self.purchases[token]["pausedStateContext"] = {"autoResumeTime": self.time(days)}
        self.purchases[token]["lineItems"][0]["expiryTime"] = self.time()
        self.becomes(token, "PAUSED", "PAUSED")

    def replace(self, token: str) -> None:
        self.expire(token, "replacementCancellation")

    def give_up(self, token: str) -> None:
        """A pending purchase that was never paid."""
        if "lineItems" in self.purchases[token]:
            self.becomes(token, "PENDING_PURCHASE_CANCELED", "PENDING_PURCHASE_CANCELED")
        else:
            self.purchases[token]["purchaseStateContext"] = {"purchaseState": "CANCELLED"}
            self.tell_product(token, 2)

    def buy(
        self,
        account_id: str | None,
        *,
        product: str = "coins",
        option: str = "buy",
        quantity: int = 1,
        is_pending: bool = False,
        **more: Any,
    ) -> str:
        """A one-time purchase; its token."""
        token = self.token("p")
        offer = {
            "quantity": quantity,
            "refundableQuantity": quantity,
            "consumptionState": "CONSUMPTION_STATE_YET_TO_BE_CONSUMED",
            "purchaseOptionId": option,
            "offerTags": [],
        }
        self.purchases[token] = {
            "kind": "androidpublisher#productPurchaseV2",
            "regionCode": "DE",
            "purchaseStateContext": {"purchaseState": "PENDING"},
            "acknowledgementState": "ACKNOWLEDGEMENT_STATE_PENDING",
            "productLineItem": [{"productId": product, "productOfferDetails": offer}],
            **({} if account_id is None else {"obfuscatedExternalAccountId": account_id}),
            **more,
        }
        self.bought_at[token] = self.clock.now()
        if is_pending:
            self.tell_product(token, 1)
        else:
            self.complete(token)
        return token

    def complete(self, token: str) -> None:
        """The payment of a one-time purchase came."""
        self.purchases[token] |= {
            "purchaseStateContext": {"purchaseState": "PURCHASED"},
            "purchaseCompletionTime": self.time(),
            "orderId": self.order(token),
        }
        self.tell_product(token, 1)

    def void(self, token: str, *, order: str | None = None, reason: int = 1, source: int = 0) -> str:
        """The newest order of a purchase is given back, and what it bought is taken away; the order's id."""
        found = order or next(name for name, it in reversed(self.orders.items()) if it["purchaseToken"] == token)
        self.give_back(found, reason=reason, source=source)
        self.take_away(token)
        return found

    def refund_unacknowledged(self) -> list[str]:
        """What Google does with purchases that nobody acknowledged within three days; their tokens."""
        late = [
            token
            for token, it in self.purchases.items()
            if it["acknowledgementState"] == "ACKNOWLEDGEMENT_STATE_PENDING"
            and self.clock.now() - self.bought_at[token] >= UNACKNOWLEDGED
            and any(order["purchaseToken"] == token and order["state"] == "PROCESSED" for order in self.orders.values())
        ]
        for token in late:
            self.void(token, reason=8, source=2)
        return late

    def forget(self, token: str) -> None:
        """It ended more than 60 days ago."""
        self.forgotten.add(token)

    # --- its parts

    def token(self, prefix: str) -> str:
        return f"{prefix}{self.number():023}.AO-J1O" + "x" * 40

    def time(self, days: float = 0) -> str:
        return (self.clock.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def millis(self) -> str:
        return str(int(self.clock.now().timestamp() * 1000))

    def order(self, token: str) -> str:
        name = f"GPA.3300-0000-0000-{self.number():05}"
        self.orders[name] = {
            "orderId": name,
            "purchaseToken": token,
            "state": "PROCESSED",
            "createTime": self.time(),
            "total": PRICE,
            "tax": {"currencyCode": "EUR", "units": "1", "nanos": 600_000_000},
        }
        return name

    def period(self, token: str, days: int, order: str) -> None:
        for item in self.purchases[token]["lineItems"]:
            item |= {"expiryTime": self.time(days), "latestSuccessfulOrderId": order}

    def ends(self, token: str, by: str, told: dict[str, Any]) -> None:
        self.purchases[token]["canceledStateContext"] = {by: told}
        for item in self.purchases[token]["lineItems"]:
            if "autoRenewingPlan" in item:
                item["autoRenewingPlan"]["autoRenewEnabled"] = False

    def becomes(self, token: str, state: str, kind: str) -> None:
        self.purchases[token]["subscriptionState"] = f"SUBSCRIPTION_STATE_{state}"
        self.tell(token, kind)

    def take_away(self, token: str, by: str = "systemInitiatedCancellation") -> None:
        if "lineItems" in self.purchases[token]:
            self.expire(token, by, "REVOKED")
        else:
            self.purchases[token]["purchaseStateContext"] = {"purchaseState": "CANCELLED"}
            for item in self.purchases[token]["productLineItem"]:
                item["productOfferDetails"]["refundableQuantity"] = 0

    def give_back(self, order: str, *, reason: int, source: int) -> None:
        found = self.orders[order]
        found["state"] = "REFUNDED"
        token = found["purchaseToken"]
        self.voided.append(
            {
                "kind": "androidpublisher#voidedPurchase",
                "purchaseToken": token,
                "orderId": order,
                "purchaseTimeMillis": str(int(self.bought_at[token].timestamp() * 1000)),
                "voidedTimeMillis": self.millis(),
                "voidedSource": source,
                "voidedReason": reason,
            }
        )
        kind = 1 if "lineItems" in self.purchases[token] else 2
        told = {"purchaseToken": token, "orderId": order, "productType": kind, "refundType": 1}
        self.push({"voidedPurchaseNotification": told})

    # --- its news

    def tell(self, token: str, kind: str) -> None:
        self.push(
            {"subscriptionNotification": {"version": "1.0", "notificationType": TYPES[kind], "purchaseToken": token}}
        )

    def tell_product(self, token: str, kind: int) -> None:
        sku = self.purchases[token]["productLineItem"][0]["productId"]
        told = {"version": "1.0", "notificationType": kind, "purchaseToken": token, "sku": sku}
        self.push({"oneTimeProductNotification": told})

    def push(self, told: dict[str, Any], *, package: str = PACKAGE) -> Push:
        made = self.sign(self.envelope(told, package=package))
        self.pushed.append(made)
        return made

    def envelope(self, told: dict[str, Any], *, package: str = PACKAGE) -> bytes:
        inside = {"version": "1.0", "packageName": package, "eventTimeMillis": self.millis(), **told}
        number = str(10_000_000_000 + self.number())
        message = {
            "data": base64.b64encode(json.dumps(inside).encode()).decode(),
            "messageId": number,
            "message_id": number,
            "publishTime": self.time(),
            "attributes": {},
        }
        return json.dumps({"message": message, "subscription": "projects/example/subscriptions/play"}).encode()
