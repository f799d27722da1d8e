"""Count failed logins, inside the caller's transaction."""

from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth.attempts.models import LoginFailuresRow
from cleanly.domain.auth.sessions.rules import login_delay_seconds
from cleanly.kernel.crypto import sha256

FORGOTTEN_AFTER = timedelta(hours=24)


def account_of(email: str) -> bytes:
    """The key of an account's failures; `email` in its normal form."""
    return sha256(b"login failures\0" + email.encode())


# What is counted against an account, as a part of the one statement that a login begins with: how many wrong passwords
# of late, and when the account may be tried again if it ever had to wait.
COUNTED = "SELECT failures, blocked_until FROM login_failures WHERE account = %(account)s"


async def note_failure(session: AsyncSession, email: str, *, now: datetime) -> None:
    """One more wrong password; from the fifth on the account waits, from 30 s up to an hour."""
    account = account_of(email)
    is_old = LoginFailuresRow.updated_at < now - FORGOTTEN_AFTER
    failures: int = (
        await session.execute(
            insert(LoginFailuresRow)
            .values(account=account, failures=1, updated_at=now)
            .on_conflict_do_update(
                index_elements=["account"],
                set_={
                    "failures": case((is_old, 1), else_=LoginFailuresRow.failures + 1),
                    "updated_at": now,
                },
            )
            .returning(LoginFailuresRow.failures)
        )
    ).scalar_one()
    if delay := login_delay_seconds(failures):
        await session.execute(
            update(LoginFailuresRow)
            .where(LoginFailuresRow.account == account)
            .values(blocked_until=now + timedelta(seconds=delay))
        )


async def clear(session: AsyncSession, email: str) -> None:
    """The owner is in: forget the failures."""
    await session.execute(delete(LoginFailuresRow).where(LoginFailuresRow.account == account_of(email)))


async def sweep(session: AsyncSession, *, now: datetime, batch: int) -> int:
    """Delete counts that no longer matter; returns how many, at most `batch`."""
    old = (
        select(LoginFailuresRow.account)
        .where(LoginFailuresRow.updated_at < now - FORGOTTEN_AFTER)
        .order_by(LoginFailuresRow.updated_at)
        .limit(batch)
    )
    gone = await session.scalars(
        delete(LoginFailuresRow)
        .where(LoginFailuresRow.account.in_(old.scalar_subquery()))
        .returning(LoginFailuresRow.account)
    )
    return len(gone.all())
