"""One-time links, inside the caller's transaction: made, looked at, used up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth.links.models import LinkRow
from cleanly.kernel.crypto import new_secret, sha256

LINK_LIFE = timedelta(hours=1)
Purpose = Literal["verify_email", "reset_password"]


@dataclass(frozen=True, slots=True)
class Link:
    """Whose link it is, and the address it was sent to."""

    user_id: UUID
    email: str


async def make(session: AsyncSession, user_id: UUID, purpose: Purpose, *, email: str, now: datetime) -> str:
    """A new token of 256 random bits, good for an hour and for one use. Only its hash is stored."""
    token = new_secret()
    await session.execute(
        insert(LinkRow).values(
            token_hash=sha256(token.encode()),
            user_id=user_id,
            purpose=purpose,
            email=email,
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    return token


async def look(session: AsyncSession, token: str, purpose: Purpose, *, now: datetime) -> Link | None:
    """What the token is good for, without using it."""
    row = (
        await session.execute(
            select(LinkRow.user_id, LinkRow.email).where(
                LinkRow.token_hash == sha256(token.encode()),
                LinkRow.purpose == purpose,
                LinkRow.used_at.is_(None),
                LinkRow.expires_at > now,
            )
        )
    ).one_or_none()
    return None if row is None else Link(row.user_id, row.email)


async def use(session: AsyncSession, token: str, purpose: Purpose, *, now: datetime) -> Link | None:
    """Use the token up: one statement, so of two that race one wins."""
    row = (
        await session.execute(
            update(LinkRow)
            .where(
                LinkRow.token_hash == sha256(token.encode()),
                LinkRow.purpose == purpose,
                LinkRow.used_at.is_(None),
                LinkRow.expires_at > now,
            )
            .values(used_at=now)
            .returning(LinkRow.user_id, LinkRow.email)
        )
    ).one_or_none()
    return None if row is None else Link(row.user_id, row.email)


async def forget(session: AsyncSession, user_id: UUID, purpose: Purpose | None = None) -> None:
    """Make a user's open links worthless: all, or those of one purpose."""
    statement = delete(LinkRow).where(LinkRow.user_id == user_id)
    if purpose is not None:
        statement = statement.where(LinkRow.purpose == purpose)
    await session.execute(statement)


async def sweep(session: AsyncSession, *, now: datetime, batch: int) -> int:
    """Delete links that are over; returns how many, at most `batch`."""
    over = select(LinkRow.token_hash).where(LinkRow.expires_at < now).order_by(LinkRow.expires_at).limit(batch)
    gone = await session.scalars(
        delete(LinkRow).where(LinkRow.token_hash.in_(over.scalar_subquery())).returning(LinkRow.token_hash)
    )
    return len(gone.all())
