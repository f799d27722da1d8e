"""Publish an event in the transaction that makes it true."""

from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.ids import new_id
from cleanly.kernel.messages import Event
from cleanly.platform.webhooks.outbound.models import MessageRow

PLATFORM = UUID(int=0)


async def publish(session: AsyncSession, event: Event) -> None:
    """One message; it exists if, and only if, what it tells is committed."""
    await session.execute(
        insert(MessageRow).values(id=new_id(), account_id=event.account_id, type=event.type, data=event.data)
    )
