"""Who is told that a seller's account has changed: the audit record, and subscribers of outbound webhooks."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payouts.accounts import messages
from cleanly.domain.payouts.accounts.models import PayoutAccountRow
from cleanly.kernel.messages import Event
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit
from cleanly.platform.jobs import service as jobs
from cleanly.platform.webhooks.outbound import service as outbound


def visible(row: PayoutAccountRow) -> tuple[object, ...]:
    """What a change of is worth telling."""
    return (
        row.state,
        row.charges_enabled,
        row.payouts_enabled,
        tuple(row.requirements or ()),
        row.disabled_reason,
        row.destination_fingerprint,
    )


async def publish(session: AsyncSession, row: PayoutAccountRow, *, has_moved: bool, now: datetime) -> None:
    """Tell subscribers how it stands. `has_moved`: money goes elsewhere from now on."""
    data = {
        "payoutAccountId": str(row.id),
        "provider": row.provider,
        "status": row.state,
        "payoutsEnabled": row.payouts_enabled,
        "isDestinationChanged": has_moved,
    }
    event = Event(type=messages.SELLER_ACCOUNT_UPDATED, account_id=row.seller_id, data=data)
    await outbound.publish(session, event, now=now)


async def note(
    session: AsyncSession,
    action: str,
    row: PayoutAccountRow,
    *,
    now: datetime,
    origin: Origin,
    by: Caller | None,
    **details: str,
) -> None:
    """Write it down for the record. `by`: None where the provider said so."""
    await audit.record(
        session,
        action,
        at=now,
        origin=origin,
        actor_id=None if by is None else by.user_id,
        target_id=row.seller_id,
        details={"payoutAccountId": str(row.id), **details},
    )


async def warn(session: AsyncSession, row: PayoutAccountRow) -> None:
    """Have the seller told by mail that the money goes elsewhere: it may not have been the seller."""
    moved = messages.DestinationMoved(
        seller_id=row.seller_id, provider=row.provider, hint=row.destination_last4 or "an account that shows no number"
    )
    await jobs.enqueue(session, messages.WARN_SELLER, moved)
