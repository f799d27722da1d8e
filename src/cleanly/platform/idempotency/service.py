"""The table of keys, one statement per function, inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, and_, bindparam, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.platform.idempotency.models import IdempotencyKey
from cleanly.platform.idempotency.rules import Known

SWEEP_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Name:
    """A record's primary key: whose call, to where, under which (hashed) key."""

    owner: str
    route: str
    key: str

    @property
    def text(self) -> str:
        """All of it: what is locked, and what a sealed answer is bound to."""
        return f"idempotency|{self.owner}|{self.route}|{self.key}"

    def binds(self) -> dict[str, Any]:
        """The parameters that find the row."""
        return {"b_owner": self.owner, "b_route": self.route, "b_key": self.key}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a row keeps of a response; `body` is sealed, or None: too large to keep."""

    status: int
    headers: dict[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Life:
    """The moments that a write needs."""

    now: datetime
    ttl: timedelta
    lease: timedelta

    @property
    def expires_at(self) -> datetime:
        """When the row stops counting."""
        return self.now + self.ttl

    @property
    def lease_until(self) -> datetime:
        """When a running flow loses its key."""
        return self.now + self.lease


_KEYS: Table = IdempotencyKey.metadata.tables[IdempotencyKey.__tablename__]
_C = _KEYS.c
_HERE = and_(_C.owner == bindparam("b_owner"), _C.route == bindparam("b_route"), _C.key == bindparam("b_key"))
_LIVE = and_(_HERE, _C.expires_at > bindparam("b_now"))
_ROW = (_C.fingerprint, _C.state, _C.lease_until, _C.resource_id, _C.status, _C.headers, _C.body)
_ONE = select(literal(1).label("one")).subquery("one")
_LOCK = func.pg_try_advisory_xact_lock(func.hashtextextended(bindparam("b_lock"), 0)).label("is_locked")
# The row and the lock in one round trip. The snapshot is older than the lock: a winner that commits between the two
# leaves a lock without a row, which the insert at the end finds out.
_CLAIM = select(_LOCK, *_ROW).select_from(_ONE.outerjoin(_KEYS, _LIVE))
_LOOK = select(*_ROW).where(_LIVE)
_OWN_LEASE = and_(_HERE, _C.state == "running", _C.lease_until == bindparam("b_lease"))

_new = insert(_KEYS)
# An expired row counts as absent, swept or not.
_ADD = _new.on_conflict_do_update(
    index_elements=[_C.owner, _C.route, _C.key],
    set_={column.name: _new.excluded[column.name] for column in _C if not column.primary_key},
    where=_C.expires_at <= bindparam("b_now"),
).returning(literal(1))
_FINISH = (
    update(_KEYS)
    .where(_OWN_LEASE)
    .values(
        state="done",
        lease_until=None,
        status=bindparam("b_status"),
        headers=bindparam("b_headers", type_=_C.headers.type),
        body=bindparam("b_body"),
        expires_at=bindparam("b_expires"),
    )
    .returning(literal(1))
)
# A lease that moves takes the row's end with it: what runs is never swept.
_LEASE = (
    update(_KEYS)
    .where(_OWN_LEASE)
    .values(lease_until=bindparam("b_until"), expires_at=bindparam("b_expires"))
    .returning(literal(1))
)
# Named, so that it runs once: a join may ask a subquery again, which then skips what is deleted already and finds more.
_EXPIRED = (
    select(_C.owner, _C.route, _C.key)
    .where(_C.expires_at <= bindparam("b_now"))
    .order_by(_C.expires_at)
    .limit(SWEEP_BATCH)
    .with_for_update(skip_locked=True)
    .cte("expired")
)
_SWEEP = delete(_KEYS).where(tuple_(_C.owner, _C.route, _C.key).in_(select(_EXPIRED))).returning(literal(1))


async def claim(session: AsyncSession, name: Name, *, now: datetime) -> tuple[bool, Known | None]:
    """Lock the name until this transaction ends, and find its row: (whether the lock was free, the row)."""
    binds = name.binds() | {"b_lock": name.text, "b_now": now}
    row = (await session.execute(_CLAIM, binds)).one()
    return bool(row.is_locked), _known(row)


async def look(session: AsyncSession, name: Name, *, now: datetime) -> Known | None:
    """Find the row, without the lock."""
    row = (await session.execute(_LOOK, name.binds() | {"b_now": now})).one_or_none()
    return None if row is None else _known(row)


async def add_answer(
    session: AsyncSession, name: Name, answer: Answer, *, fingerprint: bytes, resource_id: UUID | None, life: Life
) -> bool:
    """Store an answer. False: there is a row already."""
    values = {
        "state": "done",
        "lease_until": None,
        "status": answer.status,
        "headers": answer.headers,
        "body": answer.body,
        "resource_id": resource_id,
    }
    return await _add(session, name, fingerprint, values, life)


async def add_running(session: AsyncSession, name: Name, resource_id: UUID, *, fingerprint: bytes, life: Life) -> bool:
    """Store that a flow has begun to work on this resource. False: there is a row already."""
    values: dict[str, Any] = {
        "state": "running",
        "lease_until": life.lease_until,
        "status": None,
        "headers": {},
        "body": None,
        "resource_id": resource_id,
    }
    return await _add(session, name, fingerprint, values, life)


async def _add(session: AsyncSession, name: Name, fingerprint: bytes, values: dict[str, Any], life: Life) -> bool:
    values = values | {
        "owner": name.owner,
        "route": name.route,
        "key": name.key,
        "fingerprint": fingerprint,
        "created_at": life.now,
        "expires_at": life.expires_at,
        "b_now": life.now,
    }
    return (await session.execute(_ADD, values)).first() is not None


async def finish(session: AsyncSession, name: Name, answer: Answer, *, lease: datetime, life: Life) -> bool:
    """Turn the running row under this lease into an answer. False: the lease is another's by now."""
    binds = name.binds() | {
        "b_lease": lease,
        "b_status": answer.status,
        "b_headers": answer.headers,
        "b_body": answer.body,
        "b_expires": life.expires_at,
    }
    return (await session.execute(_FINISH, binds)).first() is not None


async def move_lease(session: AsyncSession, name: Name, *, lease: datetime, until: datetime, life: Life) -> bool:
    """Take over, or let go of, the running row under this lease. False: the lease is another's by now."""
    binds = name.binds() | {"b_lease": lease, "b_until": until, "b_expires": life.expires_at}
    return (await session.execute(_LEASE, binds)).first() is not None


async def sweep(session: AsyncSession, *, now: datetime) -> int:
    """Delete expired rows, one batch. Returns how many."""
    return len((await session.execute(_SWEEP, {"b_now": now})).all())


def _known(row: Row[*tuple[Any, ...]]) -> Known | None:
    if row.fingerprint is None:
        return None
    return Known(
        fingerprint=bytes(row.fingerprint),
        state=row.state,
        lease_until=row.lease_until,
        resource_id=row.resource_id,
        status=row.status,
        headers=row.headers,
        body=row.body,
    )
