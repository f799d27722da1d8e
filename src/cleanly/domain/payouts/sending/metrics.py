"""Counters and gauges of payouts."""

from cleanly.kernel.observe import METER, from_zero

PAYOUTS = from_zero(
    METER.create_counter("payouts", description="Payouts by provider and outcome"),
    *(
        {"provider": provider, "outcome": outcome}
        for provider in ("stripe", "paypal", "sandbox")
        for outcome in ("failed", "returned", "transfer_refused", "payout_refused", "reverse_transfer_refused")
    ),
)
MISMATCHES = METER.create_counter("payout_mismatches", description="Looks at payouts whose money is not ours")
_oldest = METER.create_gauge(
    "payouts_open_oldest_seconds", unit="s", description="For how long the oldest open payout has been with a provider"
)
_open = METER.create_gauge("payouts_open", description="Payouts that are not over, by state")
_stopped = METER.create_gauge("payouts_stopped", description="1 while no payout is sent, until a person resumes them")


def measured(by_state: dict[str, int], *, oldest_seconds: float, is_stopped: bool) -> None:
    """How payouts stand now."""
    for state, count in by_state.items():
        _open.set(count, {"state": state})
    _oldest.set(oldest_seconds)
    _stopped.set(int(is_stopped))
