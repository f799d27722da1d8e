"""How calls to payment providers go."""

from cleanly.kernel.observe import METER

_calls = METER.create_counter(
    "provider_calls",
    unit="{call}",
    description="Calls to payment providers by provider, operation and outcome: ok, refused, unknown, underway, "
    "not_sent, timeout, short_circuited (not tried: the provider was failing), fault (ours), cancelled",
)
_seconds = METER.create_histogram(
    "provider_call_seconds", unit="s", description="How long they took, by provider, operation and outcome"
)
BREAKERS = METER.create_up_down_counter(
    "provider_breakers_open", unit="{breaker}", description="Providers that are not asked because they keep failing"
)
# An alert reads these: they are there as 0 once an operation is used, for a series born with a fault shows no increase.
_FAILING = ("unknown", "timeout", "not_sent", "short_circuited")
_used: set[tuple[str, str]] = set()


def ended(provider: str, operation: str, outcome: str, seconds: float) -> None:
    """One call is over."""
    told = {"provider": provider, "operation": operation}
    if (provider, operation) not in _used:
        _used.add((provider, operation))
        for failing in _FAILING:
            _calls.add(0, {**told, "outcome": failing})
    told["outcome"] = outcome
    _calls.add(1, told)
    _seconds.record(seconds, told)
