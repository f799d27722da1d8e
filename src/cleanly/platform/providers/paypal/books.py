"""PayPal's report of transactions and balances, in our words. Pure but for its cursor's arithmetic.

The report is up to three hours late and takes at most 31 days a call, so a cursor is a window and a page. Amounts are
signed as the account sees them, and a fee is negative where PayPal takes it. Sources: Transaction Search v1 (1.9) and
https://developer.paypal.com/docs/transaction-search/transaction-event-codes/.
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
    "T0001": "transfer",  # a payout to a seller
    "T0106": "dispute_fee",  # of a chargeback
    "T0114": "dispute_fee",
    "T0402": "transfer",  # into another wallet
    "T1101": "payout",  # a withdrawal came back
    "T1104": "payout",  # a deposit was taken back
    "T1105": "hold",  # the end of one
    "T1107": "refund",
    "T1108": "fee",  # given back
    "T1109": "fee",  # given back
    "T1110": "hold",  # while a dispute is looked into; it becomes a reversal if it is lost
    "T1111": "hold",  # the end of that
    "T1114": "transfer",  # a payout to a seller came back
    "T1115": "transfer",  # a payout to a seller was given back
}
# What a dispute takes or gives back: a reversal by PayPal, a chargeback and its steps. The sign says which.
_DISPUTES: Final = {"T1106", "T1201", "T1202", "T1205", "T1207", "T1208"}
_GROUPS: Final = {
    "T00": "charge",
    "T01": "fee",
    "T02": "conversion",
    "T03": "payout",  # a deposit from our bank
    "T04": "payout",
    "T11": "adjustment",
    "T12": "adjustment",
    # Holds and their ends are inside the account: what is withheld is still there.
    "T15": "hold",
    "T21": "hold",
}
_CAME_BACK: Final = {"T1114", "T1115"}
# Authorizations, and what is only shown.
_NO_MONEY: Final = {"T13", "T98"}
# Pending ones come again as completed; denied ones moved nothing. A reversed one did move, and so did its reversal.
_MOVED_NOTHING: Final = {"P", "D"}


@dataclass(frozen=True, slots=True)
class Window:
    """One call's part of the report. `waits`: since when the oldest line of the pages before is pending."""

    start: datetime
    end: datetime
    page: int = 1
    waits: datetime | None = None

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
        start, end, page, waits = cursor.split("|")
        return cls(at_instant(start), at_instant(end), int(page), at_instant(waits) if waits else None)

    @property
    def cursor(self) -> str:
        """As text."""
        waits = "" if self.waits is None else f"{self.waits.astimezone(UTC):{_TIME}}"
        return f"{self.start.astimezone(UTC):{_TIME}}|{self.end.astimezone(UTC):{_TIME}}|{self.page}|{waits}"

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

    def told_until(self, pages: int) -> datetime:
        """Up to when nothing is missing once this page was read: within a window the order is PayPal's own.

        A pending line comes again as completed, under the date that it has now.
        """
        told = self.start if self.page < pages else self.end
        return told if self.waits is None else min(told, self.waits)

    def reading(self, page: Json, *, now: datetime) -> "Window":
        """The window once this page of it was read. What is pending for longer than a window is not waited for."""
        begun = [at_instant(it["transaction_initiation_date"]) for it in _infos(page) if _is_pending(it)]
        waiting = [moment for moment in (*begun, self.waits) if moment is not None and moment > now - _WINDOW]
        return replace(self, waits=min(waiting, default=None))

    def following(self, pages: int, *, now: datetime) -> "Window | None":
        """What to ask for next; None: this was the end of it."""
        if self.page < pages:
            return replace(self, page=self.page + 1)
        if self.end - self.start >= _WINDOW and self.end < now:  # a shorter one ended at its own present
            return replace(Window.first(self.end, now=now), waits=self.waits)
        return None


def entries(it: Json) -> tuple[Entry, ...]:
    """A page of the report, oldest first. Its fees are negative where PayPal takes them."""
    found = [_entry(info) for info in _infos(it)]
    return tuple(sorted((entry for entry in found if entry is not None), key=lambda entry: entry.created_at))


def _infos(page: Json) -> list[Json]:
    return [detail["transaction_info"] for detail in page.get("transaction_details") or ()]


def _is_pending(it: Json) -> bool:
    return it["transaction_status"] == "P" and str(it["transaction_event_code"])[:3] not in _NO_MONEY


def _entry(it: Json) -> Entry | None:
    code = str(it["transaction_event_code"])
    if it["transaction_status"] in _MOVED_NOTHING or code[:3] in _NO_MONEY:
        return None
    gross = money(it["transaction_amount"])
    fee = -money(it["fee_amount"]) if it.get("fee_amount") else Money(0, gross.currency)
    created_at = at_instant(it["transaction_initiation_date"])
    meta = {"code": code, "status": str(it["transaction_status"])}
    for name in ("paypal_reference_id", "paypal_reference_id_type"):
        if it.get(name):
            meta[name] = str(it[name])
    return Entry(
        provider=NAME,
        # A conversion's two sides share their id.
        id=f"{it['transaction_id']}:{code}:{gross.currency}",
        kind=_kind(code, gross.amount),
        source=_source(code, it),
        gross=gross,
        fee=fee,
        net=gross - fee,
        created_at=created_at,
        available_on=created_at,  # holds are lines of their own
        meta=meta,
    )


def _source(code: str, it: Json) -> str:
    """What moved. What came back of a payout stands for that payout, where the line names it."""
    if code in _CAME_BACK and it.get("paypal_reference_id") and it.get("paypal_reference_id_type", "TXN") == "TXN":
        return str(it["paypal_reference_id"])
    return str(it["transaction_id"])


def _kind(code: str, gross: int) -> str:
    if code in _DISPUTES:
        return "dispute" if gross < 0 else "dispute_reversal"
    kind = _KINDS.get(code) or _GROUPS.get(code[:3], "other")
    # The codes of payments stand for payments that we made, too.
    return "other" if kind == "charge" and gross < 0 else kind


def disputed(entry: Entry) -> str | None:
    """The payment that a dispute's line names in place of its dispute; None for any other line."""
    kind_of_reference = entry.meta.get("paypal_reference_id_type", "TXN")
    if entry.kind not in {"dispute", "dispute_reversal"} or kind_of_reference != "TXN":
        return None
    return entry.meta.get("paypal_reference_id")


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
