"""PayPal on the wire, as far as payments go: its shapes, its request ids, its tokens, its report."""

import json
from typing import Any

from aiohttp import web

from cleanly.kernel.clock import Clock
from tests.fakes import paypal_pki
from tests.fakes.wire import Call, Refusal, Vendor
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


class PayPalWire(Vendor):
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
        self.pushed: list[Push] = []
        self.keys: dict[str, Any] = {}
        self.tokens: list[str] = []
        self.token_status = 200
        self.refuses_tokens = 0  # so many calls are answered 401
        self.capture_status = "COMPLETED"
        self.page_size = 50

    # --- what a test does as the buyer or as PayPal

    def approve(self, reference: str) -> None:
        self.orders[reference]["status"] = "APPROVED"
        self.tell("CHECKOUT.ORDER.APPROVED", "checkout-order", self.orders[reference])

    def dispute(self, capture: dict[str, Any]) -> dict[str, Any]:
        made = {
            "dispute_id": f"PP-D-{self.number()}",
            "create_time": self.time(),
            "disputed_transactions": [{"seller_transaction_id": capture["id"], "custom": capture.get("custom_id")}],
            "reason": "UNAUTHORISED",
            "status": "WAITING_FOR_SELLER_RESPONSE",
            "dispute_amount": capture["amount"],
            "seller_response_due_date": "2026-12-02T00:00:00.000Z",
            "money_movements": [
                self.movement("SELLER", "DEBIT", "DISPUTE_SETTLEMENT", capture["amount"]),
                self.movement("SELLER", "DEBIT", "CHARGEBACK_FEE", amount(20, capture["amount"])),
                self.movement("BUYER", "CREDIT", "DISPUTE_SETTLEMENT", capture["amount"]),
            ],
        }
        self.disputes[made["dispute_id"]] = made
        self.tell("CUSTOMER.DISPUTE.CREATED", "dispute", made)
        return made

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
        body = json.dumps(event).encode()
        self.pushed.append(paypal_pki.push(body, webhook_id=self.webhook_id, at=self.clock.now()))

    # --- PayPal itself

    def time(self) -> str:
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def name(self) -> str:
        return f"{self.number():017}"

    def href(self, path: str) -> str:
        return f"https://api-m.sandbox.paypal.com{path}"

    async def read(self, request: web.Request) -> Any:
        text = await request.text()
        return json.loads(text) if text.startswith("{") else text

    def broken(self, status: int) -> Any:
        issue = "PREVIOUS_REQUEST_IN_PROGRESS" if status == 409 else "INTERNAL_SERVER_ERROR"
        return {"name": issue, "message": "Not now.", "debug_id": "1"}

    async def answer(self, call: Call) -> Any:
        if call.path == TOKENS:
            return self.token(call)
        if self.refuses_tokens or call.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            self.refuses_tokens = max(0, self.refuses_tokens - 1)
            raise Refusal(401, {"name": "AUTHENTICATION_FAILURE", "message": "No.", "debug_id": "1"})
        key = call.headers.get("paypal-request-id")
        if call.method == "POST" and key:
            if key not in self.keys:
                self.keys[key] = json.loads(json.dumps(self.route(call)))
            return self.keys[key]
        return self.route(call)

    def token(self, call: Call) -> Any:
        if self.token_status != 200:
            raise Refusal(self.token_status, {"error": "invalid_client", "error_description": "No."})
        assert call.body == "grant_type=client_credentials"
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        return {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 32400}

    def route(self, call: Call) -> Any:  # noqa: C901, PLR0911 - a table of addresses
        match [call.method, *call.path.strip("/").split("/")[1:]]:
            case ["POST", "checkout", "orders"]:
                return self.order(call.body)
            case ["POST", "checkout", "orders", reference, "capture"]:
                return self.complete(reference, "CAPTURE")
            case ["POST", "checkout", "orders", reference, "authorize"]:
                return self.complete(reference, "AUTHORIZE")
            case ["GET", "checkout", "orders", reference]:
                return self.orders.get(reference) or self.fail(missing())
            case ["POST", "payments", "authorizations", reference, "capture"]:
                return self.capture_authorized(reference, call.body)
            case ["POST", "payments", "authorizations", reference, "void"]:
                return self.void(reference)
            case ["POST", "payments", "captures", reference, "refund"]:
                return self.refund(reference, call.body)
            case ["GET", "payments", kind, reference]:
                return self.parts[kind].get(reference) or self.fail(missing())
            case ["GET", "customer", "disputes", reference]:
                return self.disputes.get(reference) or self.fail(missing())
            case ["GET", "reporting", "transactions"]:
                return self.transactions(call.query)
            case ["GET", "reporting", "balances"]:
                return self.balances()
            case ["GET", "notifications", "webhooks-events"]:
                return self.listed(call.query)
        raise AssertionError(f"{call.method} {call.path} is not on this wire")

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
                custom_id=unit["custom_id"],
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
            custom_id=order["purchase_units"][0]["custom_id"],
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
        value, left = float(body["amount"]["value"]), float(taken["amount"]["value"]) - taken.get("_refunded", 0)
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
            custom_id=body.get("custom_id", taken["custom_id"]),
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

    def transactions(self, query: dict[str, str]) -> dict[str, Any]:
        found = [
            {"transaction_info": it}
            for it in self.report
            if query["start_date"] <= it["transaction_initiation_date"].replace("+0000", "Z") <= query["end_date"]
        ]
        size, page = self.page_size, int(query["page"])
        return {
            "transaction_details": found[(page - 1) * size : page * size],
            "page": page,
            "total_items": len(found),
            "total_pages": -(-len(found) // size),
        }

    def balances(self) -> dict[str, Any]:
        sums: dict[str, float] = {}
        for it in self.report:
            for money in (it["transaction_amount"], it["fee_amount"]):
                sums[money["currency_code"]] = sums.get(money["currency_code"], 0) + float(money["value"])
        found = [
            {"currency": currency, "total_balance": amount(value, {"currency_code": currency})}
            for currency, value in sums.items()
        ]
        return {"balances": found, "account_id": "23456789ABCDE"}

    def listed(self, query: dict[str, str]) -> dict[str, Any]:
        start = int(query.get("start_index", 0))
        found = [it for it in self.events if query["start_time"] <= it["create_time"] <= query["end_time"]]
        part = found[::-1][start : start + self.page_size]
        links = []
        if start + self.page_size < len(found):
            rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "start_index")
            path = f"/v1/notifications/webhooks-events?{rest}&start_index={start + self.page_size}"
            links = [{"rel": "next", "href": self.href(path)}]
        return {"events": part, "count": len(part), "links": links}
