"""FastAPI glue shared by every router: context, caller, one transaction per request, strict bodies, errors."""

import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Annotated, Any, Protocol, cast
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel import errors, paging, wire
from cleanly.kernel.address import ClientAddress
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError, UnsupportedMediaType
from cleanly.kernel.principal import SIGNED_IN, Caller, Origin, SessionGate
from cleanly.kernel.recency import ACTING, Acting
from cleanly.kernel.wire import Wire

# Keys of the ASGI scope by which the layers of one request know each other.
SCOPE_CLIENT = "cleanly.client"
SCOPE_CALLER = "cleanly.caller"
SCOPE_SESSION = "cleanly.session"
SCOPE_ONCE = "cleanly.once"
SCOPE_REQUEST_ID = "cleanly.request_id"
SCOPE_CONTEXT = "cleanly.context"
SCOPE_HEADERS = "cleanly.headers"
SCOPE_DEADLINE = "cleanly.deadline"


class OnceHandle(Protocol):
    """One request's idempotency key, as the transaction and the route see it (implemented in platform)."""

    async def claim(self, session: AsyncSession) -> None:
        """First statement of the transaction: lock the key, or raise `Replayed` or a refusal."""
        ...

    async def record(self, session: AsyncSession, response: Response) -> None:
        """Last statement before the commit: store the answer."""
        ...

    async def remember(self, refusal: AppError, response: Response) -> Response:
        """After a rollback: store a refusal that the same request would meet again. Returns what to send."""
        ...


class OnceOpener(Protocol):
    """Makes the handle from the request's headers and body; None without a key."""

    def open(self, request: Request, route: str, body: bytes) -> OnceHandle | None:
        """Read the Idempotency-Key header.

        Raises:
            AppError: the key is malformed.
        """
        ...


class Replayed(Exception):
    """Leaves the work undone because its answer is known already."""

    def __init__(self, response: Response) -> None:
        super().__init__("replayed")
        self.response = response


def context_of(request: Request) -> Context:
    """The process's Context."""
    return cast("Context", request.scope.get(SCOPE_CONTEXT) or request.app.state.context)


def header_of(request: Request, name: bytes) -> str | None:
    """A header's value; `name` in lower case. What the shell has read is not read again."""
    read: dict[bytes, bytes] | None = request.scope.get(SCOPE_HEADERS)
    if read is None:
        return request.headers.get(name.decode())
    value = read.get(name)
    return None if value is None else value.decode("latin-1")


# Every dependency is `async`: FastAPI runs a plain function in a thread, which costs more than all else here.
async def _give_context(request: Request) -> Context:
    return context_of(request)


Ctx = Annotated[Context, Depends(_give_context)]


def client_of(request: Request) -> ClientAddress:
    """The client's address as the shell resolved it (trusted proxies, edge secret)."""
    return cast("ClientAddress", request.scope[SCOPE_CLIENT])


async def _give_client(request: Request) -> ClientAddress:
    return client_of(request)


Client = Annotated[ClientAddress, Depends(_give_client)]


def origin_of(request: Request) -> Origin:
    """Where the call comes from."""
    client = client_of(request)
    return Origin(
        address=client.text,
        bucket=client.bucket,
        request_id=request.scope.get(SCOPE_REQUEST_ID),
        user_agent=_told(request, b"user-agent", 400),
        device_name=_told(request, b"x-device-name", 120),
    )


def _told(request: Request, header: bytes, length_max: int) -> str | None:
    text = (header_of(request, header) or "")[:length_max]
    return (text if text.isprintable() else "".join(filter(str.isprintable, text))) or None


async def _origin(request: Request) -> Origin:
    return origin_of(request)


From = Annotated[Origin, Depends(_origin)]


async def caller_of(request: Request) -> Caller:
    """Who calls, by the session gate.

    Raises:
        the gate's refusals (401), or Unavailable.
    """
    gate: SessionGate = context_of(request).part(SessionGate)  # type: ignore[type-abstract]
    caller = await gate.admit(header_of(request, b"authorization"))
    request.scope[SCOPE_CALLER] = caller
    ACTING.set(Acting(caller.user_id, writes=request.method != "GET"))
    return caller


Me = Annotated[Caller, Depends(caller_of)]


def whose(path_id: str, caller: Caller) -> UUID:
    """The user that a path names: `me`, the caller's own id, or anybody's for an admin.

    Raises:
        NotFound: another's, or no id at all: the two look the same.
    """
    if path_id == "me":
        return caller.user_id
    try:
        wanted = UUID(path_id)
    except ValueError as error:
        raise errors.NotFound from error
    if wanted != caller.user_id and not caller.is_admin:
        raise errors.NotFound
    return wanted


async def _subject(
    path_id: Annotated[str, Path(alias="id", description="A user's id, or `me`", examples=["me"], max_length=64)],
    caller: Me,
) -> UUID:
    return whose(path_id, caller)


Subject = Annotated[UUID, Depends(_subject)]


async def _admin(caller: Me) -> Caller:
    if not caller.is_admin:
        raise errors.Forbidden
    return caller


Admin = Annotated[Caller, Depends(_admin)]


async def _transaction(request: Request, context: Ctx) -> AsyncGenerator[AsyncSession, None]:
    once: OnceHandle | None = request.scope.get(SCOPE_ONCE)
    async with context.db.begin() as session:
        if once is not None:
            await once.claim(session)
        request.scope[SCOPE_SESSION] = session
        yield session


# scope="function" commits after the body is serialised and before the first byte is sent.
# The default scope would commit after the client already holds a 200.
# A route that takes both names `caller: Me` before `tx: Tx`: the key belongs to the caller.
Tx = Annotated[AsyncSession, Depends(_transaction, scope="function")]

Limit = Annotated[int, Query(ge=1, le=paging.LIMIT_MAX, description="Rows per page")]
Cursor = Annotated[str | None, Query(max_length=512, description="`nextCursor` of the page before", examples=[None])]


class _StrictRequest(Request):
    """A request whose JSON was already read by our own rules."""

    async def json(self) -> Any:
        return self.scope["cleanly.json"]


class Route(APIRoute):
    """Every route of ours: strict JSON in, an idempotency key honoured on POST and PUT."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        inner = self.inner_handler()
        if not self.methods or self.methods <= {"GET", "HEAD"}:
            return inner
        has_body, keyed = self.body_field is not None, bool(self.methods & {"POST", "PUT"})

        async def handle(request: Request) -> Response:
            raw = await request.body()
            if has_body and raw:
                require_json(request)
                request.scope["cleanly.json"] = wire.parse_json(raw)
                request = _StrictRequest(request.scope, request.receive)
                request._body = raw  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - Starlette's own cache; the stream can be read once only
            once = _open_once(request, self.path_format, raw) if keyed else None
            response = await inner(request)
            session = request.scope.get(SCOPE_SESSION)
            if once is not None and session is not None:
                await once.record(session, response)
            return response

        return handle

    def inner_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What is wrapped: FastAPI's handler of the endpoint."""
        return super().get_route_handler()


def require_json(request: Request) -> None:
    """Refuse a body of another kind.

    Raises:
        UnsupportedMediaType: it says to be something else than JSON.
    """
    kind = (header_of(request, b"content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaType


def _open_once(request: Request, route: str, raw: bytes) -> OnceHandle | None:
    if "idempotency-key" not in request.headers:
        return None
    opener: OnceOpener = context_of(request).part(OnceOpener)  # type: ignore[type-abstract]
    once = opener.open(request, route, raw)
    request.scope[SCOPE_ONCE] = once
    return once


class ErrorBody(Wire):
    """What went wrong."""

    code: str = Field(examples=["NOT_FOUND"])
    message: str = Field(examples=["There is nothing here"])
    details: dict[str, Any] = Field(examples=[{}])


class ErrorEnvelope(Wire):
    """The only error body that the service ever sends."""

    error: ErrorBody


def envelope(error: AppError) -> Response:
    """Render a refusal."""
    body = {"error": {"code": error.code, "message": error.text, "details": error.details}}
    content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    headers = {"Cache-Control": "no-store"} | error.headers
    return Response(content, status_code=error.status, headers=headers, media_type="application/json")


_ANY = (errors.MalformedRequest, errors.ValidationFailed, errors.RateLimited, errors.InternalError, errors.Unavailable)
_BODY = (errors.PayloadTooLarge, errors.UnsupportedMediaType)
Responses = dict[int | str, dict[str, Any]]


def refusals(*kinds: type[AppError], signed_in: bool = False, body: bool = False) -> Responses:
    """The OpenAPI `responses` of a route: its own refusals, those of any route, of a token, of a body.

    Each status lists its codes, with one example each.
    """
    every = [*kinds, *(SIGNED_IN if signed_in else ()), *(_BODY if body else ()), *_ANY]
    by_status: dict[int | str, dict[str, Any]] = {}
    for status in sorted({kind.status for kind in every}):
        same = list(dict.fromkeys(kind for kind in every if kind.status == status))
        examples = {kind.code: {"value": _example(kind)} for kind in same}
        by_status[status] = {
            "model": ErrorEnvelope,
            "description": ", ".join(kind.code for kind in same),
            "content": {"application/json": {"examples": examples}},
        }
    return by_status


def _example(kind: type[AppError]) -> dict[str, Any]:
    return {"error": {"code": kind.code, "message": kind.message, "details": {}}}
