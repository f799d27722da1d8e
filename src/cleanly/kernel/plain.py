"""Hot reads: routes that FastAPI describes and does not run, and answers that need no more work."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

from fastapi import Request, Response

from cleanly.kernel.http import Route


class PlainRoute(Route):
    """A hot GET whose endpoint takes the request alone and returns the response. Its path ends in its one parameter.

    FastAPI solves no dependencies for it, which would cost more than the whole answer (bench/README.md), and
    `entry/direct.py` calls it without FastAPI. What it takes is told by `openapi_extra`.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint itself."""
        return cast("Callable[[Request], Coroutine[Any, Any, Response]]", self.endpoint)


class ReadyResponse(Response):
    """Bytes and headers that need no more work. `headers`: lower-case names; the length is added, but not to a 304."""

    def __init__(self, body: bytes, status: int, headers: list[tuple[bytes, bytes]]) -> None:  # pyright: ignore[reportMissingSuperCall] - it would encode what is encoded
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = headers if status == 304 else [*headers, (b"content-length", b"%d" % len(body))]
