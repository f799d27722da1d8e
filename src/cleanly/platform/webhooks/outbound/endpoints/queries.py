"""Read endpoints as frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.webhooks.outbound.models import EndpointRow, SecretRow
from cleanly.platform.webhooks.outbound.rules import DisabledReason, KeyKind


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be told of a signing key. `ends_at`: None of the newest; the others sign until then."""

    kind: KeyKind
    public_key: str | None
    created_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an account wants its messages, what it hears of, and how it does. `keys`: the newest first."""

    id: UUID
    account_id: UUID
    url: str
    description: str
    event_types: tuple[str, ...]
    rate_per_minute: int | None
    ordered: bool
    revision: int
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    first_failure_at: datetime | None
    last_failure_at: datetime | None
    failures: int
    last_success_at: datetime | None
    keys: tuple[KeyInfo, ...]

    @property
    def is_on(self) -> bool:
        """Whether it is sent to."""
        return self.disabled_at is None

    @property
    def needs_a_test(self) -> bool:
        """Whether we switched it off: then only a good test switches it on."""
        return self.disabled_reason in {"failing", "gone"}


_PLAIN = tuple(name for name in Endpoint.__dataclass_fields__ if name not in {"event_types", "keys"})


def endpoint_of(row: EndpointRow, keys: Sequence[KeyInfo]) -> Endpoint:
    """The value of a row."""
    values: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    return Endpoint(event_types=tuple(row.event_types), keys=tuple(keys), **values)


async def find(session: AsyncSession, endpoint_id: UUID, *, account_id: UUID) -> Endpoint | None:
    """The account's endpoint; None if there is none, or it is another's."""
    row = await session.scalar(
        select(EndpointRow).where(EndpointRow.id == endpoint_id, EndpointRow.account_id == account_id)
    )
    if row is None:
        return None
    return endpoint_of(row, (await _keys(session, [row.id])).get(row.id, ()))


async def of_account(
    session: AsyncSession, account_id: UUID, *, after_id: UUID | None = None, limit: int = 100
) -> list[Endpoint]:
    """In the order in which they were made."""
    query = select(EndpointRow).where(EndpointRow.account_id == account_id)
    if after_id is not None:
        query = query.where(EndpointRow.id > after_id)
    rows = (await session.scalars(query.order_by(EndpointRow.id).limit(limit))).all()
    keys = await _keys(session, [row.id for row in rows])
    return [endpoint_of(row, keys.get(row.id, ())) for row in rows]


async def _keys(session: AsyncSession, endpoint_ids: Sequence[UUID]) -> dict[UUID, list[KeyInfo]]:
    found: dict[UUID, list[KeyInfo]] = {}
    rows = await session.scalars(
        select(SecretRow)
        .where(SecretRow.endpoint_id.in_(endpoint_ids))
        .order_by(SecretRow.created_at.desc(), SecretRow.id.desc())
    )
    for row in rows:
        key = KeyInfo(cast("KeyKind", row.kind), row.public_key, row.created_at, row.ends_at)
        found.setdefault(row.endpoint_id, []).append(key)
    return found
