"""One line per request: the route's template, never the path with its ids; no query, no body, no header."""

import re
from collections.abc import MutableMapping
from typing import Any, Protocol

from cleanly.kernel.address import ClientAddress
from cleanly.kernel.http import SCOPE_CALLER, SCOPE_REQUEST_ID
from cleanly.kernel.ids import text_of
from cleanly.kernel.observe import REQUEST_LINES
from cleanly.kernel.principal import Caller

# W3C Trace Context: version, trace id, parent id, flags.
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


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
        "duration_ms": round(seconds * 1000, 2),
        "client.address": call.client.text if call.client is not None else "unknown",
    }
    caller: Caller | None = scope.get(SCOPE_CALLER)
    if caller is not None:
        fields["user.id"] = text_of(caller.user_id)
    traceparent = call.headers.get(b"traceparent")
    if traceparent is not None and (found := _TRACEPARENT.fullmatch(traceparent)) is not None:
        fields["trace_id"] = found[1].decode()
    REQUEST_LINES.write(fields, is_fault=call.status >= 500 or call.status == 0)


def route_of(scope: Any) -> str:
    """The template that matched, or `unmatched`: a raw path may hold anything."""
    return str(getattr(scope.get("route"), "path_format", "unmatched"))
