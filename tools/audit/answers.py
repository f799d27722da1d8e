"""What every answer must carry and must not: asked of a service from outside, as production runs it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

HSTS_SECONDS_MIN = 31_536_000
LOGINS_MAX = 40
TRIES_MAX = 5
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
_TELLTALE = ("Traceback", 'File "', "psycopg", "sqlalchemy", "SELECT ", "/site-packages/", "asyncio")
_TALKATIVE = ("server", "x-powered-by")
CLOSED = (
    "/docs", "/redoc", "/openapi.json", "/api/v1/openapi.json", "/metrics", "/dev/mail", "/dev/ledger", "/app/x",
)  # fmt: skip
_NOBODY = {"email": "nobody@example.com", "password": "not the password of anybody"}


@dataclass
class Visitor:
    """A stranger with a client; remembers every answer."""

    client: httpx2.Client
    headers: dict[str, str] = field(default_factory=dict[str, str])
    seen: list[tuple[str, httpx2.Response]] = field(default_factory=list[tuple[str, httpx2.Response]])

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **sent: Any) -> httpx2.Response:
        """Call, on a connection of its own. Whoever refuses a body unread may reset it before the answer is read.

        Raises:
            httpx2.TransportError: no answer.
        """
        told = self.headers | (headers or {}) | {"Connection": "close"}
        for _ in range(TRIES_MAX - 1):
            try:
                reply = self.client.request(method, path, headers=told, **sent)
                break
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
                continue
        else:
            reply = self.client.request(method, path, headers=told, **sent)
        self.seen.append((f"{method} {path}", reply))
        return reply


def faults(visitor: Visitor, *, is_edge: bool = False) -> list[str]:
    """What is wrong with the answers of a service in production.

    `is_edge`: something stands before it that may add headers of its own and answers some calls itself.
    """
    found = [*_refusals(visitor), *_closed(visitor), *_foreign_page(visitor), *_limited(visitor)]
    for name, reply in visitor.seen:
        found += [f"{name}: {fault}" for fault in _common(reply, is_edge=is_edge)]
    return list(dict.fromkeys(found))


def _common(reply: httpx2.Response, *, is_edge: bool) -> Iterator[str]:
    for name, wanted in _HEADERS.items():
        if reply.headers.get(name, "").lower() != wanted.lower():
            yield f"{name} is {reply.headers.get(name)!r}, not {wanted}"
    if not _lasts(reply.headers.get("strict-transport-security", "")):
        yield "strict-transport-security is missing or short"
    if "default-src 'none'" not in reply.headers.get("content-security-policy", ""):
        yield "content-security-policy lets something in"
    if not reply.headers.get("cache-control") or not reply.headers.get("x-request-id"):
        yield "cache-control or x-request-id is missing"
    if "set-cookie" in reply.headers and not is_edge:
        yield "it sets a cookie"
    if not is_edge and (talking := [name for name in _TALKATIVE if name in reply.headers]):
        yield f"it tells of itself by {', '.join(talking)}"
    if told := [word for word in _TELLTALE if word in reply.text]:
        yield f"its body tells of the inside: {', '.join(told)}"


def _lasts(text: str) -> bool:
    seconds = text.partition("max-age=")[2].partition(";")[0].strip()
    return seconds.isdigit() and int(seconds) >= HSTS_SECONDS_MIN


def _refusals(visitor: Visitor) -> Iterator[str]:
    """Errors have the one envelope, whoever makes them."""
    login, kind = "/api/v1/auth/login", {"Content-Type": "application/json"}
    calls: tuple[tuple[Callable[[], httpx2.Response], int, str], ...] = (
        (lambda: visitor.ask("GET", "/api/v1/users/me"), 401, "TOKEN_MISSING"),
        (lambda: visitor.ask("GET", "/api/v1/users/me", {"Authorization": "Bearer e30.e30.e30"}), 401, "TOKEN_INVALID"),
        (lambda: visitor.ask("GET", "/api/v1/nothing"), 404, "NOT_FOUND"),
        (lambda: visitor.ask("DELETE", "/api/v1/health"), 405, "METHOD_NOT_ALLOWED"),
        (lambda: visitor.ask("POST", login, kind, content=b"{"), 400, "MALFORMED_REQUEST"),
        (lambda: visitor.ask("POST", login, kind, content=b"[" * 33 + b"]" * 33), 400, "MALFORMED_REQUEST"),
        (lambda: visitor.ask("POST", login, kind, content=b'"' + b"x" * 2**20 + b'"'), 413, "PAYLOAD_TOO_LARGE"),
        (
            lambda: visitor.ask("POST", login, {"Content-Type": "text/plain"}, content=b"{}"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
    )
    for call, status, code in calls:
        reply = call()
        if reply.status_code != status or _code(reply) != code:
            yield f"{visitor.seen[-1][0]} answers {reply.status_code} {_code(reply)}, not {status} {code}"
    if visitor.seen and visitor.seen[0][1].headers.get("cache-control") != "no-store":
        yield "a private answer may be kept: no `cache-control: no-store`"


def _closed(visitor: Visitor) -> Iterator[str]:
    for path in CLOSED:
        reply = visitor.ask("GET", path)
        if reply.status_code != 404:
            yield f"{path} answers {reply.status_code}: it should not be there"


def _foreign_page(visitor: Visitor) -> Iterator[str]:
    reply = visitor.ask("GET", "/api/v1/errors", {"Origin": "https://evil.example"})
    if reply.headers.get("access-control-allow-origin") is not None:
        yield "a page of any origin may read the answers"
    if reply.headers.get("access-control-allow-credentials") is not None:
        yield "pages may send credentials"


def _limited(visitor: Visitor) -> Iterator[str]:
    """Guessing meets a 429 that says how long to wait."""
    for _ in range(LOGINS_MAX):
        reply = visitor.ask("POST", "/api/v1/auth/login", json=_NOBODY)
        if reply.status_code == 429:
            if not reply.headers.get("retry-after", "").isdigit() or not reply.headers.get("ratelimit"):
                yield "a 429 does not say how long to wait"
            return
    yield f"{LOGINS_MAX} logins in a row meet no limit"


def _code(reply: httpx2.Response) -> str:
    try:
        error = reply.json()["error"]
        return str(error["code"]) if set(error) == {"code", "message", "details"} else "another shape"
    except (ValueError, KeyError, TypeError):
        return "no envelope"
