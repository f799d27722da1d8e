"""One transaction's worth of mending: one delivery once more, a batch of a replay."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.ids import new_id
from cleanly.platform.webhooks.outbound import rules
from cleanly.platform.webhooks.outbound.dispatch import service as dispatch
from cleanly.platform.webhooks.outbound.endpoints.queries import Endpoint
from cleanly.platform.webhooks.outbound.mending import queries
from cleanly.platform.webhooks.outbound.mending.errors import EndpointIsOff
from cleanly.platform.webhooks.outbound.mending.queries import Found, Replayable, Selection
from cleanly.platform.webhooks.outbound.models import DeliveryRow
from cleanly.platform.webhooks.outbound.service import wake

REPLAY_BATCH = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a batch sends again, by the state it was in; `last_id` is None when no more can follow."""

    by_state: Mapping[Replayable, int]
    last_id: UUID | None


async def retry(session: AsyncSession, delivery_id: UUID, endpoint: Endpoint | None, *, now: datetime) -> None:
    """Try one delivery now, whatever became of it before; one that is being tried this moment is left alone.

    Raises:
        EndpointIsOff: it would not be sent.
    """
    if endpoint is None:
        raise EndpointIsOff("The endpoint was taken away")
    if not endpoint.is_on:
        raise EndpointIsOff
    await dispatch.deliver_again(session, [delivery_id], now=now)


async def replay(
    session: AsyncSession, selection: Selection, endpoint: Endpoint, *, after: UUID | None, now: datetime
) -> Replayed:
    """Send the oldest 500 of these again. `after`: the last message of the batch before.

    Raises:
        EndpointIsOff: they would not be sent.
    """
    if not endpoint.is_on:
        raise EndpointIsOff
    start = after if after is not None else await queries.start_of(session, selection)
    found = await queries.replayable(session, selection, after=start, limit=REPLAY_BATCH)
    again = [one.delivery_id for one in found if one.delivery_id is not None]
    if again:
        await dispatch.deliver_again(session, again, now=now)
    missing = [one for one in found if one.delivery_id is None]
    if missing:
        rows = [_new(one, endpoint, now) for one in missing]
        # Readers wait for transactions that have an id, so it must be there before the first position is drawn.
        await session.execute(select(func.pg_current_xact_id()))
        await session.execute(insert(DeliveryRow).values(rows).on_conflict_do_nothing())
        await wake(session)
    by_state: Mapping[Replayable, int] = Counter(one.state for one in found)
    return Replayed(by_state, found[-1].message_id if len(found) == REPLAY_BATCH else None)


def _new(found: Found, endpoint: Endpoint, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "message_id": found.message_id,
        "endpoint_id": endpoint.id,
        "account_id": endpoint.account_id,
        "state": "pending",
        "due_at": now,
        "order_key": rules.order_key(found.type, found.data) if endpoint.ordered else None,
    }
