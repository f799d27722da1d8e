"""GET what was told: messages, deliveries with every try, and events for who asks instead of being told."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from cleanly.kernel.errors import Forbidden, NotFound
from cleanly.kernel.http import Ctx, Cursor, Limit, Route, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.platform.webhooks.outbound.endpoints import queries as endpoints
from cleanly.platform.webhooks.outbound.endpoints.routes import Account
from cleanly.platform.webhooks.outbound.history import polling, queries
from cleanly.platform.webhooks.outbound.history.polling import Polled
from cleanly.platform.webhooks.outbound.history.queries import Attempt, Delivery, Message, Selection, Tried
from cleanly.platform.webhooks.outbound.history.schemas import (
    AttemptOut,
    DeliveriesOut,
    DeliveryOut,
    EventOut,
    MessageOut,
    MessagesOut,
    PolledOut,
    TriedOut,
    WholeDeliveryOut,
)
from cleanly.platform.webhooks.outbound.rules import DeliveryState

_MESSAGES, _DELIVERIES = "webhook-messages", "webhook-deliveries"
router = APIRouter(tags=["webhooks"], route_class=Route)
DeliveryId = Annotated[UUID, Path(alias="id", description="A delivery's id")]
_Since = Annotated[AwareDatetime | None, Query(description="Published at this moment or later", examples=[None])]
_Type = Annotated[
    str | None,
    Query(
        alias="type", max_length=100, pattern=r"^[a-z_]+\.[a-z_]+$", description="Only of this type", examples=[None]
    ),
]


@router.get("/webhook-messages", summary="What was published", responses=refusals(Forbidden, signed_in=True))
async def list_messages(
    account: Account,
    context: Ctx,
    *,
    event_type: _Type = None,
    since: _Since = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> MessagesOut:
    """The last 30 days' messages for this account, newest first, whether anybody subscribes to them or not."""
    cursors = context.part(Cursors)
    after = cursors.read(_MESSAGES, cursor)
    async with context.db.read() as session:
        found = await queries.messages(
            session, account, kind=event_type, since=since, before=UUID(after[0]) if after else None, limit=limit + 1
        )
    page = cursors.page(_MESSAGES, found, limit, "id")
    return MessagesOut(items=[event(message) for message in page.items], next_cursor=page.next_cursor)


@router.get(
    "/webhook-messages/{id}",
    summary="One message and where it went",
    responses=refusals(Forbidden, NotFound, signed_in=True),
)
async def read_message(
    message_id: Annotated[UUID, Path(alias="id", description="The header webhook-id")], account: Account, context: Ctx
) -> MessageOut:
    """With a delivery for each endpoint that it was for."""
    async with context.db.begin() as session:
        message = await queries.message(session, message_id, account_id=account)
        if message is None:
            raise NotFound
        found = await queries.deliveries_of(session, message_id, account_id=account)
    return MessageOut(**event(message).model_dump(), deliveries=[shown(delivery) for delivery in found])


@router.get("/webhook-deliveries", summary="Where messages went", responses=refusals(Forbidden, signed_in=True))
async def list_deliveries(
    account: Account,
    context: Ctx,
    *,
    endpoint: Annotated[UUID | None, Query(description="Only to this endpoint", examples=[None])] = None,
    state: Annotated[DeliveryState | None, Query(description="Only in this state", examples=[None])] = None,
    event_type: _Type = None,
    since: _Since = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> DeliveriesOut:
    """Newest first, each with its newest try. What waits for somebody to mend it: `state=failed`, `state=skipped`."""
    cursors = context.part(Cursors)
    after = cursors.read(_DELIVERIES, cursor)
    wanted = Selection(account_id=account, endpoint_id=endpoint, state=state, type=event_type, since=since)
    async with context.db.read() as session:
        found = await queries.deliveries(session, wanted, before=int(after[0]) if after else None, limit=limit + 1)
    page = cursors.page(_DELIVERIES, found, limit, "position")
    return DeliveriesOut(items=[shown(delivery) for delivery in page.items], next_cursor=page.next_cursor)


@router.get(
    "/webhook-deliveries/{id}",
    summary="One delivery with every try",
    responses=refusals(Forbidden, NotFound, signed_in=True),
)
async def read_delivery(delivery_id: DeliveryId, account: Account, context: Ctx) -> WholeDeliveryOut:
    """What was sent, and of each try: when, how long, the answer's status, headers and first 16 KiB, the address."""
    async with context.db.begin() as session:
        delivery = await queries.delivery(session, delivery_id, account_id=account)
        if delivery is None:
            raise NotFound
        message = await queries.message(session, delivery.message_id, account_id=account)
        if message is None:
            raise NotFound
        found = await queries.attempts(session, delivery_id)
    return WholeDeliveryOut(
        **shown(delivery).model_dump(), message=event(message), attempts=[_attempt(attempt) for attempt in found]
    )


@router.get(
    "/webhook-endpoints/{id}/events",
    summary="Ask for events instead of being told",
    responses=refusals(Forbidden, NotFound, signed_in=True),
)
async def poll_events(
    endpoint_id: Annotated[UUID, Path(alias="id", description="The endpoint's id")],
    account: Account,
    context: Ctx,
    *,
    after: Annotated[
        str | None, Query(max_length=512, description="`nextCursor` of the call before", examples=[None])
    ] = None,
    limit: Limit = LIMIT_DEFAULT,
) -> PolledOut:
    """An endpoint's events of the last 30 days in order, delivered or not, on or off: none twice, none missed.

    One that is published this very moment may need a second to appear.
    """
    place, cursors = f"webhook-events:{endpoint_id}", context.part(Cursors)
    key = cursors.read(place, after)
    # Not from the replica, which does not know what is being written at the primary.
    async with context.db.begin() as session:
        if await endpoints.find(session, endpoint_id, account_id=account) is None:
            raise NotFound
        found = await polling.events(
            session, endpoint_id, account_id=account, after=int(key[0]) if key else 0, limit=limit + 1
        )
    items = found[:limit]
    next_cursor = cursors.write(place, str(items[-1].position)) if items else after
    return PolledOut(items=[event(one) for one in items], next_cursor=next_cursor, has_more=len(found) > limit)


def event(one: Message | Polled) -> EventOut:
    """As subscribers see it."""
    return EventOut(id=one.id, type=one.type, timestamp=one.created_at, data=dict(one.data))


def shown(delivery: Delivery) -> DeliveryOut:
    """As the wire has it."""
    return DeliveryOut(
        id=delivery.id,
        message_id=delivery.message_id,
        endpoint_id=delivery.endpoint_id,
        type=delivery.type,
        state=delivery.state,
        tries=delivery.tries,
        published_at=delivery.published_at,
        due_at=delivery.due_at,
        done_at=delivery.done_at,
        last_attempt=None if delivery.last is None else _tried(delivery.last),
    )


def _tried(tried: Tried) -> TriedOut:
    return TriedOut.model_validate(tried, from_attributes=True)


def _attempt(attempt: Attempt) -> AttemptOut:
    return AttemptOut(
        **_tried(attempt.tried).model_dump(),
        headers=None if attempt.headers is None else dict(attempt.headers),
        body=None if attempt.body is None else attempt.body.decode(errors="replace"),
    )
