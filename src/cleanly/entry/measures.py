"""What is counted of each request: how long, by the route's template; how many run; how many ended in a fault of ours.

The cost of a profile read is measured (bench/README.md): one look-up and a few additions, no instrument of the SDK.
"""

from collections.abc import Iterable

from opentelemetry.metrics import CallbackOptions, Observation

from cleanly.kernel.observe import METER
from cleanly.kernel.tally import Tally

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAULT = 500  # also of an answer that never came: whoever asked saw a broken connection

REQUESTS = Tally(
    "http_server_request_duration_seconds",
    "Requests from the first line to the last byte, by method, route's template and status",
    ("http_request_method", "http_route", "http_response_status_code"),
)


class Standing:
    """Plain numbers of this process's requests."""

    __slots__ = ("active", "past_the_edge")

    def __init__(self) -> None:
        self.active = 0
        self.past_the_edge = 0


STANDING = Standing()


def ended(method: str, route: str, status: int, seconds: float) -> None:
    """One request is over. Status 0: no answer was sent."""
    REQUESTS.record((method if method in _METHODS else "_OTHER", route, status or _FAULT), seconds)


def _errors(_options: CallbackOptions) -> Iterable[Observation]:
    faults = [series for (_, _, status), series in list(REQUESTS.series.items()) if _is_fault(status)]
    yield Observation(int(sum(sum(series[:-1]) for series in faults)))


def _is_fault(status: str | int) -> bool:
    return isinstance(status, int) and status >= _FAULT


def _active(_options: CallbackOptions) -> Iterable[Observation]:
    yield Observation(STANDING.active)


def _past_the_edge(_options: CallbackOptions) -> Iterable[Observation]:
    yield Observation(STANDING.past_the_edge)


METER.create_observable_counter("http_server_errors", [_errors], description="Requests that a fault of ours ended")
METER.create_observable_gauge("http_server_active_requests", [_active], description="Requests that run now")
METER.create_observable_counter(
    "edge_secret_rejected", [_past_the_edge], description="Requests without the edge's secret, where there is one"
)
