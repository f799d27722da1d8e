"""How calls to payment providers go."""

from cleanly.kernel.observe import METER

CALLS = METER.create_counter(
    "provider_calls",
    unit="{call}",
    description="Calls to payment providers by provider, operation and outcome: ok, refused, unknown, underway, "
    "not_sent, timeout, short_circuited (not tried: the provider was failing), fault (ours), cancelled",
)
SECONDS = METER.create_histogram(
    "provider_call_seconds", unit="s", description="How long they took, by provider, operation and outcome"
)
BREAKERS = METER.create_up_down_counter(
    "provider_breakers_open", unit="{breaker}", description="Providers that are not asked because they keep failing"
)
