"""Stripe's accounts, transfers and payouts in our words. Pure. Source: https://docs.stripe.com/api/accounts/object."""

from collections.abc import Sequence
from typing import Final, cast

from cleanly.platform.providers.protocol_sellers import (
    AccountSnapshot,
    AccountState,
    Destination,
    PayoutSnapshot,
    PayoutState,
    TransferSnapshot,
)
from cleanly.platform.providers.reading import Json, at_second, our_id, within
from cleanly.platform.providers.stripe.snapshots import NAME, OUR_ID, identity, money

_PAYOUT: Final[dict[str, PayoutState]] = {
    "pending": "pending",
    "in_transit": "in_transit",
    "paid": "paid",
    "failed": "failed",
    "canceled": "canceled",
}
_WORDS_MAX: Final = 50


def account(it: Json) -> AccountSnapshot:
    """An Account. It can be paid if it may be sent transfers and may pay out."""
    takes_transfers = within(it, "capabilities", "transfers") == "active"
    payouts_enabled = bool(it["payouts_enabled"]) and takes_transfers
    return AccountSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        our_id=our_id(within(it, "metadata", OUR_ID)),
        state=_state(it, payouts_enabled=payouts_enabled),
        charges_enabled=bool(it["charges_enabled"]),
        payouts_enabled=payouts_enabled,
        requirements=_due(it),
        disabled_reason=within(it, "requirements", "disabled_reason"),
        destination=_destination(_outside(it), str(it.get("default_currency") or "")),
        country=it.get("country"),
    )


def closed(reference: str) -> AccountSnapshot:
    """An account that is gone, or that has taken our access away."""
    return AccountSnapshot(
        provider=NAME,
        reference=reference,
        our_id=None,
        state="closed",
        charges_enabled=False,
        payouts_enabled=False,
        disabled_reason="access_lost",
    )


def transfer(it: Json) -> TransferSnapshot:
    """A Transfer, as much of it as came back."""
    found = money(it["amount"], it["currency"])
    return TransferSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        our_id=our_id(within(it, "metadata", OUR_ID)),
        account=identity(it["destination"]) or "",
        money=found,
        reversed_amount=money(it["amount_reversed"], it["currency"]).amount,
    )


def payout(it: Json, *, of: str) -> PayoutSnapshot:
    """A Payout of that account. One that is paid may fail all the same, days later; one that was reversed came back."""
    state = _PAYOUT[it["status"]]
    came_back = it.get("reversed_by") is not None
    arrival = it.get("arrival_date")
    return PayoutSnapshot(
        provider=NAME,
        reference=str(it["id"]),
        our_id=our_id(within(it, "metadata", OUR_ID)),
        account=of,
        state="returned" if came_back and state == "paid" else state,
        money=money(it["amount"], it["currency"]),
        failure_code=str(it.get("failure_code") or "unknown") if state == "failed" else None,
        arrives_at=None if arrival is None else at_second(arrival),
    )


def outside_account(it: Json, pinned: str, currency: str) -> str | None:
    """Which of the account's banks and cards a payout in this currency goes to; None: not where it was pinned to."""
    outside = _outside(it)
    found = _destination(outside, str(it.get("default_currency") or ""))
    if found is None or found.fingerprint != pinned:
        return None
    fitting = [one for one in outside if str(one.get("currency") or "").upper() == currency]
    chosen = sorted(fitting, key=lambda one: not one.get("default_for_currency"))
    return str(chosen[0]["id"]) if chosen else None


def _outside(it: Json) -> Sequence[Json]:
    return cast("Sequence[Json]", within(it, "external_accounts", "data") or ())


def _destination(outside: Sequence[Json], default_currency: str) -> Destination | None:
    """All of them stand for one: a payout may go to any, so another one among them is another destination."""
    if not outside:
        return None
    named = sorted({str(one.get("fingerprint") or one["id"]) for one in outside})
    first = min(outside, key=lambda one: (one.get("currency") != default_currency, not one.get("default_for_currency")))
    return Destination(last4=str(first["last4"]), fingerprint="+".join(named))


def _state(it: Json, *, payouts_enabled: bool) -> AccountState:
    reason = str(within(it, "requirements", "disabled_reason") or "")
    if reason.startswith("rejected."):
        return "closed"
    if payouts_enabled:
        return "active"
    # Submitted, and Stripe is looking at it: there is nothing for the seller to do.
    return "restricted" if it["details_submitted"] and _due(it) else "pending"


def _due(it: Json) -> tuple[str, ...]:
    named = [
        str(word)
        for kind in ("past_due", "currently_due")
        for word in cast("Sequence[object]", within(it, "requirements", kind) or ())
    ]
    return tuple(sorted(dict.fromkeys(named)))[:_WORDS_MAX]
