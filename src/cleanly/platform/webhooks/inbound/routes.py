"""Where providers push their news, and where operators look at it and let it be acted on again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from cleanly.kernel.errors import Forbidden, NotFound, PayloadTooLarge
from cleanly.kernel.http import Admin, Ctx, Cursor, From, Limit, Route, Tx, context_of, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.kernel.plain import PlainRoute, json_response
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS
from cleanly.platform.providers.registry import Providers
from cleanly.platform.webhooks.inbound import flows, queries, rules, service
from cleanly.platform.webhooks.inbound.queries import InboundEvent, Letter, Selection
from cleanly.platform.webhooks.inbound.rules import State
from cleanly.platform.webhooks.inbound.schemas import (
    InboundEventOut,
    InboundEventsOut,
    LetterOut,
    Name,
    ReceivedOut,
    ReplayedOut,
    ReplayIn,
)

_LIST, _REPLAY = "inbound-events", "inbound-replay"
router = APIRouter(route_class=Route)
plain = APIRouter(route_class=PlainRoute)
_PROVIDER = {
    "name": "provider",
    "in": "path",
    "required": True,
    "description": "Whose news",
    "schema": {"type": "string"},
    "example": "stripe",
}
EventId = Annotated[str, Path(alias="id", max_length=64, description="An event's id here")]


@plain.post(
    "/webhooks/{provider}",
    tags=["webhooks"],
    summary="A provider's news",
    response_model=ReceivedOut,
    openapi_extra={"parameters": [_PROVIDER]},
    responses=refusals(NotFound, PayloadTooLarge),
)
async def receive(request: Request) -> Response:
    """For providers only: 200 once it is stored, also if it was before. The body is taken as the bytes that it is."""
    context, name = context_of(request), str(request.path_params["provider"])
    source = context.part(Providers).source(name.replace("-", "_"))
    if source is None:
        raise NotFound
    body = await request.body()
    if len(body) > rules.BODY_BYTES_MAX:
        raise PayloadTooLarge
    headers: dict[str, str] = {}
    for key, value in request.headers.items():  # Starlette gives the names in lower case
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    await flows.accept(context, source, headers, body)
    return json_response(b"{}")


@router.get(
    "/admin/inbound-events",
    tags=["admin"],
    summary="List provider news",
    responses=refusals(Forbidden, signed_in=True),
)
async def list_events(
    _admin: Admin,
    context: Ctx,
    *,
    state: Annotated[State | None, Query(description="Only in this state")] = None,
    provider: Annotated[Name | None, Query(description="Only of this provider")] = None,
    event_type: Annotated[Name | None, Query(alias="type", description="Only of this type")] = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> InboundEventsOut:
    """Newest first; `state=dead` are those that wait for a person."""
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    async with context.db.read() as session:
        found = await queries.page(
            session,
            Selection(state=state, provider=provider, type=event_type),
            before_id=UUID(after[0]) if after else None,
            limit=limit + 1,
        )
    page = cursors.page(_LIST, found, limit, "id")
    return InboundEventsOut(items=[_shown(event) for event in page.items], next_cursor=page.next_cursor)


@router.get(
    "/admin/inbound-events/{id}",
    tags=["admin"],
    summary="One event with its body and error",
    responses=refusals(Forbidden, NotFound, signed_in=True),
)
async def read_event(event_id: EventId, _admin: Admin, context: Ctx) -> LetterOut:
    """As it came, without what its headers had of secrets."""
    wanted = _id_of(event_id)
    async with context.db.begin() as session:
        letter = await queries.letter(session, wanted)
    if letter is None:
        raise NotFound
    return _whole(letter)


@router.post(
    "/admin/inbound-events/{id}/replay",
    tags=["admin"],
    status_code=202,
    summary="Act on one event again",
    responses=refusals(Forbidden, NotFound, *KEY_REFUSALS, signed_in=True),
)
async def replay_event(event_id: EventId, caller: Admin, context: Ctx, origin: From, tx: Tx) -> InboundEventOut:
    """Whatever became of it before: acting on the same news twice changes nothing."""
    wanted, now = _id_of(event_id), context.clock.now()
    if not await service.replay_one(tx, wanted, now=now):
        raise NotFound
    await service.note_replay(tx, at=now, origin=origin, actor_id=caller.user_id, event_id=wanted)
    letter = await queries.letter(tx, wanted)
    if letter is None:
        raise NotFound
    return _shown(letter.event)


@router.post(
    "/admin/inbound-events/replay",
    tags=["admin"],
    status_code=202,
    summary="Act on many events again",
    responses=refusals(Forbidden, *KEY_REFUSALS, signed_in=True, body=True),
)
async def replay_events(body: ReplayIn, caller: Admin, context: Ctx, origin: From, tx: Tx) -> ReplayedOut:
    """All of a type, or since a time, or both: two hundred a call."""
    cursors, now = context.part(Cursors), context.clock.now()
    after = cursors.read(_REPLAY, body.cursor)
    selection = Selection(state=body.state, provider=body.provider, type=body.type, since=body.since)
    done = await service.replay(tx, selection, after_id=UUID(after[0]) if after else None, now=now)
    told = body.model_dump(mode="json", exclude={"cursor"}, exclude_none=True) | {"events": done.events}
    await service.note_replay(tx, at=now, origin=origin, actor_id=caller.user_id, details=told)
    next_cursor = cursors.write(_REPLAY, str(done.last_id)) if done.last_id is not None else None
    return ReplayedOut(replayed=done.events, next_cursor=next_cursor)


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


def _shown(event: InboundEvent) -> InboundEventOut:
    return InboundEventOut.model_validate(event, from_attributes=True)


def _whole(letter: Letter) -> LetterOut:
    return LetterOut(
        **_shown(letter.event).model_dump(),
        api_version=letter.api_version,
        verified_with=letter.verified_with,
        headers=letter.headers,
        body=letter.body.decode(errors="replace") if letter.body is not None else None,
    )
