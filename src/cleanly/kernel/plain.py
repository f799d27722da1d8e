"""Hot routes: described by FastAPI, run without it; and answers that need no more work."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from fastapi import Request, Response
from pydantic import ValidationError

from cleanly.kernel import wire
from cleanly.kernel.http import Route, require_json
from cleanly.kernel.wire import Wire

Model = TypeVar("Model", bound=Wire)
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class PlainRoute(Route):
    """A hot route whose endpoint takes the request alone and returns the response.

    FastAPI solves no dependencies for it, which would cost more than the whole answer (bench/README.md), and
    `entry/direct.py` calls it without FastAPI, unless it comes with an idempotency key. Its path has no parameter, or
    one at its end. What it takes is told by `openapi_extra`; `body_of` tells the body.
    """

    def inner_handler(self) -> Endpoint:
        """The endpoint itself."""
        return cast("Endpoint", self.endpoint)


class ReadyResponse(Response):
    """Bytes and headers that need no more work. `headers`: lower-case names; the length is added, but not to a 304."""

    def __init__(self, body: bytes, status: int, headers: list[tuple[bytes, bytes]]) -> None:  # pyright: ignore[reportMissingSuperCall] - it would encode what is encoded
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = headers if status == 304 else [*headers, (b"content-length", b"%d" % len(body))]


def json_response(body: bytes) -> ReadyResponse:
    """A 200 with a serialised body that no cache may keep."""
    return ReadyResponse(body, 200, [(b"content-type", b"application/json")])


async def read_body(request: Request, model: type[Model]) -> Model:
    """Read a plain route's JSON body as strictly as any other route's.

    Raises:
        UnsupportedMediaType, MalformedRequest, ValidationFailed: as there.
    """
    raw = await request.body()
    if not raw:
        raise wire.invalid([{"type": "missing", "loc": ("body",)}])
    require_json(request)
    try:
        return model.model_validate(wire.parse_json(raw))
    except ValidationError as error:
        raise wire.invalid([{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]) from None


def body_of(model: type[Wire]) -> dict[str, Any]:
    """The `requestBody` of a plain route's `openapi_extra`."""
    return {"content": {"application/json": {"schema": model.model_json_schema()}}, "required": True}
