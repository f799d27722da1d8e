"""A refresh from claim to verdict, and the ways to end a session. The route draws the transaction's line."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth.service import end_sessions, forget_after_commit
from cleanly.domain.auth.sessions import hot, queries, rules, service
from cleanly.domain.auth.sessions.gate import bearer
from cleanly.domain.auth.sessions.issuer import TokenIssuer
from cleanly.domain.auth.sessions.service import Grant, Judged
from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.auth.sessions.tokens import RefreshClaim
from cleanly.domain.users import queries as users
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound
from cleanly.kernel.principal import Caller, Origin, TokenInvalid, TokenMissing
from cleanly.platform.audit import service as audit
from cleanly.platform.mail.service import Mailer, Template


async def rotate_alone(context: Context, claim: RefreshClaim, *, now: datetime, origin: Origin) -> Grant | None:
    """The usual refresh: one statement, one round trip. None: `refresh_once` must judge."""
    async with context.db.alone() as connection:
        return await hot.rotate_alone(
            connection,
            claim,
            now=now,
            origin=origin,
            settings=context.part(SessionSettings),
            key_id=context.part(TokenIssuer).refresh.signing,
        )


async def refresh_once(
    session: AsyncSession, context: Context, claim: RefreshClaim, *, now: datetime, origin: Origin
) -> Grant | Judged | None:
    """Rotate, or judge what did not rotate. Refuses nothing itself: a verdict must be committed first.

    None: the token is ours, but its session is unknown.
    """
    settings = context.part(SessionSettings)
    grant = await hot.rotate(
        session, claim, now=now, origin=origin, settings=settings, key_id=context.part(TokenIssuer).refresh.signing
    )
    if grant is not None:
        return grant
    judged = await service.judge(session, claim, now=now, settings=settings)
    if judged is None:
        return None
    if isinstance(judged.verdict, rules.Recover):
        await _record(session, "session.refresh_recovered", judged, now=now, origin=origin)
    elif isinstance(judged.verdict, rules.Ahead):
        await _record(session, "session.refresh_ahead", judged, now=now, origin=origin)
    elif isinstance(judged.verdict, rules.Reused):
        await _record(session, "session.reuse_detected", judged, now=now, origin=origin)
        owner = await users.by_id(session, judged.user_id)
        if owner is not None:
            await context.part(Mailer).enqueue(
                session, to=owner.email, template=Template.REUSE_ALARM, values={"name": owner.name}
            )
    return judged


async def _record(session: AsyncSession, action: str, judged: Judged, *, now: datetime, origin: Origin) -> None:
    await audit.record(
        session, action, at=now, origin=origin, target_id=judged.user_id, details={"session": str(judged.session_id)}
    )


@dataclass(frozen=True, slots=True)
class Named:
    """The sessions that a logout's tokens name. `owner`: who they speak for while one of them lives."""

    session_ids: tuple[UUID, ...]
    owner: UUID | None
    speaking: UUID | None


async def sessions_named(context: Context, refresh_token: str | None, authorization: str | None) -> Named:
    """Read both tokens for whose they are; a token that is not ours names nothing."""
    issuer, now = context.part(TokenIssuer), context.clock.now()
    found: list[UUID] = []
    async with context.db.begin() as session:
        claim = issuer.refresh.read(refresh_token) if refresh_token else None
        row = await queries.by_selector(session, claim.selector) if claim is not None else None
        if row is not None:
            found.append(row[0])
        with contextlib.suppress(TokenMissing, TokenInvalid):  # nothing to end: the answer is 204 all the same
            found.append(issuer.access.read(bearer(authorization), now).session_id)
        for session_id in found:
            owner = await queries.owner_of_live(session, session_id, now=now)
            if owner is not None:
                return Named(tuple(found), owner, session_id)
    return Named(tuple(found), None, None)


async def end_named(
    session: AsyncSession,
    context: Context,
    named: Named,
    *,
    scope: Literal["current", "others", "all"],
    origin: Origin,
) -> None:
    """Log out. `others` and `all` act only when a live session speaks for the account."""
    now = context.clock.now()
    if scope == "current":
        ended = await service.revoke(session, named.session_ids, reason="logout", now=now)
        forget_after_commit(session, context, ended)
    elif named.owner is not None:
        keep = named.speaking if scope == "others" else None
        await end_sessions(session, context, named.owner, reason="logout", now=now, keep=keep)
    if named.owner is not None:
        await audit.record(
            session,
            "session.logged_out",
            at=now,
            origin=origin,
            actor_id=named.owner,
            target_id=named.owner,
            details={"scope": scope},
        )


async def end_own(session: AsyncSession, context: Context, caller: Caller, session_id: UUID, *, origin: Origin) -> None:
    """End one of the caller's sessions.

    Raises:
        NotFound: it is another's, or there is none.
    """
    now = context.clock.now()
    if await queries.owner_of(session, session_id) != caller.user_id:
        raise NotFound
    ended = await service.revoke(session, [session_id], reason="revoked_by_owner", now=now)
    forget_after_commit(session, context, ended)
    if ended:
        await audit.record(
            session,
            "session.revoked",
            at=now,
            origin=origin,
            actor_id=caller.user_id,
            target_id=caller.user_id,
            details={"session": str(session_id)},
        )
