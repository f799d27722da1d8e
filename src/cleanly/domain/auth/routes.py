"""POST /auth/register, /auth/login, /auth/google: the three ways to a session. GET /.well-known/jwks.json."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from cleanly.domain.auth import flows, metrics, service
from cleanly.domain.auth.errors import AccountTemporarilyLocked, EmailNotVerified, InvalidCredentials
from cleanly.domain.auth.schemas import AcceptedOut, GoogleIn, LoginIn, RegisterIn, SignedInOut
from cleanly.domain.auth.sessions.issuer import TokenIssuer
from cleanly.domain.users.errors import EmailTaken
from cleanly.kernel import errors
from cleanly.kernel.context import Context
from cleanly.kernel.http import Ctx, From, Route, context_of, origin_of, refusals
from cleanly.kernel.plain import PlainRoute, body_of, json_response, read_body
from cleanly.kernel.principal import Origin
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS
from cleanly.platform.idempotency.http import Once, once_of
from cleanly.platform.idempotency.once import OncePerCall
from cleanly.platform.passwords.errors import WeakPassword
from cleanly.platform.providers.google.id_tokens import IdTokens
from cleanly.platform.ratelimit.http import limit, limited
from cleanly.platform.ratelimit.service import Limiter

router = APIRouter(prefix="/auth", tags=["auth"], route_class=Route)
plain = APIRouter(prefix="/auth", tags=["auth"], route_class=PlainRoute)
pages = APIRouter(tags=["auth"])


@router.post(
    "/register",
    status_code=201,
    response_model=SignedInOut,
    summary="Create an account",
    dependencies=[Depends(limited("auth"))],
    responses={
        202: {"model": AcceptedOut, "description": "With AUTH_ENUMERATION=safe: what follows comes by mail"},
        **refusals(EmailTaken, WeakPassword, *KEY_REFUSALS, body=True),
    },
)
async def register(body: RegisterIn, context: Ctx, origin: From, once: Once) -> Response:
    """Make the account, send the verification mail, open the first session: one commit."""
    await once.look(context)
    await context.part(Limiter).require_account("account", body.email)
    password_hash = await flows.hash_new(context, body.password, email=body.email)
    async with context.db.begin() as session:
        await once.claim(session)
        opened = await flows.add_user(session, context, body, password_hash, origin=origin)
        if opened is None:
            return await once.answer(session, 202, AcceptedOut())
        return await once.answer(session, 201, opened)


@plain.post(
    "/login",
    response_model=SignedInOut,
    summary="Log in with a password",
    openapi_extra={"requestBody": body_of(LoginIn)},
    responses=refusals(InvalidCredentials, AccountTemporarilyLocked, *KEY_REFUSALS, body=True),
)
async def login(request: Request) -> Response:
    """Open a session. An unknown e-mail and a wrong password look and cost the same."""
    await limit(request, "auth")
    context, origin, once = context_of(request), origin_of(request), once_of(request)
    body = await read_body(request, LoginIn)
    await once.look(context)
    await context.part(Limiter).require_account("account", body.email)
    proved = await flows.prove_password(context, body.email, body.password, origin=origin)
    if once.is_keyed or proved.had_failed or proved.renewed is not None:
        answer = await _login(context, proved, once, origin=origin)
    else:
        opened = await flows.open_alone(context, proved, origin=origin)
        answer = json_response(opened.model_dump_json(by_alias=True).encode())
    metrics.LOGINS.add(1, {"outcome": "opened"})
    return answer


async def _login(context: Context, proved: flows.Proved, once: OncePerCall, *, origin: Origin) -> Response:
    """The login that has more to write down than a session."""
    async with context.db.begin() as session:
        await once.claim(session)
        opened = await service.sign_in_with_password(
            session,
            context,
            user_id=proved.user.id,
            stored=proved.stored,
            renewed=proved.renewed,
            had_failed=proved.had_failed,
            now=context.clock.now(),
            origin=origin,
        )
        return await once.answer(session, 200, opened)


@router.post(
    "/google",
    response_model=SignedInOut,
    summary="Log in with a Google ID token",
    dependencies=[Depends(limited("auth"))],
    responses=refusals(InvalidCredentials, errors.Forbidden, EmailNotVerified, EmailTaken, *KEY_REFUSALS, body=True),
)
async def google(body: GoogleIn, context: Ctx, origin: From, once: Once) -> Response:
    """Open a session for the Google account that Android's Credential Manager vouches for."""
    await once.look(context)
    try:
        identity = await context.part(IdTokens).verify(body.id_token, nonce=body.nonce, now=context.clock.now())
        async with context.db.begin() as session:
            await once.claim(session)
            opened = await flows.sign_in_with_google(session, context, identity, origin=origin)
            answer = await once.answer(session, 200, opened)
    except (InvalidCredentials, EmailNotVerified):
        await flows.note_google_refused(context, origin=origin)
        raise
    metrics.LOGINS.add(1, {"outcome": "opened"})
    return answer


@pages.get(
    "/.well-known/jwks.json",
    summary="Public keys of the access tokens",
    responses=refusals(),
)
async def jwks(context: Ctx, response: Response) -> dict[str, Any]:
    """RFC 7517. Empty while the tokens are signed with a shared secret."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return dict(context.part(TokenIssuer).access.jwks())
