"""PayPal Payouts: batches of one, what becomes of their items, and the news of it."""

import json
from typing import Any

from tests.fakes.paypal_world import PayPalWorld, missing, refuse
from tests.fakes.wire import Refusal

NEWS = {
    "SUCCESS": "SUCCEEDED",
    "FAILED": "FAILED",
    "UNCLAIMED": "UNCLAIMED",
    "RETURNED": "RETURNED",
    "ONHOLD": "HELD",
    "BLOCKED": "BLOCKED",
    "REFUNDED": "REFUNDED",
}
BACK = {"FAILED", "RETURNED", "BLOCKED", "REFUNDED", "REVERSED"}


class PayPalPayouts(PayPalWorld):
    def __init__(self, *settings: Any, **named: Any) -> None:
        super().__init__(*settings, **named)
        self.batches: dict[str, dict[str, Any]] = {}
        self.funds: float | None = None  # what we have there, where a test says so
        self.says_which = True  # a refused duplicate names the first one

    def settle_payout(self, reference: str, status: str, fault: str | None = None) -> None:
        """What becomes of a batch's item; the batch itself is a SUCCESS whatever that is."""
        batch = self.batches[reference]
        item, was = batch["items"][0], batch["items"][0].get("transaction_status")
        batch["batch_header"]["batch_status"] = "SUCCESS"
        item |= {"transaction_status": status, "time_processed": self.time()}
        if fault is not None:
            item["errors"] = {"name": fault, "message": "No.", "debug_id": "1"}
        money = item["payout_item"]["amount"]
        like = {"currency_code": money["currency"], "value": money["value"]}
        if was in {None, "PENDING"} and status not in {"FAILED", "BLOCKED"}:
            item["transaction_id"] = self.name()
            self.reported("T0001", item["transaction_id"], -float(money["value"]), 0, like)
        elif status in BACK and "transaction_id" in item:
            self.reported("T1114", self.name(), float(money["value"]), 0, like, of=item["transaction_id"])
        if status in NEWS:
            self.tell(f"PAYMENT.PAYOUTS-ITEM.{NEWS[status]}", "payouts_item", item)

    def deny(self, reference: str) -> None:
        """PayPal does not carry the batch out."""
        batch = self.batches[reference]
        batch["batch_header"]["batch_status"] = "DENIED"
        batch["items"] = []
        self.tell("PAYMENT.PAYOUTSBATCH.DENIED", "payouts", self.shown_batch(batch, with_items=False))

    def send_batch(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body["sender_batch_header"]["sender_batch_id"]
        [item] = body["items"]
        for name, one in self.batches.items():
            if one["batch_header"]["sender_batch_header"]["sender_batch_id"] == wanted:
                raise self.duplicate(name)
        money = item["amount"]
        if self.funds is not None and float(money["value"]) > self.funds:
            raise Refusal(422, {"name": "INSUFFICIENT_FUNDS", "message": "No.", "debug_id": "1"})
        name = self.name()
        self.batches[name] = {
            "batch_header": {
                "payout_batch_id": name,
                "batch_status": "PENDING",
                "time_created": self.time(),
                "sender_batch_header": {"sender_batch_id": wanted},
                "amount": money,
                "fees": {"currency": money["currency"], "value": "0.00"},
            },
            "items": [
                {
                    "payout_item_id": self.name(),
                    "payout_batch_id": name,
                    "sender_batch_id": wanted,
                    "transaction_status": "PENDING",
                    "payout_item": json.loads(json.dumps(item)),
                }
            ],
        }
        # What was just taken in shows neither its sum nor its item.
        header = self.batches[name]["batch_header"]
        shown = {key: header[key] for key in ("payout_batch_id", "batch_status", "sender_batch_header")}
        return {"batch_header": shown, "links": [{"rel": "self", "method": "GET", "href": self.batch_href(name)}]}

    def cancel_item(self, item_id: str) -> dict[str, Any]:
        """Only what nobody has claimed."""
        for name, batch in self.batches.items():
            if batch["items"] and batch["items"][0]["payout_item_id"] == item_id:
                if batch["items"][0]["transaction_status"] != "UNCLAIMED":
                    raise Refusal(400, {"name": "ITEM_INCORRECT_STATUS", "message": "No.", "debug_id": "1"})
                self.settle_payout(name, "RETURNED")
                return dict(batch["items"][0])
        raise missing()

    def batch_href(self, name: str) -> str:
        return self.href(f"/v1/payments/payouts/{name}")

    def duplicate(self, name: str) -> Refusal:
        fault: dict[str, Any] = {"field": "SENDER_BATCH_ID", "location": "body", "issue": "It was used before"}
        if self.says_which:
            fault["link"] = [{"href": self.batch_href(name), "rel": "self", "method": "GET"}]
        body = {"name": "USER_BUSINESS_ERROR", "message": "No.", "debug_id": "1", "details": [fault]}
        return Refusal(400, body)

    def seen_batch(self, name: str) -> dict[str, Any]:
        return self.shown_batch(self.batches.get(name) or self.fail(missing()), with_items=True)

    def shown_batch(self, batch: dict[str, Any], *, with_items: bool) -> dict[str, Any]:
        return batch | {"links": []} if with_items else {"batch_header": batch["batch_header"], "links": []}

    def payouts(self, method: str, rest: list[str], body: Any) -> Any:
        match [method, *rest]:
            case ["POST"]:
                return self.send_batch(body)
            case ["GET", name]:
                return self.seen_batch(name)
        raise refuse("NOT_ON_THIS_WIRE")
