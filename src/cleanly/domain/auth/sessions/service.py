"""Sessions, inside the caller's transaction: opened, refreshed, confirmed, revoked."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth.sessions import rules
from cleanly.domain.auth.sessions.models import SessionRow
from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.auth.sessions.tokens import SELECTOR_BYTES, RefreshClaim, row_key
from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import Origin
from cleanly.kernel.recency import ACTING, Acting


@dataclass(frozen=True, slots=True)
class Grant:
    """What a pair of tokens is made from. `selector` and `key_id` make the refresh token, `epoch` the access token."""

    session_id: UUID
    user_id: UUID
    selector: bytes
    key_id: str
    generation: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A refresh that was no plain rotation. `grant` is None when the verdict is a refusal."""

    session_id: UUID
    user_id: UUID
    verdict: rules.Verdict
    grant: Grant | None


async def open_session(
    session: AsyncSession,
    user_id: UUID,
    *,
    now: datetime,
    origin: Origin,
    settings: SessionSettings,
    key_id: str,
    replaces: UUID | None = None,
) -> Grant:
    """A new login. Beyond `sessions_per_user_max` the ones longest unused end."""
    # Nobody was let in by the gate yet: what this request writes is this user's all the same.
    ACTING.set(Acting(user_id, writes=True))
    selector = secrets.token_bytes(SELECTOR_BYTES)
    family = rules.begin(
        now=now,
        idle_seconds=settings.jwt_refresh_token_expiry,
        absolute_seconds=settings.session_absolute_expiry,
    )
    session_id = new_id()
    opened = (
        insert(SessionRow)
        .values(
            id=session_id,
            user_id=user_id,
            token=row_key(selector),
            key_id=key_id,
            generation=family.generation,
            epoch=family.epoch,
            min_epoch=family.min_epoch,
            confirmed_epoch=family.confirmed_epoch,
            last_used_at=now,
            created_at=now,
            expires_at=family.expires_at,
            absolute_expires_at=family.absolute_expires_at,
            replaces=replaces,
            user_agent=origin.user_agent,
            address=origin.address,
            address_bucket=origin.bucket,
            device_name=origin.device_name,
        )
        .cte("opened")
    )
    # One statement sees the rows as they were before it: the new session is not among them, but counts.
    surplus = (
        select(SessionRow.id)
        .where(SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None))
        .order_by(SessionRow.last_used_at.desc(), SessionRow.id.desc())
        .offset(settings.sessions_per_user_max - 1)
        .limit(100)
    )
    await session.execute(
        update(SessionRow)
        .where(SessionRow.id.in_(surplus.scalar_subquery()))
        .values(revoked_at=now, revoke_reason="too_many_sessions")
        .add_cte(opened)
    )
    return Grant(session_id, user_id, selector, key_id, family.generation, family.epoch)


async def judge(
    session: AsyncSession, claim: RefreshClaim, *, now: datetime, settings: SessionSettings
) -> Judged | None:
    """Judge a token that did not rotate, and write down what the verdict changes. None: no such session."""
    row = await session.scalar(select(SessionRow).where(SessionRow.token == row_key(claim.selector)).with_for_update())
    if row is None:
        return None
    family = _family(row)
    verdict = rules.judge(
        family,
        claim.generation,
        now=now,
        grace_seconds=settings.refresh_grace_seconds,
        recovery=settings.refresh_recovery,
        answers_max=settings.refresh_answers_max,
    )
    after = rules.apply(family, verdict, now=now, idle_seconds=settings.jwt_refresh_token_expiry)
    row.generation, row.epoch, row.min_epoch = after.generation, after.epoch, after.min_epoch
    row.rotated_at, row.grace_answers = list(after.rotated_at), after.grace_answers
    row.expires_at = after.expires_at
    row.revoked_at, row.revoke_reason = after.revoked_at, after.revoke_reason
    grant = None
    if isinstance(verdict, rules.Rotate | rules.Converge | rules.Recover):
        row.last_used_at = now
        grant = Grant(row.id, row.user_id, claim.selector, row.key_id, after.generation, after.epoch)
    await session.flush()
    return Judged(row.id, row.user_id, verdict, grant)


def _family(row: SessionRow) -> rules.Family:
    return rules.Family(
        generation=row.generation,
        epoch=row.epoch,
        min_epoch=row.min_epoch,
        confirmed_epoch=row.confirmed_epoch,
        rotated_at=tuple(row.rotated_at),
        grace_answers=row.grace_answers,
        expires_at=row.expires_at,
        absolute_expires_at=row.absolute_expires_at,
        revoked_at=row.revoked_at,
        revoke_reason=row.revoke_reason,
    )


_CONFIRM = text(
    """
        UPDATE refresh_tokens SET confirmed_epoch = greatest(confirmed_epoch, :epoch)
        WHERE id = :id AND revoked_at IS NULL AND min_epoch <= :epoch AND epoch >= :epoch
        RETURNING replaces
        """
).bindparams(bindparam("id"), bindparam("epoch"))


async def confirm(session: AsyncSession, session_id: UUID, epoch: int, *, now: datetime) -> bool:
    """Write down that an access token of this epoch was used: from now on its refresh token is known to have arrived.

    A session that replaces another ends that one here, when the phone has shown that it holds the new tokens.
    False: the session was revoked, or the epoch superseded, between the look and this write.
    """
    found = (await session.execute(_CONFIRM, {"id": session_id, "epoch": epoch})).one_or_none()
    if found is None:
        return False
    if found.replaces is not None:
        await revoke(session, [found.replaces], reason="replaced", now=now)
        await session.execute(update(SessionRow).where(SessionRow.id == session_id).values(replaces=None))
    return True


async def revoke(session: AsyncSession, session_ids: Sequence[UUID], *, reason: str, now: datetime) -> list[UUID]:
    """End these sessions; returns those that were alive."""
    ended = await session.scalars(
        update(SessionRow)
        .where(SessionRow.id.in_(session_ids), SessionRow.revoked_at.is_(None))
        .values(revoked_at=now, revoke_reason=reason)
        .returning(SessionRow.id)
    )
    return list(ended)


async def revoke_user(
    session: AsyncSession, user_id: UUID, *, reason: str, now: datetime, keep: UUID | None = None
) -> list[UUID]:
    """End all of a user's sessions but `keep`; returns those that were alive."""
    statement = update(SessionRow).where(SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None))
    if keep is not None:
        statement = statement.where(SessionRow.id != keep)
    ended = await session.scalars(statement.values(revoked_at=now, revoke_reason=reason).returning(SessionRow.id))
    return list(ended)


async def forget_devices(session: AsyncSession, user_id: UUID) -> None:
    """Erase what the rows tell about a person's devices and places."""
    await session.execute(
        update(SessionRow)
        .where(SessionRow.user_id == user_id)
        .values(user_agent=None, address=None, address_bucket=None, device_name=None)
    )


async def sweep(session: AsyncSession, *, older_than: datetime, batch: int) -> int:
    """Delete sessions that ended before `older_than`; returns how many, at most `batch`."""
    over = (
        select(SessionRow.id)
        .where(SessionRow.absolute_expires_at < older_than)
        .order_by(SessionRow.absolute_expires_at)
        .limit(batch)
    )
    gone = await session.scalars(
        delete(SessionRow).where(SessionRow.id.in_(over.scalar_subquery())).returning(SessionRow.id)
    )
    return len(gone.all())
