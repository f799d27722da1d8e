"""Write users, inside the caller's transaction. Every change forgets the cached profile once it is committed."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.users.errors import EmailTaken
from cleanly.domain.users.models import UserRow
from cleanly.domain.users.queries import User, user_of
from cleanly.kernel.db import after_commit
from cleanly.kernel.errors import Conflict, NotFound
from cleanly.kernel.ids import new_id, text_of
from cleanly.platform.cache.service import Cache


def cache_key(user_id: UUID) -> str:
    """Where the serialised profile is cached."""
    return f"user:{text_of(user_id)}"


async def create(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    password_hash: str | None,
    now: datetime,
    google_subject: str | None = None,
    is_verified: bool = False,
    avatar_url: str | None = None,
) -> User:
    """Add a user; `email` and `name` in their normal forms.

    Raises:
        EmailTaken: also when two register at once: the unique index decides.
    """
    row = await session.scalar(
        insert(UserRow)
        .values(
            id=new_id(),
            email=email,
            name=name,
            password_hash=password_hash,
            google_subject=google_subject,
            avatar_url=avatar_url,
            email_verified_at=now if is_verified else None,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(UserRow)
    )
    if row is None:
        raise EmailTaken
    return user_of(row)


async def change(
    session: AsyncSession,
    cache: Cache,
    user_id: UUID,
    *,
    now: datetime,
    unless_changed_since: datetime | None = None,
    **values: str | datetime | None,
) -> User:
    """Set columns of a living user and return the new state.

    Raises:
        NotFound: no such user. EmailTaken: the new e-mail is another's.
        Conflict: `unless_changed_since` is given and the row is newer (If-Match).
    """
    statement = update(UserRow).where(UserRow.id == user_id, UserRow.deleted_at.is_(None))
    if unless_changed_since is not None:
        statement = statement.where(UserRow.updated_at == unless_changed_since)
    try:
        row = await session.scalar(statement.values(updated_at=now, **values).returning(UserRow))
    except IntegrityError as error:
        raise EmailTaken from error
    if row is None:
        raise Conflict if unless_changed_since is not None else NotFound
    after_commit(session, partial(cache.forget, cache_key(user_id)))
    return user_of(row)


async def set_password(session: AsyncSession, user_id: UUID, password_hash: str, *, now: datetime) -> None:
    """Replace the password's hash.

    Raises:
        NotFound: no such user.
    """
    changed: UUID | None = await session.scalar(
        update(UserRow)
        .where(UserRow.id == user_id, UserRow.deleted_at.is_(None))
        .values(password_hash=password_hash, updated_at=now)
        .returning(UserRow.id)
    )
    if changed is None:
        raise NotFound


async def rehash(session: AsyncSession, user_id: UUID, *, old: str, new: str) -> None:
    """Store the same password under today's parameters, unless it was changed meanwhile."""
    await session.execute(
        update(UserRow).where(UserRow.id == user_id, UserRow.password_hash == old).values(password_hash=new)
    )


async def set_role(session: AsyncSession, cache: Cache, user_id: UUID, role: str, *, now: datetime) -> User:
    """Make somebody an admin, or a plain user again.

    Raises:
        NotFound: no such user.
    """
    return await change(session, cache, user_id, now=now, role=role)


async def erase(session: AsyncSession, cache: Cache, user_id: UUID, *, now: datetime) -> bool:
    """Remove the personal data in place and free the e-mail; False if it was done before."""
    gone: Mapping[str, Any] = {
        "email": None,
        "password_hash": None,
        "name": None,
        "avatar_url": None,
        "google_subject": None,
        "email_verified_at": None,
        "role": "user",
        "deleted_at": now,
        "updated_at": now,
    }
    erased: UUID | None = await session.scalar(
        update(UserRow).where(UserRow.id == user_id, UserRow.deleted_at.is_(None)).values(gone).returning(UserRow.id)
    )
    after_commit(session, partial(cache.forget, cache_key(user_id)))
    return erased is not None


async def lock(session: AsyncSession, user_id: UUID) -> bool:
    """Keep the row, erased or not, from changing until the transaction ends; False: there is none.

    A login that is under way has opened its session before this, or finds out afterwards what became of the user.
    """
    statement = select(UserRow.id).where(UserRow.id == user_id).with_for_update(key_share=True)
    return await session.scalar(statement) is not None
