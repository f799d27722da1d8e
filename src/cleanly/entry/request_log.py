"""One line per request: the route's template, never the path with its ids; no query, no body, no header."""

import time
from typing import TYPE_CHECKING, Any

import structlog

from cleanly.kernel.address import ClientAddress
from cleanly.kernel.http import SCOPE_CALLER, SCOPE_REQUEST_ID

if TYPE_CHECKING:
    from cleanly.entry.shell import Call

_log = structlog.get_logger("cleanly.request")


def write(call: "Call", client: ClientAddress) -> None:
    """Log a finished request; a fault of ours as an error."""
    scope = call.scope
    fields: dict[str, Any] = {
        "request_id": scope[SCOPE_REQUEST_ID],
        "http.request.method": call.method,
        "http.route": route_of(scope),
        "http.response.status_code": call.status,
        "duration_ms": round((time.perf_counter() - call.began) * 1000, 2),
        "client.address": client.text,
    }
    caller = scope.get(SCOPE_CALLER)
    if caller is not None:
        fields["user.id"] = str(caller.user_id)
    if call.status >= 500 or call.status == 0:  # noqa: PLR2004 - 0: the connection was lost before an answer
        _log.error("request", **fields)
    else:
        _log.info("request", **fields)


def route_of(scope: Any) -> str:
    """The template that matched, or `unmatched`: a raw path may hold anything."""
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", None) or "unmatched")
