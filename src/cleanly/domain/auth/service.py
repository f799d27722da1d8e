"""Registering, signing in and changing passwords, inside the caller's transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth.attempts import service as attempts
from cleanly.domain.auth.errors import InvalidCredentials
from cleanly.domain.auth.links import service as links
from cleanly.domain.auth.schemas import SignedInOut
from cleanly.domain.auth.sessions import service as sessions
from cleanly.domain.auth.sessions.gate import Gate
from cleanly.domain.auth.sessions.issuer import TokenIssuer
from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.users import queries as users
from cleanly.domain.users import service as user_writes
from cleanly.domain.users.queries import User
from cleanly.kernel.context import Context
from cleanly.kernel.db import after_commit
from cleanly.kernel.principal import Origin
from cleanly.platform.audit import service as audit
from cleanly.platform.cache.service import Cache
from cleanly.platform.mail.service import Mailer, Template


async def sign_in(
    session: AsyncSession,
    context: Context,
    user: User,
    *,
    now: datetime,
    origin: Origin,
    method: str,
    replaces: UUID | None = None,
) -> SignedInOut:
    """Open a session for a user who has proved who they are, and make its first pair."""
    issuer = context.part(TokenIssuer)
    grant = await sessions.open_session(
        session,
        user.id,
        now=now,
        origin=origin,
        settings=context.part(SessionSettings),
        key_id=issuer.refresh.signing,
        replaces=replaces,
    )
    await audit.record(
        session,
        "session.opened",
        at=now,
        origin=origin,
        actor_id=user.id,
        target_id=user.id,
        details={"method": method, "session": str(grant.session_id)},
    )
    return SignedInOut(**issuer.pair(grant, now=now), user=user)


async def sign_in_with_password(
    session: AsyncSession,
    context: Context,
    *,
    user_id: UUID,
    stored: str,
    renewed: str | None,
    had_failed: bool,
    now: datetime,
    origin: Origin,
) -> SignedInOut:
    """Open a session for a password that was just verified, if it is still the password.

    `stored`: the hash it was verified against; `renewed`: the same password under today's parameters.

    Raises:
        InvalidCredentials: the password was changed, or the account erased, while it was being verified.
    """
    credentials = await users.credentials_of(session, user_id, locked=True)
    if credentials is None or credentials.password_hash != stored:
        raise InvalidCredentials
    if renewed is not None:
        await user_writes.rehash(session, user_id, old=stored, new=renewed)
    if had_failed:
        await attempts.clear(session, credentials.user.email)
    return await sign_in(session, context, credentials.user, now=now, origin=origin, method="password")


async def send_verification(session: AsyncSession, context: Context, user: User, *, now: datetime) -> None:
    """A link by mail that proves the e-mail. Older links of the kind stop working."""
    await links.forget(session, user.id, "verify_email")
    token = await links.make(session, user.id, "verify_email", email=user.email, now=now)
    await context.part(Mailer).enqueue(
        session,
        to=user.email,
        template=Template.VERIFY,
        values={"name": user.name, "token": token},
        expires_at=now + links.LINK_LIFE,
    )


async def end_sessions(
    session: AsyncSession,
    context: Context,
    user_id: UUID,
    *,
    reason: str,
    now: datetime,
    keep: UUID | None = None,
) -> int:
    """End all of a user's sessions but `keep`; at once on this process. Returns how many were alive."""
    ended = await sessions.revoke_user(session, user_id, reason=reason, now=now, keep=keep)
    forget_after_commit(session, context, ended)
    return len(ended)


def forget_after_commit(session: AsyncSession, context: Context, session_ids: list[UUID]) -> None:
    """Once the revocation is committed, this process's gate must not go by its copy."""

    async def forget() -> None:
        context.part(Gate).forget(session_ids)

    after_commit(session, forget)


async def take_over_unproved(
    session: AsyncSession, context: Context, user: User, *, subject: str, now: datetime
) -> User:
    """The e-mail's true owner arrives through Google at an account that somebody made and never proved.

    Whatever that somebody holds goes: password, sessions, links (pre-hijacking). The password first: a login that is
    under way has opened its session before that, and is ended with the others, or opens none.
    """
    owned = await user_writes.change(
        session,
        context.part(Cache),
        user.id,
        now=now,
        password_hash=None,
        google_subject=subject,
        email_verified_at=now,
    )
    await end_sessions(session, context, user.id, reason="email_proved_by_another_way", now=now)
    await links.forget(session, user.id)
    return owned
