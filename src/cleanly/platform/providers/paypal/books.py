"""PayPal's report of transactions and balances, in our words. Pure but for its cursor's arithmetic.

The report is up to three hours late and takes at most 31 days a call, so a cursor is a window and a page. Sources:
Transaction Search v1 and https://developer.paypal.com/docs/transaction-search/transaction-event-codes/.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from cleanly.kernel.money import Money
from cleanly.platform.providers.paypal.snapshots import NAME, money
from cleanly.platform.providers.protocol import Balance, Entry
from cleanly.platform.providers.reading import Json, at_instant

_WINDOW: Final = timedelta(days=31)
_PAGE: Final = 500
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_KINDS: Final = {
    "T0001": "payout",  # mass payment
    "T1106": "dispute",  # reversal, begun by PayPal
    "T1107": "refund",
    "T1108": "fee",  # reversal of a fee
    "T1110": "dispute",  # hold while a dispute is looked into
    "T1111": "dispute_reversal",
    "T1201": "dispute",  # chargeback
    "T1202": "dispute_reversal",
}
_GROUPS: Final = {"T00": "charge", "T01": "fee", "T04": "payout", "T11": "adjustment", "T12": "adjustment"}
# Pending ones come again as completed; denied ones moved nothing. A reversed one did move, and so did its reversal.
_MOVED_NOTHING: Final = {"P", "D"}


@dataclass(frozen=True, slots=True)
class Window:
    """One call's part of the report."""

    start: datetime
    end: datetime
    page: int = 1

    @classmethod
    def first(cls, since: datetime, *, now: datetime) -> Self:
        """From `since` on."""
        return cls(since, min(since + _WINDOW, now))

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Undo `cursor`.

        Raises:
            ValueError: not a cursor of ours.
        """
        start, end, page = cursor.split("|")
        return cls(at_instant(start), at_instant(end), int(page))

    @property
    def cursor(self) -> str:
        """As text."""
        return f"{self.start.astimezone(UTC):{_TIME}}|{self.end.astimezone(UTC):{_TIME}}|{self.page}"

    @property
    def query(self) -> dict[str, str]:
        """What to ask for."""
        return {
            "start_date": f"{self.start.astimezone(UTC):{_TIME}}",
            "end_date": f"{self.end.astimezone(UTC):{_TIME}}",
            "fields": "transaction_info",
            "page_size": str(_PAGE),
            "page": str(self.page),
        }

    def following(self, pages: int, *, now: datetime) -> "Window | None":
        """What to ask for next; None: this was the end of it."""
        if self.page < pages:
            return replace(self, page=self.page + 1)
        if self.end - self.start >= _WINDOW and self.end < now:  # a shorter one ended at its own present
            return Window.first(self.end, now=now)
        return None


def entries(it: Json) -> tuple[Entry, ...]:
    """A page of the report, oldest first. Its fees are negative where PayPal takes them."""
    found = [_entry(detail["transaction_info"]) for detail in it.get("transaction_details") or ()]
    return tuple(sorted((entry for entry in found if entry is not None), key=lambda entry: entry.created_at))


def _entry(it: Json) -> Entry | None:
    code = it["transaction_event_code"]
    if it["transaction_status"] in _MOVED_NOTHING:
        return None
    gross = money(it["transaction_amount"])
    fee = -money(it["fee_amount"]) if it.get("fee_amount") else Money(0, gross.currency)
    kind = _KINDS.get(code) or _GROUPS.get(code[:3], "other")
    if kind == "charge" and gross.amount < 0:
        kind = "other"  # the same codes stand for payments that we made
    created_at = at_instant(it["transaction_initiation_date"])
    reference = it.get("paypal_reference_id")
    meta = {"code": str(code), "status": str(it["transaction_status"])}
    if reference:
        meta["paypal_reference_id"] = str(reference)
    return Entry(
        provider=NAME,
        # A conversion's two sides share their id.
        id=f"{it['transaction_id']}:{code}:{gross.currency}",
        kind=kind,
        source=str(reference) if reference and kind in {"dispute", "dispute_reversal"} else str(it["transaction_id"]),
        gross=gross,
        fee=fee,
        net=gross - fee,
        created_at=created_at,
        available_on=created_at,  # holds are lines of their own
        meta=meta,
    )


def balance(it: Json) -> Balance:
    """The balances of the account."""
    available: dict[str, int] = {}
    pending: dict[str, int] = {}
    for part in it["balances"]:
        total = money(part["total_balance"])
        withheld = money(part["withheld_balance"]) if part.get("withheld_balance") else Money(0, total.currency)
        open_ = money(part["available_balance"]) if part.get("available_balance") else total - withheld
        available[total.currency] = open_.amount
        pending[total.currency] = withheld.amount
    return Balance(available=available, pending=pending)
