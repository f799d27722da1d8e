"""What Stripe holds and who acts there: intents, charges, refunds, disputes; buyers, banks, the dashboard; events."""

import json
from typing import Any

from cleanly.kernel.clock import Clock
from cleanly.platform.providers.stripe import signature
from tests.fakes.wire import Refusal, Vendor
from tests.platform.providers.contract import Push

FEE = 320


def refuse(code: str, status: int = 400, kind: str = "invalid_request_error", **more: Any) -> Refusal:
    return Refusal(status, {"error": {"type": kind, "code": code, "message": f"No: {code}", **more}})


class StripeWorld(Vendor):
    def __init__(self, clock: Clock, *, secret: bytes) -> None:
        super().__init__()
        self.clock = clock
        self.secret = secret
        self.objects: dict[str, dict[str, Any]] = {}
        self.books: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.keys: dict[str, tuple[Any, Any]] = {}
        self.declines: list[str] = []  # why the next changes of plan are not paid

    # --- what a test does as the buyer, the bank or Stripe

    def approve(self, reference: str) -> None:
        intent = self.objects[reference]
        assert intent["status"] == "requires_payment_method", intent["status"]
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
        intent |= {"latest_charge": charge["id"], "last_payment_error": None}
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
        left = intent["amount_received"] - intent.get("refunded", 0)
        line = self.book("dispute", "", -left, intent["currency"], fee=1500)
        found = self.put(
            "dp",
            "dispute",
            amount=left,
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
        self.tell("charge.dispute.funds_withdrawn", found)
        return found

    def close_dispute(self, reference: str, *, is_won: bool) -> None:
        found = self.objects[reference]
        found["status"] = "won" if is_won else "lost"
        if is_won:
            back = self.book("dispute_reversal", reference, found["amount"], found["currency"], fee=-1500)
            found["balance_transactions"].append(back)
            self.tell("charge.dispute.funds_reinstated", found)
        self.tell("charge.dispute.closed", found)

    def refund_in_dashboard(self, reference: str, amount: int) -> dict[str, Any]:
        return self.refund({"payment_intent": reference, "amount": str(amount)})

    def stray(self) -> None:
        """Somebody else on the same account: sells, gives back and is disputed, by intents and by bare charges."""
        theirs = self.intent({"amount": "2500", "currency": "eur", "capture_method": "automatic"})
        self.approve(theirs["id"])
        self.refund_in_dashboard(theirs["id"], 500)
        self.dispute(theirs["id"])
        charge = self.put("ch", "charge", payment_intent=None, amount=900, currency="eur")
        self.tell("charge.succeeded", charge)
        bare = {"charge": charge["id"], "payment_intent": None, "currency": "eur", "amount": 900}
        self.tell("refund.created", self.put("re", "refund", **bare, status="succeeded"))
        self.tell(
            "charge.dispute.created",
            self.put("dp", "dispute", **bare, status="needs_response", reason="fraudulent", balance_transactions=[]),
        )

    def tell(self, kind: str, about: dict[str, Any], *, account: str | None = None) -> None:
        """`account`: the seller's, of news on a connected account."""
        event: dict[str, Any] = {
            "id": f"evt_{self.number():04}",
            "object": "event",
            "type": kind,
            "created": self.now(),
            "livemode": False,
            "api_version": "2026-10-28.endive",
            "data": {"object": json.loads(json.dumps(about))},
        }
        if account is not None:
            event["account"] = account
        self.events.append(event)
        self.push(json.dumps(event, indent=2).encode())

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

    def get(self, reference: str) -> dict[str, Any]:
        if reference not in self.objects:
            raise refuse("resource_missing", 404)
        return self.objects[reference]

    def shown(self, it: dict[str, Any]) -> dict[str, Any]:
        """As with `expand[]=latest_charge`."""
        charge = self.objects.get(it.get("latest_charge") or "")
        return it | {"latest_charge": charge} if it["object"] == "payment_intent" else it

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


def meta(body: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in body.items() if name.startswith("metadata[")}
