"""Write what a user may use, in the commit that changes what was bought."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.entitlements import rules
from cleanly.domain.entitlements.models import EntitlementRow
from cleanly.domain.entitlements.rules import Source
from cleanly.kernel.db import after_commit
from cleanly.kernel.ids import new_id, text_of
from cleanly.platform.cache.service import Cache


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be used: a product, from when, and until when; None: for good."""

    product_id: UUID
    starts_at: datetime
    until: datetime | None


def bought(product_id: UUID, at: datetime, *, access_days: int | None, quantity: int) -> Grant:
    """What something that was bought once grants: for so many days a piece, or for good."""
    return Grant(product_id, at, rules.bought_until(at, access_days=access_days, quantity=quantity))


def cache_key(user_id: UUID) -> str:
    """Where the serialised answer is cached."""
    return f"entitlements:{text_of(user_id)}"


async def entitle(
    session: AsyncSession,
    cache: Cache,
    *,
    user_id: UUID,
    source: Source,
    source_id: UUID,
    grant: Grant | None,
    now: datetime,
) -> None:
    """This source entitles to this and to nothing else; None: to nothing. The same again is nothing.

    The source's row must be locked: it says the same to all.
    """
    feature = None if grant is None else str(grant.product_id)
    ended = update(EntitlementRow).where(EntitlementRow.source_id == source_id, EntitlementRow.revoked_at.is_(None))
    ended = ended.where(EntitlementRow.user_id == user_id)
    if feature is not None:
        ended = ended.where(EntitlementRow.feature != feature)
    await session.execute(ended.values(revoked_at=now, updated_at=now))
    if grant is not None:
        written = insert(EntitlementRow).values(
            id=new_id(),
            user_id=user_id,
            feature=feature,
            source=source,
            source_id=source_id,
            starts_at=grant.starts_at,
            ends_at=grant.until,
            updated_at=now,
        )
        await session.execute(
            written.on_conflict_do_update(
                constraint="entitlements_user_id_feature_source_id_key",
                set_={"ends_at": grant.until, "revoked_at": None, "updated_at": now},
                where=or_(EntitlementRow.ends_at.is_distinct_from(grant.until), EntitlementRow.revoked_at.is_not(None)),
            )
        )
    after_commit(session, partial(cache.forget, cache_key(user_id)))


async def forget_person(session: AsyncSession, cache: Cache, user_id: UUID) -> int:
    """Nobody uses anything any more; how many there were."""
    gone = await session.scalars(
        delete(EntitlementRow).where(EntitlementRow.user_id == user_id).returning(EntitlementRow.id)
    )
    after_commit(session, partial(cache.forget, cache_key(user_id)))
    return len(gone.all())
