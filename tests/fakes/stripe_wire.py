"""Stripe on the wire, as far as payments go: its shapes, its keys, its events, its books."""

import json
from typing import Any

from aiohttp import web

from cleanly.kernel.clock import Clock
from cleanly.platform.providers.stripe import signature
from tests.fakes.wire import Call, Refusal, Vendor
from tests.platform.providers.contract import Push

FEE = 320


def refuse(code: str, status: int = 400, kind: str = "invalid_request_error", **more: Any) -> Refusal:
    return Refusal(status, {"error": {"type": kind, "code": code, "message": f"No: {code}", **more}})


class StripeWire(Vendor):
    def __init__(self, clock: Clock, *, secret: bytes) -> None:
        super().__init__()
        self.clock = clock
        self.secret = secret
        self.objects: dict[str, dict[str, Any]] = {}
        self.books: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.pushed: list[Push] = []
        self.keys: dict[str, tuple[Any, Any]] = {}

    # --- what a test does as the buyer, the bank or Stripe

    def approve(self, reference: str) -> None:
        intent = self.objects[reference]
        manual = intent["capture_method"] == "manual"
        intent["status"] = "requires_capture" if manual else "succeeded"
        charge = self.put(
            "ch",
            "charge",
            payment_intent=reference,
            amount=intent["amount"],
            currency=intent["currency"],
            payment_method_details={"type": "card", "card": {"capture_before": self.now() + 7 * 86400}},
        )
        intent["latest_charge"] = charge["id"]
        if manual:
            intent["amount_capturable"] = intent["amount"]
            self.tell("payment_intent.amount_capturable_updated", intent)
        else:
            self.take(intent, intent["amount"])

    def decline(self, reference: str, decline_code: str) -> None:
        intent = self.objects[reference]
        charge = self.put("ch", "charge", payment_intent=reference, amount=intent["amount"], currency="eur")
        intent["latest_charge"] = charge["id"]
        intent["last_payment_error"] = {"type": "card_error", "code": "card_declined", "decline_code": decline_code}
        self.tell("payment_intent.payment_failed", intent)

    def take(self, intent: dict[str, Any], amount: int) -> None:
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        self.book("charge", intent["latest_charge"], amount, intent["currency"], fee=FEE)
        self.tell("payment_intent.succeeded", intent)

    def dispute(self, reference: str) -> dict[str, Any]:
        intent = self.objects[reference]
        line = self.book("dispute", "", -intent["amount_received"], intent["currency"], fee=1500)
        found = self.put(
            "dp",
            "dispute",
            amount=intent["amount_received"],
            currency=intent["currency"],
            charge=intent["latest_charge"],
            payment_intent=reference,
            status="needs_response",
            reason="fraudulent",
            balance_transactions=[line],
            evidence_details={"due_by": self.now() + 9 * 86400},
        )
        line["source"] = found["id"]
        self.tell("charge.dispute.created", found)
        return found

    def tell(self, kind: str, about: dict[str, Any]) -> None:
        event = {
            "id": f"evt_{self.number():04}",
            "object": "event",
            "type": kind,
            "created": self.now(),
            "livemode": False,
            "api_version": "2026-10-28.endive",
            "data": {"object": json.loads(json.dumps(about))},
        }
        self.events.append(event)
        self.pushed.append(self.sign(json.dumps(event, indent=2).encode()))

    def sign(self, body: bytes) -> Push:
        return Push({signature.HEADER: signature.sign(body, self.secret, at=self.clock.now())}, body)

    # --- Stripe itself

    def now(self) -> int:
        return int(self.clock.now().timestamp())

    def put(self, prefix: str, kind: str, **fields: Any) -> dict[str, Any]:
        made = {
            "id": f"{prefix}_{self.number():04}",
            "object": kind,
            "created": self.now(),
            "livemode": False,
            "metadata": {},
        }
        self.objects[made["id"]] = made | fields
        return self.objects[made["id"]]

    def book(self, category: str, source: str, amount: int, currency: str, *, fee: int = 0) -> dict[str, Any]:
        line = {
            "id": f"txn_{self.number():04}",
            "object": "balance_transaction",
            "type": "adjustment" if category.startswith("dispute") else category,
            "reporting_category": category,
            "balance_type": "payments",
            "source": source,
            "amount": amount,
            "fee": fee,
            "net": amount - fee,
            "currency": currency,
            "exchange_rate": None,
            "description": None,
            "created": self.now(),
            "available_on": self.now() + 2 * 86400,
            "status": "pending",
        }
        self.books.append(line)
        return line

    async def read(self, request: web.Request) -> Any:
        return {name: str(value) for name, value in (await request.post()).items()}

    def broken(self, status: int) -> Any:
        kind = "idempotency_error" if status == 409 else "api_error"
        code = "idempotency_key_in_use" if status == 409 else "rate_limit"
        return {"error": {"type": kind, "code": code, "message": "no"}}

    async def answer(self, call: Call) -> Any:
        key = call.headers.get("idempotency-key")
        if call.method == "POST" and key:
            asked = (call.path, sorted(call.body.items()))
            if key in self.keys:
                before, answer = self.keys[key]
                if before != asked:
                    raise refuse("", kind="idempotency_error")
                return answer
            answer = json.loads(json.dumps(self.route(call)))
            self.keys[key] = (asked, answer)
            return answer
        return self.route(call)

    def route(self, call: Call) -> Any:  # noqa: C901, PLR0911 - a table of addresses
        body = call.body
        match [call.method, *call.path.strip("/").split("/")[1:]]:
            case ["GET", "payment_intents" | "customers" as kind, "search"]:
                return self.found(kind.removesuffix("s"), call.query["query"])
            case ["POST", "customers"]:
                return self.put("cus", "customer", email=body["email"], metadata=meta(body))
            case ["POST", "ephemeral_keys"]:
                return self.put("ephkey", "ephemeral_key", secret=f"ek_test_{body['customer']}")
            case ["POST", "payment_intents"]:
                return self.intent(body)
            case ["POST", "payment_intents", reference, "capture"]:
                return self.capture(self.get(reference), int(body["amount_to_capture"]))
            case ["POST", "payment_intents", reference, "cancel"]:
                return self.cancel(self.get(reference))
            case ["POST", "refunds"]:
                return self.refund(body)
            case ["GET", "refunds"]:
                of = call.query["payment_intent"]
                mine = [it for it in self.objects.values() if it["object"] == "refund" and it["payment_intent"] == of]
                return self.page(mine, call)
            case ["GET", "balance"]:
                return self.balance()
            case ["GET", "balance_transactions"]:
                return self.page(self.books, call)
            case ["GET", "events"]:
                return self.page(self.events, call)
            case ["GET", _, reference]:
                return self.shown(self.get(reference))
        raise AssertionError(f"{call.method} {call.path} is not on this wire")

    def get(self, reference: str) -> dict[str, Any]:
        if reference not in self.objects:
            raise refuse("resource_missing", 404)
        return self.objects[reference]

    def shown(self, it: dict[str, Any]) -> dict[str, Any]:
        """As with `expand[]=latest_charge`."""
        charge = self.objects.get(it.get("latest_charge") or "")
        return it | {"latest_charge": charge} if it["object"] == "payment_intent" else it

    def found(self, kind: str, query: str) -> dict[str, Any]:
        name, value = query.removeprefix("metadata['").split("']:'")
        mine = [
            self.shown(it)
            for it in self.objects.values()
            if it["object"] == kind and it["metadata"].get(name) == value.rstrip("'")
        ]
        return {"object": "search_result", "data": mine[:1], "has_more": False, "next_page": None, "url": "/v1"}

    def page(self, items: list[dict[str, Any]], call: Call) -> dict[str, Any]:
        """Newest first. `ending_before` counts from its end: the page just after that one."""
        query = call.query
        low, high = int(query.get("created[gte]", 0)), int(query.get("created[lt]", 10**12))
        found = [it for it in reversed(items) if low <= it["created"] < high]
        size = int(query["limit"])
        if "ending_before" in query:
            ids = [it["id"] for it in reversed(items)]
            newer = set(ids[: ids.index(query["ending_before"])])
            found = [it for it in found if it["id"] in newer]
            part, more = found[-size:], len(found) > size
        else:
            if "starting_after" in query:
                ids = [it["id"] for it in found]
                found = found[ids.index(query["starting_after"]) + 1 :]
            part, more = found[:size], len(found) > size
        return {"object": "list", "data": part, "has_more": more, "url": call.path}

    def intent(self, body: dict[str, str]) -> dict[str, Any]:
        return self.put(
            "pi",
            "payment_intent",
            amount=int(body["amount"]),
            amount_received=0,
            currency=body["currency"],
            capture_method=body["capture_method"],
            customer=body.get("customer"),
            status="requires_payment_method",
            latest_charge=None,
            last_payment_error=None,
            metadata=meta(body),
            client_secret=f"pi_secret_{self.numbers}",
        )

    def capture(self, intent: dict[str, Any], amount: int) -> dict[str, Any]:
        if intent["status"] != "requires_capture":
            raise refuse("payment_intent_unexpected_state")
        if amount > intent["amount_capturable"]:
            raise refuse("amount_too_large")
        self.take(intent, amount)
        return self.shown(intent)

    def cancel(self, intent: dict[str, Any]) -> dict[str, Any]:
        if intent["status"] in {"succeeded", "canceled"}:
            raise refuse("payment_intent_unexpected_state")
        intent["status"] = "canceled"
        self.tell("payment_intent.canceled", intent)
        return self.shown(intent)

    def refund(self, body: dict[str, str]) -> dict[str, Any]:
        intent, amount = self.get(body["payment_intent"]), int(body["amount"])
        left = intent["amount_received"] - intent.get("refunded", 0)
        if amount > left:
            raise refuse("charge_already_refunded" if not left else "amount_too_large")
        intent["refunded"] = intent.get("refunded", 0) + amount
        made = self.put(
            "re",
            "refund",
            amount=amount,
            currency=intent["currency"],
            charge=intent["latest_charge"],
            payment_intent=intent["id"],
            status="succeeded",
            metadata=meta(body),
        )
        self.book("refund", made["id"], -amount, intent["currency"])
        self.tell("refund.created", made)
        return made

    def balance(self) -> dict[str, Any]:
        sums: dict[str, int] = {}
        for line in self.books:
            sums[line["currency"]] = sums.get(line["currency"], 0) + line["net"]
        return {
            "object": "balance",
            "livemode": False,
            "available": [{"amount": 0, "currency": "eur"}],
            "pending": [{"amount": amount, "currency": currency} for currency, amount in sums.items()],
        }


def meta(body: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in body.items() if name.startswith("metadata[")}
