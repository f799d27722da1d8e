"""POST /auth/refresh and /auth/logout; a user's own devices."""

from datetime import datetime
from typing import Annotated, assert_never
from uuid import UUID

import structlog
from fastapi import APIRouter, Path, Request, Response

from cleanly.domain.auth import metrics
from cleanly.domain.auth.schemas import LogoutIn, RefreshIn, SessionOut, SessionsOut, TokensOut
from cleanly.domain.auth.sessions import flows, queries, rules
from cleanly.domain.auth.sessions.errors import RefreshTokenInvalid, RefreshTokenReused
from cleanly.domain.auth.sessions.gate import Gate
from cleanly.domain.auth.sessions.issuer import TokenIssuer
from cleanly.domain.auth.sessions.service import Judged
from cleanly.domain.auth.sessions.tokens import RefreshClaim
from cleanly.kernel import errors
from cleanly.kernel.context import Context
from cleanly.kernel.http import Ctx, Cursor, From, Limit, Me, Route, context_of, origin_of, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.kernel.plain import PlainRoute, body_of, json_response, read_body
from cleanly.kernel.principal import Origin, SessionExpired, SessionRevoked
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS
from cleanly.platform.idempotency.http import Once, once_of
from cleanly.platform.idempotency.once import OncePerCall
from cleanly.platform.ratelimit.http import limit

_log = structlog.get_logger(__name__)
_LIST = "auth/sessions"
router = APIRouter(prefix="/auth", tags=["sessions"], route_class=Route)
plain = APIRouter(prefix="/auth", tags=["sessions"], route_class=PlainRoute)


@plain.post(
    "/refresh",
    response_model=TokensOut,
    summary="Trade a refresh token for a new pair",
    openapi_extra={"requestBody": body_of(RefreshIn)},
    responses=refusals(
        RefreshTokenInvalid, RefreshTokenReused, SessionRevoked, SessionExpired, *KEY_REFUSALS, body=True
    ),
)
async def refresh(request: Request) -> Response:
    """Never logs an honest phone out: a lost reply, a burst or a repeat gets the same live token again."""
    await limit(request, "refresh")
    context, origin, once = context_of(request), origin_of(request), once_of(request)
    body = await read_body(request, RefreshIn)
    issuer, now = context.part(TokenIssuer), context.clock.now()
    claim = issuer.refresh.read(body.refresh_token)
    if claim is None:
        raise RefreshTokenInvalid
    if not once.is_keyed:
        grant = await flows.rotate_alone(context, claim, now=now, origin=origin)
        if grant is not None:
            metrics.REFRESHES.add(1, {"outcome": "rotated"})
            tokens = TokensOut(**issuer.pair(grant, now=now))
            return json_response(tokens.model_dump_json(by_alias=True).encode())
    return await _refresh(context, claim, once, now=now, origin=origin)


async def _refresh(
    context: Context, claim: RefreshClaim, once: OncePerCall, *, now: datetime, origin: Origin
) -> Response:
    issuer = context.part(TokenIssuer)
    answer: Response | None = None
    async with context.db.begin() as session:
        await once.claim(session)
        outcome = await flows.refresh_once(session, context, claim, now=now, origin=origin)
        grant = outcome.grant if isinstance(outcome, Judged) else outcome
        if grant is not None:
            answer = await once.answer(session, 200, TokensOut(**issuer.pair(grant, now=now)))
    if isinstance(outcome, Judged):
        _after(outcome, context.part(Gate))
    if answer is None:
        raise RefreshTokenInvalid
    if not isinstance(outcome, Judged):
        metrics.REFRESHES.add(1, {"outcome": "rotated"})
    return answer


def _after(judged: Judged, gate: Gate) -> None:
    """What follows a judgement once it is committed: this process forgets its copy, and refusals are raised."""
    gate.forget([judged.session_id])
    match judged.verdict:
        case rules.Rotate():
            metrics.REFRESHES.add(1, {"outcome": "rotated"})
        case rules.Converge():
            metrics.REFRESHES.add(1, {"outcome": "converged"})
        case rules.Recover():
            metrics.REFRESHES.add(1, {"outcome": "recovered"})
        case rules.Reused():
            metrics.REFRESHES.add(1, {"outcome": "reused"})
            raise RefreshTokenReused
        case rules.TooMany(retry_after_seconds=seconds):
            raise errors.RateLimited(retry_after_seconds=seconds)
        case rules.Ahead():
            metrics.REFRESHES.add(1, {"outcome": "ahead"})
            _log.error("refresh_token_from_the_future", session=str(judged.session_id), hint="a restored backup?")
            raise RefreshTokenInvalid
        case rules.Dead(reason="revoked"):
            raise SessionRevoked
        case rules.Dead():
            raise SessionExpired
        case _:
            assert_never(judged.verdict)


@router.post(
    "/logout",
    status_code=204,
    summary="End this session, the others, or all",
    responses=refusals(*KEY_REFUSALS, body=True),
)
async def logout(request: Request, context: Ctx, origin: From, once: Once, body: LogoutIn | None = None) -> Response:
    """Always 204: a dead session or an expired token is as logged out as can be."""
    asked = body or LogoutIn()
    named = await flows.sessions_named(context, asked.refresh_token, request.headers.get("authorization"))
    async with context.db.begin() as session:
        await once.claim(session)
        await flows.end_named(session, context, named, scope=asked.scope, origin=origin)
        return await once.answer(session, 204, None)


@router.get(
    "/sessions",
    summary="The devices where I am logged in",
    responses=refusals(signed_in=True),
)
async def list_sessions(caller: Me, context: Ctx, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None) -> SessionsOut:
    """Live sessions, newest first. Read from the primary: a device that was just revoked must not show."""
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    async with context.db.begin() as session:
        found = await queries.devices(
            session,
            caller.user_id,
            now=context.clock.now(),
            after=UUID(after[0]) if after else None,
            limit=limit + 1,
        )
    page = cursors.page(_LIST, found, limit, "id")
    items = [
        SessionOut(
            id=device.id,
            name=device.name or device.user_agent,
            address=device.address,
            created_at=device.created_at,
            last_used_at=device.last_used_at,
            current=device.id == caller.session_id,
        )
        for device in page.items
    ]
    return SessionsOut(items=items, next_cursor=page.next_cursor)


@router.delete(
    "/sessions/{id}",
    status_code=204,
    summary="Log a device out",
    responses=refusals(errors.NotFound, signed_in=True),
)
async def revoke_session(
    session_id: Annotated[str, Path(alias="id", max_length=64)], caller: Me, context: Ctx, origin: From
) -> Response:
    """End one of the caller's own sessions. Done twice, it is still done; another's is not found."""
    try:
        wanted = UUID(session_id)
    except ValueError as error:
        raise errors.NotFound from error
    async with context.db.begin() as session:
        await flows.end_own(session, context, caller, wanted, origin=origin)
    return Response(status_code=204)
