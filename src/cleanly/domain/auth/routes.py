"""POST /auth/register, /auth/login, /auth/google: the three ways to a session. GET /.well-known/jwks.json."""

from typing import Any

from fastapi import APIRouter, Depends, Response

from cleanly.domain.auth import flows, metrics, service
from cleanly.domain.auth.errors import AccountTemporarilyLocked, InvalidCredentials
from cleanly.domain.auth.schemas import AcceptedOut, GoogleIn, LoginIn, RegisterIn, SignedInOut
from cleanly.domain.auth.sessions.issuer import TokenIssuer
from cleanly.domain.users.errors import EmailTaken
from cleanly.kernel import errors
from cleanly.kernel.http import Ctx, From, Route, refusals
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS
from cleanly.platform.idempotency.http import Once
from cleanly.platform.passwords.errors import WeakPassword
from cleanly.platform.providers.google.id_tokens import IdTokens
from cleanly.platform.ratelimit.http import limited
from cleanly.platform.ratelimit.service import Limiter

router = APIRouter(prefix="/auth", tags=["auth"], route_class=Route)
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


@router.post(
    "/login",
    response_model=SignedInOut,
    summary="Log in with a password",
    dependencies=[Depends(limited("auth"))],
    responses=refusals(InvalidCredentials, AccountTemporarilyLocked, *KEY_REFUSALS, body=True),
)
async def login(body: LoginIn, context: Ctx, origin: From, once: Once) -> Response:
    """Open a session. An unknown e-mail and a wrong password look and cost the same."""
    await once.look(context)
    await context.part(Limiter).require_account("account", body.email)
    proved = await flows.prove_password(context, body.email, body.password, origin=origin)
    async with context.db.begin() as session:
        await once.claim(session)
        opened = await service.sign_in_with_password(
            session,
            context,
            user_id=proved.user_id,
            stored=proved.stored,
            renewed=proved.renewed,
            had_failed=proved.had_failed,
            now=context.clock.now(),
            origin=origin,
        )
        answer = await once.answer(session, 200, opened)
    metrics.LOGINS.add(1, {"outcome": "opened"})
    return answer


@router.post(
    "/google",
    response_model=SignedInOut,
    summary="Log in with a Google ID token",
    dependencies=[Depends(limited("auth"))],
    responses=refusals(InvalidCredentials, errors.Forbidden, EmailTaken, *KEY_REFUSALS, body=True),
)
async def google(body: GoogleIn, context: Ctx, origin: From, once: Once) -> Response:
    """Open a session for the Google account that Android's Credential Manager vouches for."""
    await once.look(context)
    identity = await context.part(IdTokens).verify(body.id_token, nonce=body.nonce, now=context.clock.now())
    async with context.db.begin() as session:
        await once.claim(session)
        opened = await flows.sign_in_with_google(session, context, identity, origin=origin)
        answer = await once.answer(session, 200, opened)
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
