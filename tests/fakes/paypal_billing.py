"""PayPal Subscriptions: products, plans, what buyers approve; time passes whenever somebody looks.

A period's amount chooses the fate, as the sandbox's does: 50 fails once when it is renewed, 51 until somebody pays.
"""

from datetime import datetime, timedelta
from typing import Any

from cleanly.platform.providers.anchors import nth
from tests.fakes.paypal_payouts import PayPalPayouts
from tests.fakes.paypal_world import FEE, missing, refuse

RETRY = timedelta(days=5)
FAILURES_MAX = 2


class PayPalBilling(PayPalPayouts):
    def __init__(self, *settings: Any, **named: Any) -> None:
        super().__init__(*settings, **named)
        self.products: set[str] = set()
        self.plans: dict[str, dict[str, Any]] = {}
        self.subscriptions: dict[str, dict[str, Any]] = {}

    # --- what buyers do

    def agree(self, reference: str) -> None:
        """The buyer approves, or pays what is open."""
        it = self.subscriptions[reference]
        if it["status"] == "APPROVAL_PENDING":
            it |= {"status": "ACTIVE", "links": it["links"][1:], "_card": True}
            self.say("ACTIVATED", it)
            self.advance()
        elif it["billing_info"]["failed_payments_count"]:
            it["status"] = "ACTIVE"
            self.charge(it)

    def cancel_in_account(self, reference: str) -> None:
        self.ended(self.subscriptions[reference])

    # --- the wire

    def billing(self, method: str, rest: list[str], body: Any, query: dict[str, str]) -> Any:  # noqa: PLR0911
        self.advance()
        match [method, *rest]:
            case ["POST", "products"]:
                if body["id"] in self.products:
                    raise refuse("DUPLICATE_RESOURCE_IDENTIFIER")
                self.products.add(body["id"])
                return body
            case ["GET", "plans"]:
                return {"plans": [it for it in self.plans.values() if it["product_id"] == query["product_id"]]}
            case ["GET", "plans", name]:
                return self.plans.get(name) or self.fail(missing())
            case ["POST", "plans"]:
                assert body["product_id"] in self.products
                name = f"P-{self.number():04}"
                self.plans[name] = body | {"id": name}
                return self.plans[name]
            case ["POST", "subscriptions"]:
                return self.subscription(body)
            case ["GET", "subscriptions", name]:
                return self.subscriptions.get(name) or self.fail(missing())
            case ["GET", "subscriptions", name, "transactions"]:
                found = self.subscriptions[name]["_transactions"]
                return {"transactions": [it for it in found if query["start_time"] <= it["time"] <= query["end_time"]]}
            case ["POST", "subscriptions", name, "cancel" | "suspend" | "activate" as act]:
                return self.acted(self.subscriptions.get(name) or self.fail(missing()), act)
        raise AssertionError(f"{method} {rest} is not on this wire")

    def subscription(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body["plan_id"] in self.plans
        name = f"I-{self.number():04}"
        approve = {"rel": "approve", "href": f"https://www.sandbox.paypal.com/webapps/billing/subscriptions?ba={name}"}
        self.subscriptions[name] = {
            "id": name,
            "status": "APPROVAL_PENDING",
            "status_update_time": self.time(),
            "plan_id": body["plan_id"],
            "custom_id": body["custom_id"],
            "start_time": self.time(),
            "create_time": self.time(),
            "billing_info": {"failed_payments_count": 0},
            "links": [approve, {"rel": "self", "href": self.href(f"/v1/billing/subscriptions/{name}")}],
            "_transactions": [],
            "_next": 0,  # the period that is billed next
        }
        self.say("CREATED", self.subscriptions[name])
        return self.subscriptions[name]

    def acted(self, it: dict[str, Any], act: str) -> None:
        allowed = {"cancel": {"ACTIVE", "SUSPENDED"}, "suspend": {"ACTIVE"}, "activate": {"SUSPENDED"}}
        if it["status"] not in allowed[act]:
            raise refuse("SUBSCRIPTION_STATUS_INVALID")
        if act == "cancel":
            self.ended(it)
        elif act == "suspend":
            it["status"] = "SUSPENDED"
            self.say("SUSPENDED", it)
        else:
            it["status"] = "ACTIVE"
            # What fell due meanwhile is not billed.
            while self.due(it) <= self.clock.now():
                it["_next"] += 1
            self.say("RE-ACTIVATED", it)

    # --- PayPal's clock

    def advance(self) -> None:
        for it in self.subscriptions.values():
            while it["status"] == "ACTIVE" and self.clock.now() >= self.due(it):
                self.bill(it)

    def due(self, it: dict[str, Any]) -> datetime:
        *trial, regular = self.plans[it["plan_id"]]["billing_cycles"]
        days = sum(cycle["frequency"]["interval_count"] for cycle in trial)
        begun = datetime.fromisoformat(it["start_time"]) + timedelta(days=days)
        rhythm = regular["frequency"]
        at = nth(begun, rhythm["interval_unit"].lower(), rhythm["interval_count"], it["_next"])
        return at + RETRY * int(it["billing_info"]["failed_payments_count"])

    def money(self, it: dict[str, Any]) -> dict[str, str]:
        found: dict[str, str] = self.plans[it["plan_id"]]["billing_cycles"][-1]["pricing_scheme"]["fixed_price"]
        return found

    def bill(self, it: dict[str, Any]) -> None:
        info, fate = it["billing_info"], self.money(it)["value"][-2:]
        if it["_next"] and (fate == "51" or (fate == "50" and it["_next"] == 1 and not info["failed_payments_count"])):
            info["failed_payments_count"] += 1
            info["last_failed_payment"] = {"reason_code": "PAYMENT_DENIED", "time": self.time()}
            self.say("PAYMENT.FAILED", it)
            if info["failed_payments_count"] >= FAILURES_MAX:
                it["status"] = "SUSPENDED"
                self.say("SUSPENDED", it)
            return
        self.charge(it)

    def charge(self, it: dict[str, Any]) -> None:
        it["billing_info"] = {"failed_payments_count": 0}
        it["_next"] += 1
        money = self.money(it)
        unit = {"amount": money, "custom_id": None}
        # Kept as a capture, too: refunds and disputes name it so.
        sale = {"id": self.name(), "status": "COMPLETED", "time": self.time(), "amount": money, "_order": it["id"]}
        self.orders.setdefault(it["id"], {"id": it["id"], "status": "COMPLETED", "purchase_units": [unit]})
        self.parts["captures"][sale["id"]] = sale
        told = {name: sale[name] for name in ("id", "status", "time")}
        it["_transactions"].append(told | {"amount_with_breakdown": {"gross_amount": money}})
        self.reported("T0002", sale["id"], float(money["value"]), -FEE, money)
        self.tell("PAYMENT.SALE.COMPLETED", "sale", {"id": sale["id"], "billing_agreement_id": it["id"]})

    def ended(self, it: dict[str, Any]) -> None:
        it |= {"status": "CANCELLED", "status_update_time": self.time()}
        self.say("CANCELLED", it)

    def say(self, word: str, it: dict[str, Any]) -> None:
        self.tell(f"BILLING.SUBSCRIPTION.{word}", "subscription", it)
