"""GET /webhook-events: the catalogue, the same for everybody."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.etags import etag_matches, etag_of
from cleanly.kernel.http import Ctx, Responses, Route, refusals
from cleanly.kernel.messages import EventType
from cleanly.kernel.module import EventCatalogue
from cleanly.platform.webhooks.outbound.catalogue.schemas import EventTypeOut, EventTypesOut

# It changes with a release only.
CACHE_CONTROL = "public, max-age=300, s-maxage=3600"
EXAMPLE_TIME = datetime(2026, 11, 22, 12, tzinfo=UTC)
_UNCHANGED: Responses = {304: {"description": "Not changed since If-None-Match"}}
router = APIRouter(tags=["webhooks"], route_class=Route)


@router.get(
    "/webhook-events",
    response_model=EventTypesOut,
    summary="Every kind of event that is told",
    responses=_UNCHANGED | refusals(),
)
async def list_event_types(request: Request, context: Ctx) -> Response:
    """Name, meaning, JSON Schema of `data` and an example of each. `ETag` and `If-None-Match` spare the body."""
    rows = [_shown(event) for event in context.part(EventCatalogue).by_name.values()]
    body = EventTypesOut(items=rows).model_dump_json(by_alias=True).encode()
    etag = etag_of(body)
    headers = {"ETag": etag, "Cache-Control": CACHE_CONTROL}
    if etag_matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _shown(event: EventType) -> EventTypeOut:
    data = event.example.model_dump(mode="json", by_alias=True)
    return EventTypeOut(
        type=event.name,
        summary=event.summary,
        data_schema=event.schema(),
        example={"type": event.name, "timestamp": rfc3339(EXAMPLE_TIME), "data": data},
    )
