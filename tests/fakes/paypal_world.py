"""What PayPal holds and who acts there: orders and their payments, buyers, banks, the console, events, the report."""

import json
from typing import Any

from cleanly.kernel.clock import Clock
from tests.fakes import paypal_pki
from tests.fakes.wire import Refusal, Vendor
from tests.platform.providers.contract import Push

FEE = 3.20
TOKENS = "/v1/oauth2/token"


def refuse(issue: str, status: int = 422, name: str = "UNPROCESSABLE_ENTITY") -> Refusal:
    details = [{"issue": issue, "description": "No."}]
    return Refusal(status, {"name": name, "message": "No.", "debug_id": "90957fca61718", "details": details})


def missing() -> Refusal:
    return refuse("INVALID_RESOURCE_ID", 404, "RESOURCE_NOT_FOUND")


def amount(value: float, like: dict[str, str]) -> dict[str, str]:
    return {"currency_code": like["currency_code"], "value": f"{value:.2f}"}


class PayPalWorld(Vendor):
    def __init__(self, clock: Clock, *, webhook_id: str) -> None:
        super().__init__()
        self.clock = clock
        self.webhook_id = webhook_id
        self.quiet = {TOKENS}
        self.orders: dict[str, dict[str, Any]] = {}
        self.parts: dict[str, dict[str, dict[str, Any]]] = {"captures": {}, "authorizations": {}, "refunds": {}}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.report: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.keys: dict[str, Any] = {}
        self.tokens: list[str] = []
        self.token_status = 200
        self.refuses_tokens = 0  # so many calls are answered 401
        self.capture_status = "COMPLETED"
        self.declines: list[str] = []  # why the next captures of orders are declined
        self.page_size = 50

    # --- what a test does as the buyer or as PayPal

    def approve(self, reference: str) -> None:
        assert self.orders[reference]["status"] == "PAYER_ACTION_REQUIRED", self.orders[reference]["status"]
        self.orders[reference]["status"] = "APPROVED"
        self.tell("CHECKOUT.ORDER.APPROVED", "checkout-order", self.orders[reference])

    def dispute(self, capture: dict[str, Any]) -> dict[str, Any]:
        money = amount(self.left(capture), capture["amount"])
        made = {
            "dispute_id": f"PP-D-{self.number()}",
            "create_time": self.time(),
            "disputed_transactions": [{"seller_transaction_id": capture["id"], "custom": capture.get("custom_id")}],
            "reason": "UNAUTHORISED",
            "status": "WAITING_FOR_SELLER_RESPONSE",
            "dispute_amount": money,
            "seller_response_due_date": "2026-12-02T00:00:00.000Z",
            "money_movements": [
                self.movement("SELLER", "DEBIT", "DISPUTE_SETTLEMENT", money),
                self.movement("SELLER", "DEBIT", "CHARGEBACK_FEE", amount(20, money)),
                self.movement("BUYER", "CREDIT", "DISPUTE_SETTLEMENT", money),
            ],
        }
        self.disputes[made["dispute_id"]] = made
        # The report names the payment, and never the dispute.
        self.reported("T1201", self.name(), -float(money["value"]), 0, money, of=capture["id"])
        self.tell("CUSTOMER.DISPUTE.CREATED", "dispute", made)
        return made

    def close_dispute(self, reference: str, *, is_won: bool) -> None:
        found = self.disputes[reference]
        outcome = "RESOLVED_SELLER_FAVOUR" if is_won else "RESOLVED_BUYER_FAVOUR"
        found |= {"status": "RESOLVED", "dispute_outcome": {"outcome_code": outcome}}
        if is_won:
            money = found["dispute_amount"]
            found["money_movements"].append(self.movement("SELLER", "CREDIT", "DISPUTE_SETTLEMENT", money))
            taken = found["disputed_transactions"][0]["seller_transaction_id"]
            self.reported("T1202", self.name(), float(money["value"]), 0, money, of=taken)
        self.tell("CUSTOMER.DISPUTE.RESOLVED", "dispute", found)

    def refund_in_dashboard(self, charge: str, value: str) -> dict[str, Any]:
        return self.refund(charge, {"amount": {**self.parts["captures"][charge]["amount"], "value": value}})

    def settle(self, charge: str, *, is_good: bool) -> None:
        """A pending capture ends."""
        taken = self.parts["captures"][charge]
        taken["status"] = "COMPLETED" if is_good else "DECLINED"
        if is_good:
            self.reported("T0006", charge, float(taken["amount"]["value"]), -FEE, taken["amount"])
        self.tell(f"PAYMENT.CAPTURE.{'COMPLETED' if is_good else 'DENIED'}", "capture", taken)

    def stray(self) -> None:
        """Somebody else on the same account: sells, gives back and is disputed, by orders and by bare captures."""
        money = {"currency_code": "EUR", "value": "25.00"}
        theirs = self.order({"intent": "CAPTURE", "purchase_units": [{"amount": money, "custom_id": "invoice 7"}]})
        self.approve(theirs["id"])
        self.complete(theirs["id"], "CAPTURE")
        taken = theirs["purchase_units"][0]["payments"]["captures"][0]
        self.refund_in_dashboard(taken["id"], "5.00")
        self.dispute(taken)
        bare: dict[str, Any] = {"id": self.name(), "status": "COMPLETED", "amount": money, "_order": theirs["id"]}
        self.parts["captures"][bare["id"]] = bare
        self.tell("PAYMENT.CAPTURE.COMPLETED", "capture", bare)
        self.refund_in_dashboard(bare["id"], "4.00")
        self.dispute(bare)

    def movement(self, party: str, kind: str, reason: str, money: dict[str, str]) -> dict[str, Any]:
        return {
            "affected_party": party,
            "type": kind,
            "reason": reason,
            "amount": money,
            "initiated_time": self.time(),
        }

    def tell(self, kind: str, resource_type: str, about: dict[str, Any]) -> None:
        event = {
            "id": f"WH-{self.number():04}",
            "create_time": self.time(),
            "resource_type": resource_type,
            "resource_version": "2.0",
            "event_type": kind,
            "summary": "News.",
            "resource": json.loads(json.dumps(about)),
            "links": [],
        }
        self.events.append(event)
        self.push(json.dumps(event).encode())

    def sign(self, body: bytes) -> Push:
        return paypal_pki.push(body, webhook_id=self.webhook_id, at=self.clock.now())

    # --- PayPal itself

    def time(self) -> str:
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def name(self) -> str:
        return f"{self.number():017}"

    def href(self, path: str) -> str:
        return f"https://api-m.sandbox.paypal.com{path}"

    def left(self, taken: dict[str, Any]) -> float:
        """What of a capture was not given back."""
        return round(float(taken["amount"]["value"]) - taken.get("_refunded", 0), 2)

    def fail(self, refusal: Refusal) -> Any:
        raise refusal

    def order(self, body: dict[str, Any]) -> dict[str, Any]:
        name = self.name()
        links = [{"rel": "payer-action", "href": f"https://www.sandbox.paypal.com/checkoutnow?token={name}"}]
        units = json.loads(json.dumps(body["purchase_units"]))
        self.orders[name] = {
            "id": name,
            "intent": body["intent"],
            "status": "PAYER_ACTION_REQUIRED",
            "purchase_units": units,
            "create_time": self.time(),
            "links": links,
        }
        return self.orders[name]

    def complete(self, reference: str, intent: str) -> dict[str, Any]:
        order = self.orders.get(reference) or self.fail(missing())
        if order["status"] == "COMPLETED":
            raise refuse("ORDER_ALREADY_CAPTURED" if intent == "CAPTURE" else "ORDER_ALREADY_AUTHORIZED")
        if order["status"] != "APPROVED":
            raise refuse("ORDER_NOT_APPROVED")
        if order["intent"] != intent:
            raise refuse("ACTION_DOES_NOT_MATCH_INTENT")
        if self.declines:
            order["status"] = "PAYER_ACTION_REQUIRED"  # the buyer must choose another way to pay
            raise refuse(self.declines.pop(0))
        order["status"] = "COMPLETED"
        unit = order["purchase_units"][0]
        if intent == "CAPTURE":
            self.capture(order, unit["amount"], up=self.href(f"/v2/checkout/orders/{reference}"))
        else:
            made = self.part(
                order,
                "authorizations",
                status="CREATED",
                amount=unit["amount"],
                custom_id=unit.get("custom_id"),
                expiration_time="2026-12-21T12:00:00Z",
                links=[{"rel": "up", "href": self.href(f"/v2/checkout/orders/{reference}")}],
            )
            self.tell("PAYMENT.AUTHORIZATION.CREATED", "authorization", made)
        return order

    def part(self, order: dict[str, Any], kind: str, **fields: Any) -> dict[str, Any]:
        made = {"id": self.name(), "create_time": self.time(), **fields}
        order["purchase_units"][0].setdefault("payments", {}).setdefault(kind, []).append(made)
        self.parts[kind][made["id"]] = made
        made["_order"] = order["id"]
        return made

    def capture(self, order: dict[str, Any], money: dict[str, str], *, up: str) -> dict[str, Any]:
        made = self.part(
            order,
            "captures",
            status=self.capture_status,
            amount=money,
            custom_id=order["purchase_units"][0].get("custom_id"),
            supplementary_data={"related_ids": {"order_id": order["id"]}},
            links=[{"rel": "up", "href": up}],
        )
        if made["status"] == "COMPLETED":
            self.reported("T0006", made["id"], float(money["value"]), -FEE, money)
        self.tell(f"PAYMENT.CAPTURE.{made['status']}", "capture", made)
        return made

    def capture_authorized(self, reference: str, body: dict[str, Any]) -> dict[str, Any]:
        held = self.parts["authorizations"].get(reference) or self.fail(missing())
        if held["status"] != "CREATED":
            raise refuse(f"AUTHORIZATION_{'VOIDED' if held['status'] == 'VOIDED' else 'ALREADY_CAPTURED'}")
        if float(body["amount"]["value"]) > float(held["amount"]["value"]):
            raise refuse("MAX_CAPTURE_AMOUNT_EXCEEDED")
        held["status"] = "CAPTURED"
        up = self.href(f"/v2/payments/authorizations/{reference}")
        return self.capture(self.orders[held["_order"]], body["amount"], up=up)

    def void(self, reference: str) -> None:
        held = self.parts["authorizations"].get(reference) or self.fail(missing())
        if held["status"] != "CREATED":
            raise refuse("PREVIOUSLY_VOIDED" if held["status"] == "VOIDED" else "CANNOT_BE_VOIDED")
        held["status"] = "VOIDED"
        self.tell("PAYMENT.AUTHORIZATION.VOIDED", "authorization", held)

    def refund(self, reference: str, body: dict[str, Any]) -> dict[str, Any]:
        taken = self.parts["captures"].get(reference) or self.fail(missing())
        value, left = float(body["amount"]["value"]), self.left(taken)
        if value > left:
            raise refuse("CAPTURE_FULLY_REFUNDED" if left <= 0 else "REFUND_AMOUNT_EXCEEDED")
        taken["_refunded"] = taken.get("_refunded", 0) + value
        taken["status"] = "REFUNDED" if value == left else "PARTIALLY_REFUNDED"
        made = self.part(
            self.orders[taken["_order"]],
            "refunds",
            status="COMPLETED",
            amount=body["amount"],
            # One made in the console repeats the capture's.
            custom_id=body.get("custom_id", taken.get("custom_id")),
            links=[{"rel": "up", "href": self.href(f"/v2/payments/captures/{reference}")}],
        )
        self.reported("T1107", made["id"], -value, 0.10, body["amount"], of=reference)
        self.tell("PAYMENT.CAPTURE.REFUNDED", "refund", made)
        return made

    def reported(
        self, code: str, name: str, gross: float, fee: float, like: dict[str, str], *, of: str | None = None
    ) -> None:
        line = {
            "transaction_id": name,
            "transaction_event_code": code,
            "transaction_initiation_date": self.clock.now().strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "transaction_updated_date": self.clock.now().strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "transaction_amount": amount(gross, like),
            "fee_amount": amount(fee, like),
            "transaction_status": "S",
        }
        self.report.append(line | ({"paypal_reference_id": of, "paypal_reference_id_type": "TXN"} if of else {}))
