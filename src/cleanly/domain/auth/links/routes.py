"""Prove an e-mail, reset a password: both by a link. A GET never uses a link up, because mail scanners follow them."""

from fastapi import APIRouter, Depends, Response

from cleanly.domain.auth import flows, service
from cleanly.domain.auth.attempts import service as attempts
from cleanly.domain.auth.links import service as links
from cleanly.domain.auth.schemas import AcceptedOut, ForgotIn, ResetIn, VerifiedOut, VerifyIn
from cleanly.domain.users import queries as users
from cleanly.domain.users import service as user_writes
from cleanly.kernel.errors import ValidationFailed
from cleanly.kernel.http import Ctx, From, Me, Route, Tx, refusals
from cleanly.platform.audit import service as audit
from cleanly.platform.cache.service import Cache
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS
from cleanly.platform.idempotency.http import Once
from cleanly.platform.mail.service import Mailer, Template
from cleanly.platform.passwords.errors import WeakPassword
from cleanly.platform.ratelimit.http import limited
from cleanly.platform.ratelimit.service import Limiter

router = APIRouter(prefix="/auth", tags=["auth"], route_class=Route)


def _dead_link() -> ValidationFailed:
    return ValidationFailed.of("token", "invalid", "This link is not valid any more: ask for a new one")


@router.post(
    "/verify-email/request",
    status_code=202,
    response_model=AcceptedOut,
    summary="Send me the verification mail again",
    dependencies=[Depends(limited("auth"))],
    responses=refusals(*KEY_REFUSALS, signed_in=True),
)
async def request_verification(caller: Me, context: Ctx, origin: From, once: Once) -> Response:
    """A new link; the one before stops working. Nothing is sent when the e-mail is proved already."""
    await once.look(context)
    async with context.db.begin() as session:
        user = await users.by_id(session, caller.user_id)
    wanted = user if user is not None and not user.email_verified else None
    if wanted is not None:
        await context.part(Limiter).require_account("mail", wanted.email)
    now = context.clock.now()
    async with context.db.begin() as session:
        await once.claim(session)
        held = await users.by_id(session, caller.user_id) if wanted is not None else None
        if held is not None and wanted is not None and (held.email, held.email_verified) == (wanted.email, False):
            await service.send_verification(session, context, held, now=now)
            await audit.record(
                session, "user.verification_requested", at=now, origin=origin, actor_id=held.id, target_id=held.id
            )
        return await once.answer(session, 202, AcceptedOut())


@router.post(
    "/verify-email/confirm",
    summary="Prove the e-mail with the link's token",
    dependencies=[Depends(limited("auth"))],
    responses=refusals(*KEY_REFUSALS, body=True),
)
async def confirm_verification(body: VerifyIn, tx: Tx, context: Ctx, origin: From) -> VerifiedOut:
    """Uses the link up. It proves only the address that it was sent to."""
    now = context.clock.now()
    link = await links.use(tx, body.token, "verify_email", now=now)
    user = await users.by_id(tx, link.user_id) if link is not None else None
    if link is None or user is None or user.email != link.email:
        raise _dead_link()
    if not user.email_verified:
        await user_writes.change(tx, context.part(Cache), user.id, now=now, email_verified_at=now)
    await audit.record(tx, "user.email_verified", at=now, origin=origin, actor_id=user.id, target_id=user.id)
    return VerifiedOut(email=link.email)


@router.post(
    "/password/forgot",
    status_code=202,
    response_model=AcceptedOut,
    summary="Send a link that resets the password",
    dependencies=[Depends(limited("auth"))],
    responses=refusals(*KEY_REFUSALS, body=True),
)
async def forgot(body: ForgotIn, context: Ctx, origin: From, once: Once) -> Response:
    """Always 202: the answer does not tell whether there is such an account."""
    await context.part(Limiter).require_account("mail", body.email)
    now = context.clock.now()
    async with context.db.begin() as session:
        await once.claim(session)
        known = await users.credentials_by_email(session, body.email)
        if known is not None:
            await links.forget(session, known.user.id, "reset_password")
            token = await links.make(session, known.user.id, "reset_password", email=body.email, now=now)
            await context.part(Mailer).enqueue(
                session,
                to=body.email,
                template=Template.RESET,
                values={"name": known.user.name, "token": token},
                expires_at=now + links.LINK_LIFE,
            )
            await audit.record(session, "user.password_reset_requested", at=now, origin=origin, target_id=known.user.id)
        return await once.answer(session, 202, AcceptedOut())


@router.post(
    "/password/reset",
    status_code=204,
    summary="Set a new password with the link's token",
    dependencies=[Depends(limited("auth"))],
    responses=refusals(WeakPassword, *KEY_REFUSALS, body=True),
)
async def reset(body: ResetIn, context: Ctx, origin: From, once: Once) -> Response:
    """Sets the password and ends every session: whoever had the old one is out. The link also proves the e-mail."""
    await once.look(context)
    now = context.clock.now()
    async with context.db.begin() as session:
        link = await links.look(session, body.token, "reset_password", now=now)
    if link is None:
        raise _dead_link()
    # A weak password leaves the link unused: the person gets another try.
    password_hash = await flows.hash_new(context, body.password, email=link.email)
    async with context.db.begin() as session:
        await once.claim(session)
        used = await links.use(session, body.token, "reset_password", now=now)
        user = await users.by_id(session, used.user_id) if used is not None else None
        if user is None or user.email != link.email:
            raise _dead_link()
        await user_writes.set_password(session, user.id, password_hash, now=now)
        await user_writes.change(session, context.part(Cache), user.id, now=now, email_verified_at=now)
        await service.end_sessions(session, context, user.id, reason="password_reset", now=now)
        await links.forget(session, user.id)
        await attempts.clear(session, user.email)
        await audit.record(session, "user.password_reset", at=now, origin=origin, actor_id=user.id, target_id=user.id)
        await context.part(Mailer).enqueue(
            session, to=user.email, template=Template.PASSWORD_CHANGED, values={"name": user.name}
        )
        return await once.answer(session, 204, None)
