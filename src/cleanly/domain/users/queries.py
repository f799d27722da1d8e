"""Read users as frozen values. An erased user is not found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.users.models import UserRow
from cleanly.domain.users.rules import profile_from_outside
from cleanly.domain.users.schemas import AvatarUrl, Email, Name, User

__all__ = ["AvatarUrl", "Credentials", "Email", "Name", "User", "profile_from_outside"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a login is checked against. `password_hash` never leaves the server."""

    user: User
    password_hash: str | None
    google_subject: str | None


def user_of(row: UserRow) -> User:
    """The value of a living user's row."""
    return User(
        id=row.id,
        email=row.email or "",
        email_verified=row.email_verified_at is not None,
        name=row.name or "",
        avatar_url=row.avatar_url,
        role=row.role,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _credentials(row: UserRow | None) -> Credentials | None:
    return None if row is None else Credentials(user_of(row), row.password_hash, row.google_subject)


async def by_id(session: AsyncSession, user_id: UUID) -> User | None:
    """The user, or None when there is none or it was erased."""
    row = await session.scalar(select(UserRow).where(UserRow.id == user_id, UserRow.deleted_at.is_(None)))
    return None if row is None else user_of(row)


async def credentials_of(session: AsyncSession, user_id: UUID, *, locked: bool = False) -> Credentials | None:
    """For a caller who must prove the password again; `locked`: they stay what they are until the transaction ends."""
    statement = select(UserRow).where(UserRow.id == user_id, UserRow.deleted_at.is_(None))
    return _credentials(await session.scalar(statement.with_for_update(key_share=True) if locked else statement))


async def credentials_by_email(session: AsyncSession, email: str, *, locked: bool = False) -> Credentials | None:
    """For a login; `email` in its normal form. `locked`: as in `credentials_of`."""
    statement = select(UserRow).where(UserRow.email == email)
    return _credentials(await session.scalar(statement.with_for_update(key_share=True) if locked else statement))


# `credentials_by_email` as a part of the one statement that a login begins with; `credentials_in` reads its columns.
FOR_LOGIN = """
    SELECT id, email, email_verified_at, name, avatar_url, role, created_at, updated_at, password_hash, google_subject
    FROM users WHERE email = %(email)s
"""


def credentials_in(found: Sequence[Any]) -> Credentials | None:
    """What `FOR_LOGIN` found; None when its columns are empty, as an outer join leaves them."""
    user_id, email, verified_at, name, avatar_url, role, created_at, updated_at, password_hash, subject = found
    if user_id is None:
        return None
    user = User(
        id=user_id,
        email=email,
        email_verified=verified_at is not None,
        name=name,
        avatar_url=avatar_url,
        role=role,
        created_at=created_at,
        updated_at=updated_at,
    )
    return Credentials(user, password_hash, subject)


async def credentials_by_google(session: AsyncSession, subject: str) -> Credentials | None:
    """For a login with Google, by the `sub` that never changes."""
    return _credentials(await session.scalar(select(UserRow).where(UserRow.google_subject == subject)))


async def joined(session: AsyncSession, *, since: datetime, until: datetime) -> int:
    """How many accounts were made in that time; `until` is not part of it. Reads the whole table."""
    found = await session.scalar(
        select(func.count()).select_from(UserRow).where(UserRow.created_at >= since, UserRow.created_at < until)
    )
    return found or 0


async def admins(session: AsyncSession) -> Sequence[User]:
    """Every administrator."""
    rows = await session.scalars(
        select(UserRow).where(UserRow.role == "admin", UserRow.deleted_at.is_(None)).order_by(UserRow.id).limit(1000)
    )
    return [user_of(row) for row in rows]
