"""One request while it runs: what was sent, read once, and what every answer to it carries."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from random import getrandbits
from typing import Any, NamedTuple

from cleanly.entry.cors import Header
from cleanly.entry.cycle import WHOLE
from cleanly.kernel.address import ClientAddress
from cleanly.kernel.errors import AppError
from cleanly.kernel.http import SCOPE_HEADERS, SCOPE_REQUEST_ID, envelope
from cleanly.platform.ratelimit import http as limits
from cleanly.platform.ratelimit import rules as limit_rules

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_ID_CHARACTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


class Call:
    """What is known of one request while it runs: the end of the chain of `send`."""

    __slots__ = (
        "added", "began", "client", "defaults", "headers", "headers_size", "is_probe", "method", "path", "scope",
        "send", "status",
    )  # fmt: skip

    def __init__(self, scope: Scope, send: Send, defaults: tuple[Header, ...]) -> None:
        self.began = time.perf_counter()
        self.scope: Scope = scope
        self.send, self.defaults = send, defaults
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.status = 0
        self.headers, self.headers_size = _read(scope["headers"])
        self.client: ClientAddress | None = None
        self.is_probe = False
        request_id = _request_id(self.headers.get(b"x-request-id"))
        scope[SCOPE_REQUEST_ID] = request_id.decode()
        scope[SCOPE_HEADERS] = self.headers
        self.added: list[Header] = [(b"x-request-id", request_id)]

    def as_get(self) -> None:
        """Let the application see GET: HEAD is the same answer without its body (RFC 9110 section 9.3.2)."""
        self.scope = {**self.scope, "method": "GET"}

    async def answer(self, message: Message) -> None:
        """Send on, with what every answer carries."""
        kind = message["type"]
        if kind != "http.response.body":
            self.status = message["status"]
            headers: list[Header] = list(message.get("headers", ()))
            missing = _missing(tuple([name for name, _ in headers]), self.defaults)
            headers += self.added
            standing = limits.standing_of(self.scope)
            if standing is not None:
                headers += limit_rules.raw_headers(standing)
            if kind == WHOLE:
                message["lines"] = missing.lines
            else:
                headers += missing.headers
            message["headers"] = headers
        if self.method == "HEAD" and kind != "http.response.start":
            message["body"] = b""
        await self.send(message)

    async def refuse(self, error: AppError) -> None:
        """Answer with the envelope."""
        response = envelope(error)
        await self.respond(response.status_code, response.raw_headers, bytes(response.body))

    async def respond(self, status: int, headers: list[Header] | tuple[Header, ...], body: bytes = b"") -> None:
        """Answer at once."""
        await self.answer({"type": "http.response.start", "status": status, "headers": headers})
        await self.answer({"type": "http.response.body", "body": body})


class _Missing(NamedTuple):
    """Headers, and the same as lines."""

    headers: tuple[Header, ...]
    lines: bytes


@lru_cache(maxsize=256)
def _missing(names: tuple[bytes, ...], defaults: tuple[Header, ...]) -> _Missing:
    """The defaults that an answer with these headers has not set itself."""
    found = tuple(item for item in defaults if item[0] not in names)
    return _Missing(found, b"".join(b"%b: %b\r\n" % item for item in found))


def _read(sent: list[Header]) -> tuple[dict[bytes, bytes], int]:
    """Headers by name, and how long they are together."""
    found: dict[bytes, bytes] = dict(sent)
    if len(found) == len(sent):
        return found, sum(map(len, found)) + sum(map(len, found.values()))
    # Of a repeated header all values count: a proxy's list may come in several lines.
    found = {}
    size = 0
    for name, value in sent:
        size += len(name) + len(value)
        found[name] = found[name] + b"," + value if name in found else value
    return found, size


def _request_id(sent: bytes | None) -> bytes:
    """The client's, if it is 8 to 128 harmless characters; else a new one."""
    if sent is not None and 8 <= len(sent) <= 128 and _ID_CHARACTERS.issuperset(sent):
        return sent
    return b"%032x" % getrandbits(128)  # a name for a line of the log: nobody must be unable to guess it
