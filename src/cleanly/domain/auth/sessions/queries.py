"""Read sessions as frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth.sessions.models import SessionRow
from cleanly.domain.auth.sessions.tokens import row_key


@dataclass(frozen=True, slots=True)
class GateState:
    """What the gate knows of a session: `rules.SessionState` and whose it is."""

    user_id: UUID
    is_admin: bool
    min_epoch: int
    confirmed_epoch: int
    expires_at: datetime
    absolute_expires_at: datetime
    revoked_at: datetime | None
    user_gone: bool


@dataclass(frozen=True, slots=True)
class Device:
    """A live session as its owner sees it."""

    id: UUID
    name: str | None
    user_agent: str | None
    address: str | None
    created_at: datetime
    last_used_at: datetime


_STATE = text(
    """
    SELECT s.user_id, u.role = 'admin' AS is_admin, s.min_epoch, s.confirmed_epoch, s.expires_at,
        s.absolute_expires_at, s.revoked_at, u.deleted_at IS NOT NULL AS user_gone
    FROM refresh_tokens s JOIN users u ON u.id = s.user_id
    WHERE s.id = :id
    """
)


async def gate_state(session: AsyncSession, session_id: UUID) -> GateState | None:
    """By primary key; None when the session is unknown."""
    row = (await session.execute(_STATE, {"id": session_id})).one_or_none()
    return None if row is None else GateState(*row)


async def by_selector(session: AsyncSession, selector: bytes) -> tuple[UUID, UUID] | None:
    """The session and user of a refresh token's selector, live or not."""
    row = (
        await session.execute(select(SessionRow.id, SessionRow.user_id).where(SessionRow.token == row_key(selector)))
    ).one_or_none()
    return None if row is None else (row.id, row.user_id)


async def owner_of_live(session: AsyncSession, session_id: UUID, *, now: datetime) -> UUID | None:
    """Whose session this is, while it lives."""
    owner: UUID | None = await session.scalar(
        select(SessionRow.user_id).where(
            SessionRow.id == session_id,
            SessionRow.revoked_at.is_(None),
            SessionRow.expires_at > now,
        )
    )
    return owner


async def devices(
    session: AsyncSession, user_id: UUID, *, now: datetime, after: UUID | None, limit: int
) -> Sequence[Device]:
    """A user's live sessions, newest login first; `after` is the last id of the page before."""
    statement = (
        select(SessionRow)
        .where(SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None), SessionRow.expires_at > now)
        .order_by(SessionRow.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(SessionRow.id < after)
    return [_device(row) for row in await session.scalars(statement)]


async def lives_at(session: AsyncSession, user_id: UUID, bucket: str, *, now: datetime) -> bool:
    """Whether this address bucket holds a live session of the user: the owner's own place."""
    found: UUID | None = await session.scalar(
        select(SessionRow.id)
        .where(
            SessionRow.user_id == user_id,
            SessionRow.address_bucket == bucket,
            SessionRow.revoked_at.is_(None),
            SessionRow.expires_at > now,
        )
        .limit(1)
    )
    return found is not None


async def owner_of(session: AsyncSession, session_id: UUID) -> UUID | None:
    """Whose session this is or was."""
    owner: UUID | None = await session.scalar(select(SessionRow.user_id).where(SessionRow.id == session_id))
    return owner


async def every_session(session: AsyncSession, user_id: UUID) -> Sequence[Device]:
    """All that is kept of a user's sessions, ended ones too, for the export; at most 1,000, newest first."""
    rows = await session.scalars(
        select(SessionRow).where(SessionRow.user_id == user_id).order_by(SessionRow.id.desc()).limit(1000)
    )
    return [_device(row) for row in rows]


def _device(row: SessionRow) -> Device:
    return Device(row.id, row.device_name, row.user_agent, row.address, row.created_at, row.last_used_at)
