"""Stripe on the wire, as far as payments go: its shapes, its keys, its events, its books."""

import json
from typing import Any

from aiohttp import web

from tests.fakes.stripe_billing import StripeBilling
from tests.fakes.stripe_world import meta, refuse
from tests.fakes.wire import Call, Refusal


class StripeWire(StripeBilling):
    async def read(self, request: web.Request) -> Any:
        return {name: str(value) for name, value in (await request.post()).items()}

    def broken(self, status: int) -> Any:
        kind = "idempotency_error" if status == 409 else "api_error"
        code = "idempotency_key_in_use" if status == 409 else "rate_limit"
        return {"error": {"type": kind, "code": code, "message": "no"}}

    async def answer(self, call: Call) -> Any:
        key = call.headers.get("idempotency-key")
        if call.method == "POST" and key:
            asked = (call.path, call.headers.get("stripe-account"), sorted(call.body.items()))
            if key in self.keys:
                before, answer = self.keys[key]
                if before != asked:
                    raise refuse("", kind="idempotency_error")
                if isinstance(answer, Refusal):
                    raise answer
                return answer
            try:
                answer = json.loads(json.dumps(self.route(call)))
            except Refusal as refusal:
                if refusal.status == 402:  # a card's refusal is the key's answer from now on, as any other is
                    self.keys[key] = (asked, refusal)
                raise
            self.keys[key] = (asked, answer)
            return answer
        return self.route(call)

    def route(self, call: Call) -> Any:  # noqa: C901, PLR0911, PLR0912 - a table of addresses
        body = call.body
        match [call.method, *call.path.strip("/").split("/")[1:]]:
            case ["GET", "payment_intents" | "customers" | "subscriptions" as kind, "search"]:
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
                return self.page([self.with_source(line) for line in self.books], call)
            case ["GET", "events"]:
                # Those of connected accounts are listed there.
                return self.page([it for it in self.events if "account" not in it], call)
            case [_, "accounts" | "account_links" | "transfers" | "payouts", *_]:
                return self.connect(call)
            case ["GET", "payment_intents"] | [_, "subscriptions" | "subscription_schedules" | "invoices", *_]:
                return self.billing(call)
            case ["GET" | "POST", "prices"]:
                return self.billing(call)
            case ["GET", kind, reference]:
                found = self.get(reference)
                if found["object"] != kind.removesuffix("s"):
                    raise refuse("resource_missing", 404)
                return self.shown(found)
        raise AssertionError(f"{call.method} {call.path} is not on this wire")

    def connect(self, call: Call) -> Any:  # noqa: C901, PLR0911 - a table of addresses
        body, of = call.body, call.headers.get("stripe-account", "")
        match [call.method, *call.path.strip("/").split("/")[1:]]:
            case ["POST", "accounts"]:
                return self.account(body)
            case ["GET", "accounts", reference]:
                return self.reachable(reference)
            case ["POST", "account_links"]:
                return self.link(body)
            case ["POST", "transfers"]:
                return self.transfer(body)
            case ["POST", "transfers", reference, "reversals"]:
                return self.reverse(self.get(reference), body)
            case ["GET", "transfers", reference]:
                return self.get(reference)
            case ["POST", "payouts"]:
                return self.payout(body, of)
            case ["GET", "payouts", reference]:
                return self.payout_of(reference, of)
            case ["POST", "payouts", reference, "cancel"]:
                return self.cancel_payout(self.payout_of(reference, of))
            case ["GET", kind]:
                mine = [it for it in self.objects.values() if it["object"] == kind.removesuffix("s")]
                wanted = {"transfer_group": call.query.get("transfer_group")} if kind == "transfers" else {}
                wanted |= {"_of": of} if kind == "payouts" else {}
                return self.page([it for it in mine if all(it[name] == value for name, value in wanted.items())], call)
        raise AssertionError(f"{call.method} {call.path} is not on this wire")

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
