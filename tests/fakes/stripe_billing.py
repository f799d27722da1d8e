"""Stripe Billing: prices, subscriptions, their invoices and schedules; time passes whenever somebody looks.

A period's amount chooses the fate, as the sandbox's does: 50 fails once when it is renewed, 51 until somebody pays.
"""

from datetime import UTC, datetime
from typing import Any

from cleanly.platform.providers.anchors import nth
from tests.fakes.stripe_connect import StripeConnect
from tests.fakes.stripe_world import FEE, meta, refuse
from tests.fakes.wire import Call

DAY = 86400
RETRIES = (3 * DAY, 8 * DAY)
OVER = {"canceled", "incomplete_expired"}


class StripeBilling(StripeConnect):
    # --- what a test does as the buyer or in the dashboard

    def confirm(self, reference: str) -> None:
        """PaymentSheet: the card is kept, and pays what is open."""
        found = self.objects[reference]
        found["_card"] = True
        if found["pending_setup_intent"] is not None:
            found["pending_setup_intent"] = None
            return
        if found["pending_update"] is not None:
            coming, bill = found["pending_update"], self.objects[found["latest_invoice"]]
            found["pending_update"] = None
            self.replaced(found, coming["subscription_items"][0]["price"], coming["_at"])
            self.settle(found, bill)
            return
        self.settle(found, self.objects[found["latest_invoice"]])

    def cancel_in_dashboard(self, reference: str, *, at_period_end: bool) -> None:
        if at_period_end:
            self.objects[reference]["cancel_at_period_end"] = True
            self.tell("customer.subscription.updated", self.objects[reference])
        else:
            self.over(self.objects[reference], "canceled")

    # --- the wire

    def billing(self, call: Call) -> Any:  # noqa: C901, PLR0911, PLR0912 - a table of addresses
        self.advance()
        body = call.body
        match [call.method, *call.path.strip("/").split("/")[1:]]:
            case ["GET", "prices"]:
                return self.page(self.all("price", lookup_key=call.query["lookup_keys[0]"]), call)
            case ["POST", "prices"]:
                return self.price(body)
            case ["GET", "payment_intents"]:
                return self.page(self.all("payment_intent", customer=call.query["customer"]), call)
            case ["GET", "invoices"]:
                return self.page(self.all("invoice", _of=call.query["subscription"]), call)
            case ["POST", "invoices", "create_preview"]:
                return self.previewed(body)
            case ["POST", "invoices", reference, "void"]:
                return self.voided(self.get(reference))
            case ["POST", "subscriptions"]:
                return self.subscription(body)
            case ["GET", "subscriptions", reference]:
                return self.expanded(self.get(reference), set(call.query.values()))
            case ["POST", "subscriptions", reference]:
                return self.updated(self.get(reference), body)
            case ["DELETE", "subscriptions", reference]:
                if self.get(reference)["status"] in OVER:
                    raise refuse("resource_missing", 404)
                return self.over(self.get(reference), "canceled")
            case ["POST", "subscription_schedules"]:
                return self.schedule(self.get(body["from_subscription"]))
            case ["POST", "subscription_schedules", reference, "release"]:
                return self.released(self.get(reference))
            case ["POST", "subscription_schedules", reference]:
                return self.planned(self.get(reference), body)
        raise AssertionError(f"{call.method} {call.path} is not on this wire")

    def all(self, kind: str, **wanted: Any) -> list[dict[str, Any]]:
        found = [it for it in self.objects.values() if it["object"] == kind]
        return [it for it in found if all(it.get(name) == value for name, value in wanted.items())]

    def page(self, items: list[dict[str, Any]], call: Call) -> dict[str, Any]:
        raise NotImplementedError

    def expanded(self, it: dict[str, Any], expand: set[str]) -> dict[str, Any]:
        shown = dict(it)
        if "schedule" in expand and it["schedule"]:
            shown["schedule"] = self.objects[it["schedule"]]
        if any(name.startswith("latest_invoice") for name in expand):
            shown["latest_invoice"] = self.objects[it["latest_invoice"]]
        return shown

    def price(self, body: dict[str, str]) -> dict[str, Any]:
        if self.all("price", lookup_key=body["lookup_key"]):
            raise refuse("resource_already_exists")
        recurring = {"interval": body["recurring[interval]"], "interval_count": int(body["recurring[interval_count]"])}
        return self.put(
            "price",
            "price",
            unit_amount=int(body["unit_amount"]),
            currency=body["currency"],
            recurring=recurring,
            lookup_key=body["lookup_key"],
            metadata=meta(body),
        )

    def subscription(self, body: dict[str, str]) -> dict[str, Any]:
        assert body["payment_behavior"] == "default_incomplete"
        price, days = self.get(body["items[0][price]"]), body.get("trial_period_days")
        ends = None if days is None else self.now() + int(days) * DAY
        made = self.put(
            "sub",
            "subscription",
            customer=self.get(body["customer"])["id"],
            currency=price["currency"],
            status="incomplete" if ends is None else "trialing",
            items={"data": [{"id": f"si_{self.number():04}", "quantity": 1, "price": price}]},
            trial_end=ends,
            metadata=meta(body),
            **dict.fromkeys(("cancel_at", "ended_at", "schedule", "pause_collection", "latest_invoice")),
            pending_setup_intent=None,
            pending_update=None,
            cancel_at_period_end=False,
            _anchor=self.now() if ends is None else ends,
            _number=0,
            _card=False,
            _failures=0,
        )
        self.run(made, until=ends)
        if ends is None:
            self.open_invoice(made, [self.line(made, price["unit_amount"])], "subscription_create")
        else:
            made["pending_setup_intent"] = {"object": "setup_intent", "client_secret": f"seti_secret_{made['id']}"}
            self.settle(made, self.open_invoice(made, [self.line(made, 0)], "subscription_create"), keeps=True)
        self.tell("customer.subscription.created", made)
        return made

    def updated(self, it: dict[str, Any], body: dict[str, str]) -> dict[str, Any]:
        if it["status"] in OVER:
            raise refuse("resource_missing", 404)
        if it["schedule"]:
            raise refuse("subscription_managed_by_schedule")
        if "items[0][price]" in body:
            self.changed(it, body)
        elif meta(body):
            it["metadata"] |= meta(body)
        if "cancel_at_period_end" in body:
            it["cancel_at_period_end"] = body["cancel_at_period_end"] == "true"
        if "pause_collection[behavior]" in body:
            it["pause_collection"] = {"behavior": body["pause_collection[behavior]"], "resumes_at": None}
        elif "pause_collection" in body:
            it["pause_collection"] = None
        if body.get("billing_cycle_anchor[type]") == "now":
            it |= {"_anchor": self.now(), "_number": 0}
            self.run(it)
            price = self.item(it)["price"]["unit_amount"]
            self.settle(it, self.open_invoice(it, [self.line(it, price)], "subscription_update"))
        self.tell("customer.subscription.updated", it)
        return it

    def changed(self, it: dict[str, Any], body: dict[str, str]) -> None:
        assert body["items[0][id]"] == self.item(it)["id"]
        price, at = self.get(body["items[0][price]"]), int(body["proration_date"])
        credit, charge = self.prorated(it, price, at)
        waits = body["payment_behavior"] == "pending_if_incomplete"
        if waits:
            assert not meta(body), "no metadata goes with an update that may wait"
        else:
            assert body["payment_behavior"] == "error_if_incomplete"
            if credit + charge > 0 and self.declines:
                raise refuse("card_declined", 402, "card_error", decline_code=self.declines.pop(0))
        old = self.item(it)["price"]
        it["metadata"] |= meta(body)
        lines = [
            self.line(it, amount, start=at, of=one, is_proration=True)
            for one, amount in ((old, credit), (price, charge))
        ]
        if waits:
            self.given_up(it)
            items = [{"id": self.item(it)["id"], "quantity": 1, "price": price}]
            self.open_invoice(it, lines, "subscription_update")
            it["pending_update"] = {"expires_at": self.now() + 23 * 3600, "subscription_items": items, "_at": at}
            return
        self.replaced(it, price, at)
        if it["status"] != "trialing":
            self.settle(it, self.open_invoice(it, lines, "subscription_update"))

    def replaced(self, it: dict[str, Any], price: dict[str, Any], at: int) -> None:
        old = self.item(it)["price"]
        self.item(it)["price"] = price
        if old["recurring"] != price["recurring"] and it["status"] != "trialing":
            it |= {"_anchor": at, "_number": 0}
            self.run(it)

    def given_up(self, it: dict[str, Any]) -> None:
        """What waits for the subscriber waits no longer."""
        if it["pending_update"] is not None:
            it["pending_update"] = None
            self.objects[it["latest_invoice"]]["status"] = "void"
            self.tell("customer.subscription.pending_update_expired", it)

    def voided(self, bill: dict[str, Any]) -> dict[str, Any]:
        if bill["status"] != "open":
            raise refuse("invoice_not_editable")
        bill["status"] = "void"
        it = self.objects[bill["_of"]]
        if it["pending_update"] is not None and it["latest_invoice"] == bill["id"]:
            self.given_up(it)
        return bill

    def prorated(self, it: dict[str, Any], price: dict[str, Any], at: int) -> tuple[int, int]:
        if it["status"] == "trialing":
            return 0, 0
        item = self.item(it)
        assert item["current_period_start"] <= at <= item["current_period_end"]
        whole, left = item["current_period_end"] - item["current_period_start"], item["current_period_end"] - at
        credit = -(item["price"]["unit_amount"] * left // whole)
        same = item["price"]["recurring"] == price["recurring"]
        return credit, price["unit_amount"] * left // whole if same else price["unit_amount"]

    def previewed(self, body: dict[str, str]) -> dict[str, Any]:
        it, name = self.get(body["subscription"]), "subscription_details"
        at = int(body[f"{name}[proration_date]"])
        due = sum(self.prorated(it, self.get(body[f"{name}[items][0][price]"]), at))
        return {"object": "invoice", "amount_due": due, "currency": it["currency"]}

    def schedule(self, it: dict[str, Any]) -> dict[str, Any]:
        if it["schedule"]:
            raise refuse("invalid_request")
        item = self.item(it)
        start, end = item["current_period_start"], item["current_period_end"]
        phase = {
            "start_date": start,
            "end_date": end,
            "items": [{"price": item["price"]["id"], "quantity": 1}],
            "trial_end": it["trial_end"] if it["status"] == "trialing" else None,
        }
        current = {"start_date": start, "end_date": end}
        made = self.put(
            "sub_sched",
            "subscription_schedule",
            subscription=it["id"],
            status="active",
            phases=[phase],
            current_phase=current,
        )
        it["schedule"] = made["id"]
        return made

    def planned(self, found: dict[str, Any], body: dict[str, str]) -> dict[str, Any]:
        runs = found["current_phase"]
        assert [int(body[f"phases[0][{name}]"]) for name in ("start_date", "end_date")] == list(runs.values())
        unit, count = body["phases[1][duration][interval]"], int(body["phases[1][duration][interval_count]"])
        assert self.get(body["phases[1][items][0][price]"])["recurring"] == {"interval": unit, "interval_count": count}
        coming = {
            "start_date": runs["end_date"],
            "end_date": int(nth(datetime.fromtimestamp(runs["end_date"], UTC), unit, count, 1).timestamp()),  # type: ignore[arg-type]
            "items": [{"price": body["phases[1][items][0][price]"], "quantity": 1}],
        }
        kept = [phase for phase in found["phases"] if phase["start_date"] <= runs["start_date"]]
        found |= {"phases": [*kept, coming], "metadata": meta(body)}
        return found

    def released(self, found: dict[str, Any]) -> dict[str, Any]:
        if found["status"] != "active":
            raise refuse("invalid_request")
        found["status"] = "released"
        self.objects[found["subscription"]]["schedule"] = None
        return found

    # --- Stripe's clock

    def advance(self) -> None:
        for it in self.all("subscription"):
            while self.step(it):
                pass

    def step(self, it: dict[str, Any]) -> bool:
        """What is due, if anything is."""
        now = self.now()
        if it["status"] == "incomplete" and now >= it["created"] + 23 * 3600:
            self.objects[it["latest_invoice"]]["status"] = "void"
            self.over(it, "incomplete_expired")
            return True
        if it["pending_update"] is not None and now >= it["pending_update"]["expires_at"]:
            self.given_up(it)
            return True
        if it["status"] == "past_due" and now >= self.item(it)["current_period_start"] + RETRIES[it["_failures"] - 1]:
            self.attempt(it)
            return True
        if it["status"] in {"active", "trialing"} and now >= self.item(it)["current_period_end"]:
            self.renew(it)
            return True
        return False

    def renew(self, it: dict[str, Any]) -> None:
        item, ended = self.item(it), self.item(it)["current_period_end"]
        if it["cancel_at_period_end"] or (it["status"] == "trialing" and not it["_card"]):
            self.over(it, "canceled", at=ended)
            return
        self.next_phase(it, ended)
        if it["_anchor"] != ended:
            it["_number"] += 1
        self.run(it)
        bill = self.open_invoice(it, [self.line(it, item["price"]["unit_amount"])], "subscription_cycle")
        if it["pause_collection"] is not None:
            bill["status"] = "void"
            self.tell("invoice.voided", bill)
            return
        it["_failures"] = 0
        self.attempt(it)

    def next_phase(self, it: dict[str, Any], start: int) -> None:
        found = self.objects.get(it["schedule"] or "")
        if found is None:
            return
        coming = [phase for phase in found["phases"] if phase["start_date"] == start]
        if not coming:
            self.released(found)
            return
        found["current_phase"] = {name: coming[0][name] for name in ("start_date", "end_date")}
        price = self.objects[coming[0]["items"][0]["price"]]
        if price["recurring"] != self.item(it)["price"]["recurring"]:
            it |= {"_anchor": start, "_number": 0}
        self.item(it)["price"] = price

    def attempt(self, it: dict[str, Any]) -> None:
        bill = self.objects[it["latest_invoice"]]
        fate = self.item(it)["price"]["unit_amount"] % 100
        if fate == 51 or (fate == 50 and it["_failures"] == 0 and it["_number"] <= 1):
            it["_failures"] += 1
            intent = self.objects[bill["payments"]["data"][0]["payment"]["payment_intent"]]
            intent["last_payment_error"] = {"type": "card_error", "code": "card_declined", "decline_code": "expired"}
            it["status"] = "past_due" if it["_failures"] <= len(RETRIES) else "unpaid"
            self.tell("invoice.payment_failed", bill)
            self.tell("customer.subscription.updated", it)
            return
        self.settle(it, bill)

    def run(self, it: dict[str, Any], *, until: int | None = None) -> None:
        """The period that it is in."""
        item = self.item(it)
        anchor, rhythm = datetime.fromtimestamp(it["_anchor"], UTC), item["price"]["recurring"]
        terms = rhythm["interval"], rhythm["interval_count"]
        start, end = (int(nth(anchor, *terms, it["_number"] + more).timestamp()) for more in (0, 1))
        item |= {"current_period_start": start, "current_period_end": end}
        if until is not None:
            item |= {"current_period_start": self.now(), "current_period_end": until}

    def item(self, it: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = it["items"]["data"][0]
        return found

    def line(
        self,
        it: dict[str, Any],
        amount: int,
        *,
        start: int | None = None,
        of: dict[str, Any] | None = None,
        is_proration: bool = False,
    ) -> dict[str, Any]:
        item = self.item(it)
        period = {"start": start or item["current_period_start"], "end": item["current_period_end"]}
        details = {"subscription": it["id"], "subscription_item": item["id"], "proration": is_proration}
        return {
            "amount": amount,
            "period": period,
            "parent": {"type": "subscription_item_details", "subscription_item_details": details},
            "pricing": {"type": "price_details", "price_details": {"price": (of or item["price"])["id"]}},
        }

    def open_invoice(self, it: dict[str, Any], lines: list[dict[str, Any]], reason: str) -> dict[str, Any]:
        amount = sum(line["amount"] for line in lines)
        payments = []
        if amount:
            body = {"amount": str(amount), "currency": it["currency"], "capture_method": "automatic"}
            intent = self.intent(body | {"customer": it["customer"]})
            payments = [{"status": "open", "payment": {"type": "payment_intent", "payment_intent": intent["id"]}}]
        made = self.put(
            "in",
            "invoice",
            status="open",
            billing_reason=reason,
            currency=it["currency"],
            amount_due=amount,
            amount_paid=0,
            # Of the time before, as Stripe has it: nobody may take it for what is paid for.
            period_start=it["created"],
            period_end=it["created"],
            lines={"data": lines},
            payments={"data": payments},
            parent={
                "type": "subscription_details",
                "subscription_details": {"subscription": it["id"], "metadata": dict(it["metadata"])},
            },
            _of=it["id"],
        )
        if amount:
            made["confirmation_secret"] = {"type": "payment_intent", "client_secret": intent["client_secret"]}
        it["latest_invoice"] = made["id"]
        return made

    def settle(self, it: dict[str, Any], bill: dict[str, Any], *, keeps: bool = False) -> None:
        """An invoice is paid."""
        assert bill["status"] == "open", bill["status"]
        bill |= {"status": "paid", "amount_paid": bill["amount_due"]}
        if not keeps and it["status"] != "active":
            it["status"] = "active"
        for payment in bill["payments"]["data"]:
            payment["status"] = "paid"
            intent = self.objects[payment["payment"]["payment_intent"]]
            charge = self.put(
                "ch", "charge", payment_intent=intent["id"], amount=intent["amount"], currency=intent["currency"]
            )
            intent |= {"latest_charge": charge["id"], "last_payment_error": None, "status": "succeeded"}
            intent["amount_received"] = intent["amount"]
            self.book("charge", charge["id"], intent["amount"], intent["currency"], fee=FEE)
            self.tell("payment_intent.succeeded", intent)
        self.tell("invoice.paid", bill)
        self.tell("customer.subscription.updated", it)

    def over(self, it: dict[str, Any], status: str, *, at: int | None = None) -> dict[str, Any]:
        it |= {"status": status, "ended_at": at or self.now()}
        if it["schedule"]:
            self.released(self.objects[it["schedule"]])
        self.tell("customer.subscription.deleted", it)
        return it
