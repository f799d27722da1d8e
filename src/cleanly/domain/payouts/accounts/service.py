"""Sellers' accounts, inside the caller's transaction. Only by `apply` does a provider's word change one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.accounts import queries, rules, telling
from cleanly.domain.payouts.accounts.models import PayoutAccountRow
from cleanly.domain.payouts.accounts.queries import PayoutAccount, account_of
from cleanly.domain.users import queries as users
from cleanly.kernel.errors import Conflict, NotFound
from cleanly.kernel.principal import SYSTEM, Caller, Origin
from cleanly.platform.providers.protocol_sellers import AccountSnapshot

_TRIES_MAX = 3


class NotThisAccount(Exception):
    """What the provider shows is another seller's account: nothing is written, a person decides."""


@dataclass(frozen=True, slots=True)
class New:
    """What a seller asks for. `payee`: for a provider that has no accounts of its own."""

    provider: str
    provider_account: str
    country: str
    payee: str | None


async def begin(
    session: AsyncSession, account_id: UUID, caller: Caller, new: New, *, now: datetime, origin: Origin
) -> PayoutAccount:
    """The seller's account in use at this provider, or a new row. One that is closed there makes room for a new one.

    Raises:
        Conflict: there is one with another country or payee. NotFound: no such user.
    """
    user = await users.by_id(session, caller.user_id)
    if user is None:
        raise NotFound
    for _ in range(_TRIES_MAX):
        if (found := await _usable(session, caller.user_id, new, now=now)) is not None:
            return found
        values = {
            "id": account_id,
            "seller_id": caller.user_id,
            "provider": new.provider,
            "provider_account": new.provider_account,
            "country": new.country,
            "email": user.email,
            "payee": new.payee,
            "state": "pending",
            "is_default": not await _has_default(session, caller.user_id),
            "verified_at": now if new.payee == user.email and user.email_verified else None,
            "created_at": now,
            "updated_at": now,
        }
        # Of two at the same moment one is first: for one provider it is the other's too, for two both stay.
        row = await session.scalar(
            insert(PayoutAccountRow).values(values).on_conflict_do_nothing().returning(PayoutAccountRow)
        )
        if row is not None:
            details = {"provider": new.provider, "country": new.country}
            await telling.note(session, "payout_account.created", row, now=now, origin=origin, by=caller, **details)
            return account_of(row)
    raise Conflict


async def _usable(session: AsyncSession, seller_id: UUID, new: New, *, now: datetime) -> PayoutAccount | None:
    row = await session.scalar(
        select(PayoutAccountRow)
        .where(
            PayoutAccountRow.seller_id == seller_id,
            PayoutAccountRow.provider == new.provider,
            PayoutAccountRow.ended_at.is_(None),
        )
        .with_for_update()
    )
    if row is None:
        return None
    if row.state == "disabled":
        # It can't be brought back there. Its row stays: payouts point to it, and its destination is remembered.
        row.ended_at = row.updated_at = now
        await session.flush()
        return None
    if (row.country, row.payee) != (new.country, new.payee):
        raise Conflict("There is one here with another country or payee", details={"id": str(row.id)})
    return account_of(row)


async def lock(session: AsyncSession, account_id: UUID) -> PayoutAccount:
    """The account as it stands, kept so until the transaction ends.

    Raises:
        NotFound: no such account.
    """
    return account_of(await _lock(session, account_id))


async def apply(
    session: AsyncSession, account_id: UUID, seen: AccountSnapshot, *, revision: int, now: datetime
) -> PayoutAccount | None:
    """Carry out what a snapshot means. None: somebody else applied one since it was asked for, so it is stale.

    Raises:
        NotFound: no such account. NotThisAccount: it shows another.
    """
    row = await _lock(session, account_id)
    if row.revision != revision:
        return None
    if seen.our_id not in {None, row.id} or row.reference not in {None, seen.reference}:
        raise NotThisAccount(f"{seen.provider}:{seen.reference} is not {row.reference or row.id}")
    row.revision += 1
    row.looked_at = now
    if row.ended_at is not None:
        return account_of(row)
    await _take_over(session, row, seen, now=now, origin=SYSTEM, by=None)
    await session.flush()
    return account_of(row)


async def change_payee(
    session: AsyncSession,
    account_id: UUID,
    payee: str,
    seen: AccountSnapshot,
    *,
    now: datetime,
    caller: Caller,
    origin: Origin,
) -> PayoutAccount:
    """Send the seller's money elsewhere from now on. `seen`: the new payee, as the provider's adapter tells it.

    Raises:
        NotFound: no such account in use.
    """
    row = await _lock(session, account_id)
    if row.ended_at is not None:
        raise NotFound
    if row.payee == payee:
        return account_of(row)
    user = await users.by_id(session, row.seller_id)
    row.payee, row.reference = payee, seen.reference
    row.revision += 1
    row.looked_at = now
    row.verified_at = now if user is not None and user.email_verified and user.email == payee else None
    await _take_over(session, row, seen, now=now, origin=origin, by=caller)
    await session.flush()
    return account_of(row)


async def make_default(
    session: AsyncSession, account_id: UUID, *, now: datetime, caller: Caller, origin: Origin
) -> PayoutAccount:
    """Payouts go by this account from now on.

    Raises:
        NotFound: no such account in use.
    """
    row = await _lock(session, account_id)
    if row.ended_at is not None:
        raise NotFound
    if not row.is_default:
        await session.execute(
            update(PayoutAccountRow)
            .where(PayoutAccountRow.seller_id == row.seller_id, PayoutAccountRow.is_default)
            .values(is_default=False, updated_at=now)
        )
        row.is_default, row.updated_at = True, now
        await session.flush()
        await telling.note(session, "payout_account.made_default", row, now=now, origin=origin, by=caller)
    return account_of(row)


async def give_up(session: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """The provider refused to open it: its row makes room, so that the seller may ask again with other words."""
    row = await _lock(session, account_id)
    if row.reference is None and row.ended_at is None:
        row.state, row.ended_at, row.updated_at = "disabled", now, now


async def note_paid(session: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """A payout arrived there: somebody receives what is sent."""
    await session.execute(
        update(PayoutAccountRow)
        .where(PayoutAccountRow.id == account_id, PayoutAccountRow.verified_at.is_(None))
        .values(verified_at=now)
    )


async def forget_person(session: AsyncSession, seller_id: UUID, *, now: datetime) -> None:
    """Give up a person's accounts and blank what tells who it was; that money went out stays."""
    await session.execute(
        update(PayoutAccountRow)
        .where(PayoutAccountRow.seller_id == seller_id, PayoutAccountRow.ended_at.is_(None))
        .values(state="disabled", payouts_enabled=False, ended_at=now, updated_at=now)
    )
    await session.execute(
        update(PayoutAccountRow)
        .where(PayoutAccountRow.seller_id == seller_id, PayoutAccountRow.payee.is_not(None))
        .values(reference=None)
    )
    blank: dict[str, object] = {"email": None, "payee": None, "destination_last4": None, "requirements": []}
    await session.execute(update(PayoutAccountRow).where(PayoutAccountRow.seller_id == seller_id).values(blank))


async def _lock(session: AsyncSession, account_id: UUID) -> PayoutAccountRow:
    row = await session.scalar(
        select(PayoutAccountRow).where(PayoutAccountRow.id == account_id).with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound
    return row


async def _has_default(session: AsyncSession, seller_id: UUID) -> bool:
    found: bool | None = await session.scalar(
        select(
            exists().where(
                PayoutAccountRow.seller_id == seller_id,
                PayoutAccountRow.is_default,
                PayoutAccountRow.ended_at.is_(None),
            )
        )
    )
    return bool(found)


async def _take_over(
    session: AsyncSession,
    row: PayoutAccountRow,
    seen: AccountSnapshot,
    *,
    now: datetime,
    origin: Origin,
    by: Caller | None,
) -> None:
    before = telling.visible(row)
    known = rules.Known(
        was_enabled=row.enabled_at is not None,
        fingerprint=row.destination_fingerprint,
        changed_at=row.destination_changed_at,
        is_sellers_first=not await queries.has_destination(session, row.seller_id),
    )
    was, row.state = row.state, rules.judge(known, seen)
    has_moved = rules.is_changed(known, seen.destination)
    row.reference = seen.reference
    row.charges_enabled, row.payouts_enabled = seen.charges_enabled, seen.payouts_enabled
    row.requirements = list(seen.requirements[: rules.REQUIREMENTS_MAX])
    row.disabled_reason = seen.disabled_reason
    row.destination_changed_at = rules.changed_at(known, seen.destination, now=now)
    if seen.destination is not None:
        row.destination_last4 = seen.destination.last4
        row.destination_fingerprint = seen.destination.fingerprint
    if row.state == "enabled":
        row.enabled_at = row.enabled_at or now
        # A provider with onboarding has looked at who it is; a bare payee is only somebody's word.
        row.verified_at = row.verified_at or (None if row.payee is not None else now)
    if telling.visible(row) == before:
        return
    row.updated_at = now
    await session.flush()
    if row.state != was:
        await telling.note(session, f"payout_account.{row.state}", row, now=now, origin=origin, by=by)
    if has_moved:
        await telling.note(session, "payout_account.destination_changed", row, now=now, origin=origin, by=by)
        if row.destination_changed_at is not None:  # not for the first that there ever was
            await telling.warn(session, row)
    await telling.publish(session, row, has_moved=has_moved, now=now)
