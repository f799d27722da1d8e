"""One transaction's worth of work on endpoints: make, change, rotate, switch off, take away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.errors import Conflict, NotFound
from cleanly.kernel.etags import etag_matches, etag_of
from cleanly.kernel.ids import new_id
from cleanly.kernel.messages import Tick
from cleanly.platform.jobs import service as jobs
from cleanly.platform.webhooks.outbound import signing
from cleanly.platform.webhooks.outbound.endpoints import queries, rules
from cleanly.platform.webhooks.outbound.endpoints.queries import Endpoint
from cleanly.platform.webhooks.outbound.endpoints.schemas import EndpointIn
from cleanly.platform.webhooks.outbound.endpoints.vault import KeyVault
from cleanly.platform.webhooks.outbound.errors import TooManyEndpoints
from cleanly.platform.webhooks.outbound.messages import SETTLE
from cleanly.platform.webhooks.outbound.models import EndpointRow, SecretRow
from cleanly.platform.webhooks.outbound.rules import DisabledReason, KeyKind

__all__ = ["KeyVault", "Made", "change", "create", "disable", "etag", "forget_account", "remove", "rotate"]

_HEALTHY: Mapping[str, Any] = {"first_failure_at": None, "last_failure_at": None, "failures": 0, "told": 0}
_ON: Mapping[str, Any] = {"disabled_at": None, "disabled_reason": None}


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint with the secret of its new key; None if the key is a pair, whose private half nobody is told."""

    endpoint: Endpoint
    secret: str | None


def etag(endpoint: Endpoint) -> str:
    """Names the settings: how the endpoint does may change under the same tag."""
    return etag_of(f"{endpoint.id}:{endpoint.revision}".encode())


async def create(
    session: AsyncSession, vault: KeyVault, new: EndpointIn, *, account_id: UUID, endpoints_max: int, now: datetime
) -> Made:
    """Add an endpoint with its first key.

    Raises:
        TooManyEndpoints: the account has `endpoints_max`.
    """
    # Two that come at once would both see room for one.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(account_id), 0))))
    count = await session.scalar(
        select(func.count()).select_from(EndpointRow).where(EndpointRow.account_id == account_id)
    )
    if (count or 0) >= endpoints_max:
        raise TooManyEndpoints(f"An account has at most {endpoints_max} endpoints")
    endpoint_id = new_id()
    await session.execute(
        insert(EndpointRow).values(
            id=endpoint_id,
            account_id=account_id,
            url=new.url,
            description=new.description,
            event_types=list(new.event_types),
            rate_per_minute=new.rate_per_minute,
            ordered=new.ordered,
            created_at=now,
            updated_at=now,
            disabled_at=None if new.enabled else now,
            disabled_reason=None if new.enabled else "owner",
        )
    )
    secret = await _add_key(session, vault, endpoint_id, new.signature, now=now)
    return Made(await _read(session, endpoint_id, account_id), secret)


async def _add_key(
    session: AsyncSession, vault: KeyVault, endpoint_id: UUID, kind: KeyKind, *, now: datetime
) -> str | None:
    text = signing.new_secret() if kind == "v1" else signing.new_private_key()
    key = signing.read_signing_key(text)
    is_pair = isinstance(key, signing.PrivateKey)
    await session.execute(
        insert(SecretRow).values(
            id=new_id(),
            endpoint_id=endpoint_id,
            kind=kind,
            sealed=vault.close(endpoint_id, text),
            public_key=str(key.public) if isinstance(key, signing.PrivateKey) else None,
            created_at=now,
        )
    )
    return None if is_pair else text


async def _read(session: AsyncSession, endpoint_id: UUID, account_id: UUID) -> Endpoint:
    endpoint = await queries.find(session, endpoint_id, account_id=account_id)
    if endpoint is None:
        raise NotFound
    return endpoint


async def _locked(session: AsyncSession, endpoint_id: UUID, account_id: UUID, if_match: str | None) -> EndpointRow:
    row = await session.scalar(
        select(EndpointRow)
        .where(EndpointRow.id == endpoint_id, EndpointRow.account_id == account_id)
        .with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound
    if if_match is not None and not etag_matches(if_match, etag(queries.endpoint_of(row, ()))):
        raise Conflict
    return row


async def change(
    session: AsyncSession,
    endpoint_id: UUID,
    values: Mapping[str, Any],
    *,
    account_id: UUID,
    if_match: str | None,
    is_tested: bool,
    now: datetime,
) -> Endpoint:
    """Set columns by their names, and `enabled`. What we switched off goes on only if it `is_tested`.

    Raises:
        NotFound: none of the account's. Conflict: changed since it was read, or switched off since it was judged.
    """
    row = await _locked(session, endpoint_id, account_id, if_match)
    wanted = dict(values)
    enabled = wanted.pop("enabled", None)
    if wanted.get("url", row.url) != row.url:  # how the old address did says nothing of the new one
        wanted |= _HEALTHY
    if enabled and row.disabled_at is not None:
        if row.disabled_reason != "owner" and not is_tested:
            raise Conflict
        wanted |= {**_ON, **_HEALTHY}
        if is_tested:
            wanted["last_success_at"] = now
    elif enabled is False and row.disabled_at is None:
        wanted |= {"disabled_at": now, "disabled_reason": "owner"}
        await _settle_soon(session, now)
    for name, value in wanted.items():
        setattr(row, name, list(value) if name == "event_types" else value)
    row.revision += 1
    row.updated_at = now
    await session.flush()
    return await _read(session, endpoint_id, account_id)


async def rotate(
    session: AsyncSession,
    vault: KeyVault,
    endpoint_id: UUID,
    *,
    account_id: UUID,
    overlap: timedelta,
    now: datetime,
) -> Made:
    """A new key of the same kind; those until now sign for `overlap` more, and no longer than they would have.

    Of more than `rules.KEYS_MAX` keys the oldest ends at once.

    Raises:
        NotFound: none of the account's.
    """
    row = await _locked(session, endpoint_id, account_id, None)
    newest = await session.scalar(
        select(SecretRow.kind)
        .where(SecretRow.endpoint_id == endpoint_id)
        .order_by(SecretRow.created_at.desc(), SecretRow.id.desc())
        .limit(1)
    )
    ends_at = now + overlap
    await session.execute(delete(SecretRow).where(SecretRow.endpoint_id == endpoint_id, SecretRow.ends_at <= now))
    await session.execute(
        update(SecretRow)
        .where(SecretRow.endpoint_id == endpoint_id)
        .values(ends_at=func.least(func.coalesce(SecretRow.ends_at, ends_at), ends_at))
    )
    beyond = (
        select(SecretRow.id)
        .where(SecretRow.endpoint_id == endpoint_id)
        .order_by(SecretRow.created_at.desc(), SecretRow.id.desc())
        .offset(rules.KEYS_MAX - 1 if overlap > timedelta() else 0)
    )
    await session.execute(delete(SecretRow).where(SecretRow.id.in_(beyond.scalar_subquery())))
    secret = await _add_key(session, vault, endpoint_id, "v1a" if newest == "v1a" else "v1", now=now)
    row.revision += 1
    row.updated_at = now
    await session.flush()
    return Made(await _read(session, endpoint_id, account_id), secret)


async def remove(
    session: AsyncSession, endpoint_id: UUID, *, account_id: UUID, if_match: str | None, now: datetime
) -> None:
    """Take it away with its keys. What was tried stays to be looked at; what waits is skipped.

    Raises:
        NotFound: none of the account's. Conflict: changed since it was read.
    """
    row = await _locked(session, endpoint_id, account_id, if_match)
    await session.delete(row)
    await _settle_soon(session, now)


async def disable(session: AsyncSession, endpoint_id: UUID, reason: DisabledReason, *, now: datetime) -> bool:
    """Switch it off; False if it is off, or gone, already."""
    changed: UUID | None = await session.scalar(
        update(EndpointRow)
        .where(EndpointRow.id == endpoint_id, EndpointRow.disabled_at.is_(None))
        .values(disabled_at=now, disabled_reason=reason, updated_at=now, revision=EndpointRow.revision + 1)
        .returning(EndpointRow.id)
    )
    if changed is not None:
        await _settle_soon(session, now)
    return changed is not None


async def _settle_soon(session: AsyncSession, now: datetime) -> None:
    await jobs.enqueue(session, SETTLE, Tick(due_at=rfc3339(now)))


async def forget_account(session: AsyncSession, account_id: UUID) -> None:
    """Take away every endpoint of an account, with the keys."""
    await session.execute(delete(EndpointRow).where(EndpointRow.account_id == account_id))
