"""One line per request: the route's template, not the path with its ids; of the headers only the edge's ray."""

import re
from collections.abc import MutableMapping
from typing import Any, Protocol

from opentelemetry.trace import Span

from cleanly.kernel import tracing
from cleanly.kernel.address import ClientAddress
from cleanly.kernel.http import SCOPE_CALLER, SCOPE_REQUEST_ID
from cleanly.kernel.ids import text_of
from cleanly.kernel.observe import REQUEST_LINES
from cleanly.kernel.principal import Caller

# The edge's own name for a request. Whoever comes past the edge may send what he likes.
_RAY = re.compile(rb"[0-9a-f]{16}(?:-[A-Z]{3})?")


class Finished(Protocol):
    """What the shell knows of a request when it is over. `status` 0: the connection was lost before an answer."""

    scope: MutableMapping[str, Any]
    headers: dict[bytes, bytes]
    client: ClientAddress | None
    method: str
    status: int


def write(call: Finished, route: str, seconds: float) -> None:
    """Log a finished request; a fault of ours as an error."""
    scope = call.scope
    fields: dict[str, Any] = {
        "request_id": scope[SCOPE_REQUEST_ID],
        "http.request.method": call.method,
        "http.route": route,
        "http.response.status_code": call.status,
        "duration_ms": int(seconds * 100_000) / 100,
        "client.address": call.client.text if call.client is not None else "unknown",
    }
    ray = call.headers.get(b"cf-ray", b"")
    if call.client is not None and call.client.via_edge and _RAY.fullmatch(ray):
        fields["cf_ray"] = ray.decode()
    caller: Caller | None = scope.get(SCOPE_CALLER)
    if caller is not None:
        fields["user.id"] = text_of(caller.user_id)
    if (tracing.TRACES.on or b"traceparent" in call.headers) and (ids := tracing.current_ids()) is not None:
        fields["trace_id"], fields["span_id"] = ids
    REQUEST_LINES.write(fields, is_fault=call.status >= 500 or call.status == 0)


def trace(call: Finished, span: Span) -> None:
    """Name a finished request's span: its route's template is known only at the end."""
    route = route_of(call.scope)
    span.update_name(f"{call.method} {route}")
    span.set_attribute("http.request.method", call.method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", call.status)
    if call.status >= 500:
        tracing.failed(span, str(call.status))


def route_of(scope: Any) -> str:
    """The template that matched, or `unmatched`: a raw path may hold anything."""
    return str(getattr(scope.get("route"), "path_format", "unmatched"))
