"""Stripe Connect: sellers' accounts, transfers to them, payouts from them; what sellers and their banks do."""

from typing import Any

from tests.fakes.stripe_world import StripeWorld, meta, refuse

DUE = ["external_account", "individual.first_name", "tos_acceptance.date"]


class StripeConnect(StripeWorld):
    def __init__(self, *settings: Any, **named: Any) -> None:
        super().__init__(*settings, **named)
        self.banks = 0
        self.funds: dict[str, int] = {}  # what we have there, where a test says so
        self.on_accounts: dict[tuple[str, str], int] = {}  # what sellers have there
        self.lost: set[str] = set()  # accounts that took our access away

    # --- what sellers and banks do

    def onboard(self, reference: str, *, last4: str = "6789", currency: str = "eur") -> None:
        """The seller fills everything in, and Stripe is content."""
        it = self.objects[reference]
        self.put_bank(it, last4, currency)
        it |= {"details_submitted": True, "payouts_enabled": True, "capabilities": {"transfers": "active"}}
        it["requirements"] |= {"currently_due": [], "past_due": [], "disabled_reason": None}
        self.say(it)

    def change_bank(self, reference: str, *, last4: str, currency: str = "eur") -> None:
        it = self.objects[reference]
        it["external_accounts"]["data"] = []
        bank = self.put_bank(it, last4, currency)
        self.tell("account.external_account.updated", bank | {"account": reference}, account=reference)
        self.say(it)

    def put_bank(self, it: dict[str, Any], last4: str, currency: str) -> dict[str, Any]:
        self.banks += 1
        bank = {
            "id": f"ba_{self.banks:04}",
            "object": "bank_account",
            "last4": last4,
            "fingerprint": f"fp_{last4}_{currency}",
            "currency": currency,
            "default_for_currency": True,
        }
        it["external_accounts"]["data"].append(bank)
        return bank

    def restrict(self, reference: str, *due: str) -> None:
        """Stripe wants to know more before it pays again."""
        it = self.objects[reference]
        it["payouts_enabled"] = False
        it["requirements"] |= {"past_due": list(due), "disabled_reason": "requirements.past_due"}
        self.say(it)

    def reinstate(self, reference: str) -> None:
        it = self.objects[reference]
        it["payouts_enabled"] = True
        it["requirements"] |= {"past_due": [], "disabled_reason": None}
        self.say(it)

    def reject(self, reference: str) -> None:
        it = self.objects[reference]
        it["payouts_enabled"] = False
        it["requirements"]["disabled_reason"] = "rejected.fraud"
        self.say(it)

    def deauthorize(self, reference: str) -> None:
        """The account's owner ends the connection."""
        self.lost.add(reference)
        about = {"id": "ca_0001", "object": "application", "name": "Cleanly"}
        self.tell("account.application.deauthorized", about, account=reference)

    def say(self, it: dict[str, Any]) -> None:
        self.tell("account.updated", it, account=it["id"])

    def move_payout(self, reference: str, status: str, failure_code: str | None = None) -> None:
        """A bank's word on a payout: in_transit, paid, failed (also after it was paid), canceled."""
        it = self.objects[reference]
        if status in {"failed", "canceled"}:
            self.add(it["_of"], it["currency"], it["amount"])
        it |= {"status": status, "failure_code": failure_code}
        self.tell(f"payout.{'updated' if status == 'in_transit' else status}", it, account=it["_of"])

    # --- Stripe itself

    def account(self, body: dict[str, str]) -> dict[str, Any]:
        if body["country"] == "KP":
            raise refuse("country_unsupported")
        none = {"pending_verification": [], "errors": [], "alternatives": [], "current_deadline": None}
        it = self.put(
            "acct",
            "account",
            country=body["country"],
            email=body["email"],
            metadata=meta(body),
            default_currency="eur",
            charges_enabled=False,
            payouts_enabled=False,
            details_submitted=False,
            capabilities={"transfers": "inactive"},
            external_accounts={"object": "list", "data": [], "has_more": False, "url": "/v1"},
            requirements={
                **none,
                "currently_due": list(DUE),
                "eventually_due": list(DUE),
                "past_due": [],
                "disabled_reason": "requirements.past_due",
            },
        )
        self.say(it)
        return it

    def link(self, body: dict[str, str]) -> dict[str, Any]:
        self.reachable(body["account"])
        url = f"https://connect.stripe.com/setup/e/{body['account']}/{self.number()}"
        return {"object": "account_link", "created": self.now(), "expires_at": self.now() + 300, "url": url}

    def reachable(self, reference: str) -> dict[str, Any]:
        if reference in self.lost:
            raise refuse("account_invalid", 403)
        found = self.get(reference)
        if found["object"] != "account":
            raise refuse("resource_missing", 404)
        return found

    def add(self, account: str, currency: str, amount: int) -> None:
        self.on_accounts[account, currency] = self.on_accounts.get((account, currency), 0) + amount

    def transfer(self, body: dict[str, str]) -> dict[str, Any]:
        account, currency, amount = self.reachable(body["destination"]), body["currency"], int(body["amount"])
        if account["capabilities"]["transfers"] != "active":
            raise refuse("insufficient_capabilities_for_transfer")
        if amount > self.funds.get(currency, amount):
            raise refuse("balance_insufficient")
        if currency in self.funds:
            self.funds[currency] -= amount
        it = self.put(
            "tr",
            "transfer",
            amount=amount,
            amount_reversed=0,
            currency=currency,
            destination=account["id"],
            transfer_group=body["transfer_group"],
            metadata=meta(body),
            reversed=False,
        )
        self.add(account["id"], currency, amount)
        self.book("transfer", it["id"], -amount, currency)
        self.tell("transfer.created", it)
        return it

    def reverse(self, it: dict[str, Any], body: dict[str, str]) -> dict[str, Any]:
        left = it["amount"] - it["amount_reversed"]
        if not left:
            raise refuse("transfer_already_reversed")
        if self.on_accounts.get((it["destination"], it["currency"]), 0) < left:
            raise refuse("balance_insufficient")
        self.add(it["destination"], it["currency"], -left)
        it |= {"amount_reversed": it["amount"], "reversed": True}
        made = self.put(
            "trr", "transfer_reversal", amount=left, currency=it["currency"], transfer=it["id"], metadata=meta(body)
        )
        self.book("transfer_reversal", made["id"], left, it["currency"])
        self.tell("transfer.reversed", it)
        return made | {"transfer": it}

    def payout(self, body: dict[str, str], of: str) -> dict[str, Any]:
        account, currency, amount = self.reachable(of), body["currency"], int(body["amount"])
        if not account["payouts_enabled"]:
            raise refuse("payouts_not_allowed")
        banks = [bank["id"] for bank in account["external_accounts"]["data"] if bank["currency"] == currency]
        if not banks or body.get("destination", banks[0]) not in banks:
            raise refuse("resource_missing", 404)
        if self.on_accounts.get((of, currency), 0) < amount:
            raise refuse("balance_insufficient")
        self.add(of, currency, -amount)
        it = self.put(
            "po",
            "payout",
            amount=amount,
            currency=currency,
            destination=body.get("destination", banks[0]),
            description=body["description"],
            metadata=meta(body),
            status="pending",
            automatic=False,
            method="standard",
            arrival_date=self.now() + 2 * 86400,
            failure_code=None,
            reversed_by=None,
            _of=of,
        )
        self.tell("payout.created", it, account=of)
        return it

    def cancel_payout(self, it: dict[str, Any]) -> dict[str, Any]:
        if it["status"] != "pending":
            raise refuse("payout_cannot_be_canceled")
        self.move_payout(it["id"], "canceled")
        return it

    def with_source(self, line: dict[str, Any]) -> dict[str, Any]:
        """A line as it is shown with its source expanded: what a reversal reverses is told there alone."""
        source = self.objects.get(line["source"], {})
        return line | {"source": source} if source.get("object") == "transfer_reversal" else line

    def payout_of(self, reference: str, of: str) -> dict[str, Any]:
        found = self.get(reference)
        if found["object"] != "payout" or found["_of"] != of:
            raise refuse("resource_missing", 404)
        return found
