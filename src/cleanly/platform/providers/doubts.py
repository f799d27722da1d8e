"""Outgoing calls of which nobody knows whether they happened: how many, and since when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.providers.models import ProviderCallRow

FOUND_MAX = 1000
# Word for word as the index of open calls has it: a parameter would hide from the planner that they agree.
_IS_OPEN = text("provider_calls.state IN ('started', 'unknown')")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A call in doubt, on a subject of ours."""

    provider: str
    operation: str
    subject_id: UUID
    since: datetime


async def unknown(session: AsyncSession, operations: Collection[str]) -> list[Doubt]:
    """Calls of these operations whose outcome is unknown, the oldest first; at most 1,000."""
    rows = await session.execute(
        select(
            ProviderCallRow.provider,
            ProviderCallRow.operation,
            ProviderCallRow.subject_id,
            ProviderCallRow.started_at,
        )
        .where(_IS_OPEN, ProviderCallRow.state == "unknown", ProviderCallRow.operation.in_(operations))
        .order_by(ProviderCallRow.started_at)
        .limit(FOUND_MAX)
    )
    return [Doubt(*row) for row in rows]
