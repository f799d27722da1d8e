"""A small application with every kind of keyed route, and what a test may arrange and look at."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx2
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.address import ClientAddress
from cleanly.kernel.context import Context
from cleanly.kernel.crypto import new_secret
from cleanly.kernel.db import Database
from cleanly.kernel.errors import AppError, InternalError, ValidationFailed
from cleanly.kernel.http import SCOPE_CLIENT, Ctx, Me, OnceOpener, Replayed, Route, Tx, envelope
from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import Caller, SessionGate, TokenMissing
from cleanly.kernel.wire import Wire
from cleanly.platform.idempotency.errors import Collided
from cleanly.platform.idempotency.http import Idempotency, KeyRequired, Once, on_collided, on_replayed, remembered
from cleanly.platform.idempotency.settings import IdempotencySettings
from tests.conftest import MovedClock

SECRET = b"first secret of the server, 32 bytes long"


class Order(Wire):
    """What a call asks for."""

    what: str


class Thing(Wire):
    """What a call answers."""

    what: str
    token: str
    size: str = ""


class Declined(AppError):
    """A refusal that must be remembered."""

    status = 402
    code = "PAYMENT_DECLINED"


async def _nothing() -> None:
    return


class World:
    """Hooks run inside the routes; `effects` counts what was committed."""

    def __init__(self, db: Database, clock: MovedClock) -> None:
        self.db = db
        self.clock = clock
        self.at_work: Callable[[], Awaitable[None]] = _nothing
        self.at_provider: Callable[[UUID], Awaitable[None]] = self._charged
        self.hashed = 0
        self.paid_status = 201
        self.charges: list[UUID] = []
        self.app = self._build([SECRET])
        self.client = self._connect(self.app)

    def with_secrets(self, *secrets: bytes) -> httpx2.AsyncClient:
        """The same service, started with other secrets."""
        return self._connect(self._build(list(secrets)))

    async def post(self, path: str, *, key: str | None = "k1", what: str = "tea", **headers: str) -> httpx2.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Idempotency-Key"] = key
        return await self.client.post(path, json={"what": what}, headers=sent)

    async def act(self, session: AsyncSession, what: str) -> None:
        await session.execute(
            text("INSERT INTO audit_events (id, at, action) VALUES (:id, :at, :what)"),
            {"id": new_id(), "at": self.clock.now(), "what": what},
        )

    async def effects(self) -> list[str]:
        async with self.db.begin() as session:
            return list((await session.execute(text("SELECT action FROM audit_events ORDER BY action"))).scalars())

    async def rows(self) -> list[Any]:
        async with self.db.begin() as session:
            return list((await session.execute(text("SELECT * FROM idempotency_keys"))).all())

    async def _charged(self, resource_id: UUID) -> None:
        self.charges.append(resource_id)

    def _connect(self, app: Any) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(_addressed(app), raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://service")

    def _build(self, secrets: list[bytes]) -> FastAPI:
        app = FastAPI()
        opener = Idempotency(self.db, self.clock, secrets, IdempotencySettings())
        app.state.context = Context(self.db, self.clock, {OnceOpener: opener, SessionGate: _Gate()})
        for router in (_one_transaction(self), _explicit(self), _flows(self)):
            app.include_router(router, prefix="/v1")
        app.add_exception_handler(Replayed, on_replayed)
        app.add_exception_handler(Collided, on_collided)
        app.add_exception_handler(AppError, _on_refusal)
        app.add_exception_handler(RequestValidationError, _on_invalid)
        app.add_exception_handler(Exception, _on_fault)
        return app


class _Gate:
    async def admit(self, authorization: str | None) -> Caller:
        if authorization is None:
            raise TokenMissing
        return Caller(user_id=UUID(int=int(authorization)), session_id=UUID(int=1))


def _addressed(app: Any) -> Any:
    async def addressed(scope: Any, receive: Any, send: Any) -> None:
        bucket = dict(scope["headers"]).get(b"x-address", b"192.0.2.1").decode()
        scope[SCOPE_CLIENT] = ClientAddress(text=bucket, bucket=bucket, is_https=True)
        await app(scope, receive, send)

    return addressed


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return await remembered(request, error, envelope(error))


async def _on_invalid(request: Request, _: Exception) -> Response:
    return await _on_refusal(request, ValidationFailed())


async def _on_fault(request: Request, _: Exception) -> Response:
    return await _on_refusal(request, InternalError())


def _one_transaction(world: World) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.post("/things", status_code=201)
    async def make(order: Order, tx: Tx, response: Response) -> Thing:
        await world.act(tx, order.what)
        await world.at_work()
        response.headers.update({"Location": "/things/1", "X-Other": "1", "Authorization": "Bearer x"})
        response.set_cookie("session", "cookie-secret")
        return Thing(what=order.what, token=new_secret())

    @router.put("/things/{name}")
    async def put(name: str, order: Order, tx: Tx) -> Thing:
        await world.act(tx, name.replace("\0", ""))
        await world.at_work()
        return Thing(what=order.what, token=new_secret())

    @router.post("/mine", status_code=201)
    async def mine(caller: Me, order: Order, tx: Tx) -> Thing:
        await world.act(tx, f"{order.what} of {caller.user_id.int}")
        await world.at_work()
        return Thing(what=order.what, token=new_secret())

    @router.post("/misordered")
    async def misordered(tx: Tx, _caller: Me) -> None:
        await world.act(tx, "misordered")

    @router.post("/large", status_code=201)
    async def large(order: Order, tx: Tx) -> Thing:
        await world.act(tx, "large")
        return Thing(what="large", token="t", size="x" * int(order.what))

    return router


def _explicit(world: World) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.post("/accounts", status_code=201)
    async def register(order: Order, once: Once, context: Ctx) -> Response:
        await once.look(context)
        world.hashed += 1
        async with context.db.begin() as session:
            await once.claim(session)
            await world.act(session, order.what)
            await world.at_work()
            wire = Thing(what=order.what, token=new_secret())
            return await once.answer(session, 201, wire, headers={"Cache-Control": "no-store"})

    @router.post("/departures")
    async def depart(order: Order, once: Once, context: Ctx) -> Response:
        async with context.db.begin() as session:
            await once.claim(session)
            await world.act(session, order.what)
            return await once.answer(session, 204)

    @router.post("/guesses")
    async def guess(order: Order, once: Once, context: Ctx) -> Response:
        async with context.db.begin() as session:
            await once.claim(session)
            await world.act(session, order.what)
            refusal = Declined("wrong guess")
            await once.refuse(session, refusal)
        raise refusal

    @router.post("/reports", status_code=201)
    async def report(order: Order, once: Once, context: Ctx) -> Response:
        async def render(_session: AsyncSession, resource_id: UUID) -> Thing:
            return Thing(what=str(resource_id), token="rendered", size="y" * 70_000)

        once.rendering(render)
        async with context.db.begin() as session:
            await once.claim(session)
            await world.act(session, order.what)
            wire = Thing(what=order.what, token="first", size="x" * 70_000)
            return await once.answer(session, 201, wire, headers={"ETag": '"1"'}, resource_id=UUID(int=7))

    @router.post("/unkeyed")
    async def unkeyed() -> None:
        await world.at_work()

    return router


def _flows(world: World) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.post("/payments", dependencies=[KeyRequired])
    async def pay(order: Order, once: Once, context: Ctx) -> Response:
        await once.look(context)
        await world.at_work()
        async with context.db.begin() as session:
            started = await once.start(session, new_id())
            await world.act(session, "resumed" if started.is_resumed else "begun")
        await world.at_provider(started.resource_id)
        async with context.db.begin() as session:
            await world.act(session, "captured")
            wire = Thing(what=order.what, token=str(started.resource_id))
            return await once.finish(session, world.paid_status, wire)

    @router.post("/declines")
    async def decline(once: Once, context: Ctx) -> Response:
        async with context.db.begin() as session:
            started = await once.start(session, new_id())
        await world.at_provider(started.resource_id)
        refusal = Declined(details={"declineCode": "no_funds"})
        async with context.db.begin() as session:
            await world.act(session, "declined")
            await once.refuse(session, refusal)
        raise refusal

    return router
