"""Plain routes are answered without FastAPI; everything else goes on to it."""

from typing import Any, cast

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from cleanly.entry.direct import Direct
from cleanly.kernel.context import Context
from cleanly.kernel.http import context_of
from cleanly.kernel.plain import PlainRoute, ReadyResponse

CONTEXT = Context(cast("Any", None), cast("Any", None))  # handed on, never used


class Application:
    """FastAPI, and how often it was asked."""

    def __init__(self, path: str = "/things/{id}") -> None:
        async def read(request: Request) -> Response:
            is_direct = context_of(request) is CONTEXT
            return ReadyResponse(b"%d " % is_direct + request.path_params["id"].encode(), 200, [(b"etag", b"1")])

        router = APIRouter(route_class=PlainRoute)
        router.add_api_route(path, read, methods=["GET"])
        self.fastapi = FastAPI(openapi_url=None)
        self.fastapi.router.add_api_route(path, read, methods=["GET"], route_class_override=PlainRoute)
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await self.fastapi(scope, receive, send)


async def ask(app: Any, method: str, path: str) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://here") as client:
        return await client.request(method, path)


async def test_a_read_of_a_plain_route_never_meets_fastapi() -> None:
    app = Application()
    answer = await ask(Direct(app, CONTEXT, app.fastapi.routes), "GET", "/things/some%20one")
    assert (answer.status_code, answer.text) == (200, "1 some one")
    assert answer.headers["content-length"] == "10"
    assert app.asked == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/things/1", 405), ("GET", "/things/", 404), ("GET", "/things", 404), ("GET", "/things/1/parts", 404)],
)
async def test_all_else_is_fastapis(method: str, path: str, status: int) -> None:
    app = Application()
    answer = await ask(Direct(app, CONTEXT, app.fastapi.routes), method, path)
    assert answer.status_code == status
    assert app.asked == 1


@pytest.mark.parametrize("path", ["/things/{id}/parts", "/{kind}/{id}", "/things/no{id}"])
def test_a_plain_route_of_another_form_is_refused_at_the_start(path: str) -> None:
    with pytest.raises(ValueError, match="its only parameter at its end"):
        Direct(Application(), CONTEXT, Application(path).fastapi.routes)
