"""Changing and leaving an account, with the password proved outside any transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth import flows as proofs
from cleanly.domain.auth import service
from cleanly.domain.auth.links import service as links
from cleanly.domain.auth.schemas import PasswordChangeIn, ProfileIn, SignedInOut
from cleanly.domain.auth.sessions.gate import Gate, bearer
from cleanly.domain.auth.sessions.issuer import TokenIssuer
from cleanly.domain.users import queries as users
from cleanly.domain.users import service as user_writes
from cleanly.domain.users.queries import User
from cleanly.kernel.context import Context
from cleanly.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed
from cleanly.kernel.etags import etag_matches, etag_of
from cleanly.kernel.http import SCOPE_CALLER, whose
from cleanly.kernel.module import PersonalDataHolders
from cleanly.kernel.principal import Caller, Origin, SessionRevoked
from cleanly.platform.audit import service as audit
from cleanly.platform.cache.service import Cache
from cleanly.platform.mail.service import Mailer, Template
from cleanly.platform.ratelimit.service import Limiter


def wanted_changes(body: ProfileIn) -> dict[str, str | None]:
    """The columns that the body names.

    Raises:
        ValidationFailed: a name or an e-mail can't be taken away.
    """
    for field in ("name", "email"):
        if field in body.model_fields_set and getattr(body, field) is None:
            raise ValidationFailed.of(field, "missing", f"{field.capitalize()} can't be empty")
    names = body.model_fields_set & {"name", "avatar_url", "email"}
    return {name: getattr(body, name) for name in sorted(names)}


async def allow_new_email(context: Context, caller: Caller, user_id: UUID, body: ProfileIn, *, origin: Origin) -> None:
    """A new e-mail takes over the account's recovery: only its owner may, with the password.

    Raises:
        Forbidden: an admin's wish for somebody else. ReauthenticationRequired: no or a wrong password.
        RateLimited: the address or the account tries too often; a hash is dear.
    """
    if user_id != caller.user_id:
        raise Forbidden("Only the owner can change the e-mail")
    async with context.db.begin() as session:
        user = await users.by_id(session, user_id)
    if user is None or user.email != body.email:
        await context.part(Limiter).require("auth", origin.bucket)
        await proofs.prove_again(context, caller, body.current_password, origin=origin)


async def change_profile(
    session: AsyncSession,
    context: Context,
    user_id: UUID,
    values: Mapping[str, str | None],
    *,
    caller: Caller,
    if_match: str | None,
    origin: Origin,
) -> User:
    """Write the new profile; a new e-mail is told to the old address and must be proved again.

    Raises:
        NotFound, Conflict (If-Match), EmailTaken.
    """
    now, cache = context.clock.now(), context.part(Cache)
    before = await users.by_id(session, user_id)
    if before is None:
        raise NotFound
    etag = etag_of(before.model_dump_json(by_alias=True).encode())
    if if_match is not None and not etag_matches(if_match, etag):
        raise Conflict
    changed: dict[str, Any] = {name: value for name, value in values.items() if value != getattr(before, name)}
    if not changed:
        return before
    unless = before.updated_at if if_match else None
    if "email" not in changed:
        after = await user_writes.change(session, cache, user_id, now=now, unless_changed_since=unless, **changed)
        await audit.record(
            session,
            "user.changed",
            at=now,
            origin=origin,
            actor_id=caller.user_id,
            target_id=user_id,
            details={"fields": sorted(changed)},
        )
        return after
    after = await user_writes.change(
        session, cache, user_id, now=now, unless_changed_since=unless, email_verified_at=None, **changed
    )
    await links.forget(session, user_id)
    await context.part(Mailer).enqueue(
        session, to=before.email, template=Template.EMAIL_CHANGED, values={"name": before.name, "email": after.email}
    )
    await service.send_verification(session, context, after, now=now)
    await audit.record(session, "user.email_changed", at=now, origin=origin, actor_id=caller.user_id, target_id=user_id)
    return after


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A proved change: the hash that was matched, and the one to keep."""

    old_hash: str
    new_hash: str


async def new_password(context: Context, caller: Caller, body: PasswordChangeIn, *, origin: Origin) -> NewPassword:
    """Prove the old password and hash the new one.

    Raises:
        ReauthenticationRequired, AccountTemporarilyLocked, WeakPassword, Unavailable.
    """
    user, old_hash = await proofs.prove_again(context, caller, body.current_password, origin=origin)
    new_hash = await proofs.hash_new(context, body.new_password, email=user.email, field="newPassword")
    return NewPassword(old_hash, new_hash)


async def change_password(
    session: AsyncSession, context: Context, caller: Caller, changed: NewPassword, *, origin: Origin
) -> SignedInOut:
    """Set it, end the other sessions, and open one that replaces the caller's.

    Raises:
        Conflict: the password was changed by somebody else meanwhile.
    """
    now = context.clock.now()
    credentials = await users.credentials_of(session, caller.user_id, locked=True)
    if credentials is None or credentials.password_hash != changed.old_hash:
        raise Conflict("The password was changed meanwhile")
    user = credentials.user
    await user_writes.set_password(session, user.id, changed.new_hash, now=now)
    await links.forget(session, user.id, "reset_password")
    await service.end_sessions(session, context, user.id, reason="password_changed", now=now, keep=caller.session_id)
    await audit.record(session, "user.password_changed", at=now, origin=origin, actor_id=user.id, target_id=user.id)
    await context.part(Mailer).enqueue(
        session, to=user.email, template=Template.PASSWORD_CHANGED, values={"name": user.name}
    )
    return await service.sign_in(
        session, context, user, now=now, origin=origin, method="password_change", replaces=caller.session_id
    )


async def erase(context: Context, request: Request, path_id: str, *, origin: Origin) -> None:
    """Erase the user that the path names, in one transaction over all slices.

    Raises:
        NotFound: another's, or nobody's. The gate's refusals, except for one's own erasure done before.
    """
    authorization = request.headers.get("authorization")
    try:
        caller = await context.part(Gate).admit(authorization)
    except SessionRevoked:
        if await _is_done(context, authorization, path_id):
            return
        raise
    request.scope[SCOPE_CALLER] = caller
    user_id = whose(path_id, caller)
    now = context.clock.now()
    async with context.db.begin() as session:
        if not await user_writes.lock(session, user_id):
            raise NotFound
        for _, personal in reversed(context.part(PersonalDataHolders).by_module):
            await personal.erase(session, user_id, context)
        await audit.record(
            session,
            "user.erased",
            at=now,
            origin=Origin(None, origin.bucket, origin.request_id),
            actor_id=caller.user_id,
            target_id=user_id,
        )


async def _is_done(context: Context, authorization: str | None, path_id: str) -> bool:
    """A repeated DELETE whose first reply was lost: the token is ours, and its user is gone."""
    user_id = context.part(TokenIssuer).access.read(bearer(authorization), context.clock.now()).user_id
    if path_id not in {"me", str(user_id)}:
        return False
    async with context.db.begin() as session:
        return await users.by_id(session, user_id) is None


async def export(context: Context, user_id: UUID, *, caller: Caller, origin: Origin) -> dict[str, Any]:
    """What each slice holds on the user, by the slice's name. That somebody else asked for it is on record first.

    Raises:
        NotFound: no such user.
    """
    if caller.user_id != user_id:
        async with context.db.begin() as session:
            if await users.by_id(session, user_id) is None:
                raise NotFound
            await audit.record(
                session,
                "user.exported",
                at=context.clock.now(),
                origin=origin,
                actor_id=caller.user_id,
                target_id=user_id,
            )
    async with context.db.read() as session:
        if await users.by_id(session, user_id) is None:
            raise NotFound
        return {
            name: await personal.export(session, user_id)
            for name, personal in context.part(PersonalDataHolders).by_module
        }
