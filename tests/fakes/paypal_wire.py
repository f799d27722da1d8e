"""PayPal on the wire, as far as payments go: its shapes, its request ids, its tokens, its report."""

import json
from typing import Any

from aiohttp import web

from tests.fakes.paypal_billing import PayPalBilling
from tests.fakes.paypal_world import TOKENS, amount, missing
from tests.fakes.wire import Call, Refusal


class PayPalWire(PayPalBilling):
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

    def route(self, call: Call) -> Any:  # noqa: C901, PLR0911, PLR0912 - a table of addresses
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
            case ["POST", "payments", "payouts-item", item, "cancel"]:
                return self.cancel_item(item)
            case [method, "payments", "payouts", *rest]:
                return self.payouts(method, rest, call.body)
            case [method, "billing" | "catalogs", *rest]:
                return self.billing(method, rest, call.body, call.query)
            case ["GET", "payments", kind, reference]:
                return self.parts[kind].get(reference) or self.fail(missing())
            case ["GET", "customer", "disputes"]:
                return {"items": self.disputes_of(call.query["disputed_transaction_id"]), "links": []}
            case ["GET", "customer", "disputes", reference]:
                return self.disputes.get(reference) or self.fail(missing())
            case ["GET", "reporting", "transactions"]:
                return self.transactions(call.query)
            case ["GET", "reporting", "balances"]:
                return self.balances()
            case ["GET", "notifications", "webhooks-events"]:
                return self.listed(call.query)
        raise AssertionError(f"{call.method} {call.path} is not on this wire")

    def disputes_of(self, capture: str) -> list[dict[str, Any]]:
        fields = ("dispute_id", "create_time", "reason", "status", "dispute_amount")
        return [
            {name: it[name] for name in fields}
            for it in self.disputes.values()
            if it["disputed_transactions"][0]["seller_transaction_id"] == capture
        ]

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
