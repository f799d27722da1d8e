"""What payments keep of a person: the id at each provider, the buyer's own notes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments.models import CustomerRow, PaymentRow


async def remember_customer(
    session: AsyncSession, user_id: UUID, provider: str, account: str, customer: str, *, now: datetime
) -> None:
    """Keep a buyer's id at a provider; the first one stays."""
    await session.execute(
        insert(CustomerRow)
        .values(user_id=user_id, provider=provider, provider_account=account, customer=customer, created_at=now)
        .on_conflict_do_nothing()
    )


async def forget_person(session: AsyncSession, user_id: UUID) -> None:
    """Money records stay under the bare id; the buyer's own notes on them and the provider's customer ids go."""
    await session.execute(update(PaymentRow).where(PaymentRow.buyer_id == user_id).values(meta={}))
    await session.execute(delete(CustomerRow).where(CustomerRow.user_id == user_id))
