"""The limit in front of a route, over HTTP."""

from collections.abc import Callable

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from httpx2 import ASGITransport, AsyncClient

from cleanly.kernel.address import AddressRules
from cleanly.kernel.context import Context
from cleanly.kernel.errors import RateLimited
from cleanly.kernel.http import SCOPE_CLIENT, envelope
from cleanly.platform.ratelimit.http import SCOPE_STANDING, limited, note, standing_of
from cleanly.platform.ratelimit.rules import Standing, raw_headers
from cleanly.platform.ratelimit.service import Limiter


class Shell:
    """The web process in small: finds the client, counts the call, writes the headers of what binds first."""

    def __init__(self, app: FastAPI, limiter: Limiter) -> None:
        self.app, self.limiter = app, limiter

    async def __call__(self, scope, receive, send) -> None:
        client = AddressRules((), ()).resolve(scope["client"][0], "http", {})
        scope[SCOPE_CLIENT] = client
        note(scope, await self.limiter.hit("default", client.bucket))

        async def with_headers(message) -> None:
            found = standing_of(scope)
            if message["type"] == "http.response.start" and found is not None:
                message["headers"].extend(raw_headers(found))
            await send(message)

        await self.app(scope, receive, with_headers)


@pytest.fixture
def served(open_limiter, clock):
    def make(**settings: str) -> tuple[Callable[[str], AsyncClient], list[str]]:
        limiter, done = open_limiter(**settings), []
        router = APIRouter()

        @router.post("/login", dependencies=[Depends(limited("auth"))])
        async def login(request: Request) -> None:
            done.append(request.url.path)

        @router.get("/free")
        async def free() -> None:
            done.append("free")

        app = FastAPI()
        app.include_router(router)
        app.state.context = Context(db=None, clock=clock, parts={Limiter: limiter})

        @app.exception_handler(RateLimited)
        async def refused(_request: Request, error: RateLimited) -> Response:
            return envelope(error)

        shell = Shell(app, limiter)

        def client(address: str) -> AsyncClient:
            return AsyncClient(transport=ASGITransport(shell, client=(address, 1)), base_url="http://t")

        return client, done

    return make


async def test_a_refused_call_never_reaches_the_route_and_tells_when_to_come_back(served, clock):
    client, done = served(rate_limit_auth="2/minute")
    async with client("198.51.100.4") as phone:
        for _ in range(2):
            assert (await phone.post("/login")).status_code == 200
        answer = await phone.post("/login")
        assert answer.status_code == 429
        assert answer.json()["error"]["code"] == "RATE_LIMITED"
        assert answer.headers["retry-after"] == "60"
        assert answer.headers["ratelimit"] == '"auth";r=0;t=60'
        assert len(done) == 2
        clock.move(seconds=int(answer.headers["retry-after"]))
        assert (await phone.post("/login")).status_code == 200


async def test_the_headers_tell_of_the_limit_that_binds_first(served):
    client, _ = served(rate_limit_auth="5/minute", rate_limit_default="3/minute")
    async with client("198.51.100.4") as phone:
        assert (await phone.get("/free")).headers["ratelimit-policy"] == '"default";q=3;w=60'
        assert (await phone.post("/login")).headers["ratelimit"] == '"default";r=1;t=60'
    client, _ = served(rate_limit_auth="2/minute", rate_limit_default="30/minute")
    async with client("198.51.100.4") as phone:
        assert (await phone.post("/login")).headers["ratelimit"] == '"auth";r=1;t=60'


async def test_one_ipv6_household_shares_a_limit_and_the_next_has_its_own(served):
    client, _ = served(rate_limit_auth="1/minute")
    async with client("2001:db8::1") as one, client("2001:db8::2") as same, client("2001:db8:0:1::1") as other:
        assert (await one.post("/login")).status_code == 200
        assert (await same.post("/login")).status_code == 429
        assert (await other.post("/login")).status_code == 200


def test_a_refusal_is_noted_before_a_narrower_limit_that_passed():
    def at(policy: str, remaining: int, *, allowed: bool) -> Standing:
        return Standing(policy, 10, remaining, 1, 60, allowed)

    for order in ((0, 1), (1, 0)):
        both = (at("a", 0, allowed=False), at("b", 0, allowed=True))
        scope: dict[str, object] = {}
        for index in order:
            note(scope, both[index])
        assert scope[SCOPE_STANDING] == both[0]
