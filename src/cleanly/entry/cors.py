"""CORS by setting (Fetch standard, section 3.3): which web pages may read our answers. No cookie, no credentials."""

from collections.abc import Mapping, Sequence

from cleanly.kernel.errors import AppError, Forbidden

Header = tuple[bytes, bytes]
_VARY = (b"vary", b"Origin")
_EXPOSED = (
    b"access-control-expose-headers",
    b"ETag, Idempotency-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID",
)
_PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Device-Name, X-Request-ID",
    ),
    (b"access-control-max-age", b"600"),
)


class Cors:
    """The origins that may call from a browser; `*` is any."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._any = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """What every answer says to this origin, refusals too: a page that can't read them can't obey them."""
        if self._any:
            return ((b"access-control-allow-origin", b"*"), _EXPOSED)
        if origin is not None and origin in self._origins:
            return ((b"access-control-allow-origin", origin), _EXPOSED, _VARY)
        return (_VARY,)

    def preflight(self, method: str, headers: Mapping[bytes, bytes]) -> tuple[Header, ...] | AppError | None:
        """The answer's headers if the browser asks whether it may call; None if it is a call."""
        if method != "OPTIONS" or b"origin" not in headers or b"access-control-request-method" not in headers:
            return None
        if not self._any and headers[b"origin"] not in self._origins:
            return Forbidden("This origin may not call")
        return _PREFLIGHT
