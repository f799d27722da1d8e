"""GET /entitlements: what the caller may use now, from the cache, with an entity tag."""

from datetime import datetime
from functools import lru_cache, partial
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cleanly.domain.entitlements import queries, service
from cleanly.domain.entitlements.schemas import EntitlementOut, EntitlementsOut
from cleanly.kernel.context import Context
from cleanly.kernel.etags import etag_matches, kept_etag_of
from cleanly.kernel.http import caller_of, context_of, header_of, refusals
from cleanly.kernel.plain import PlainRoute, ReadyResponse
from cleanly.platform.cache.service import Cache

CACHED_SECONDS = 300
# Before the answer in the cache: until when it is true, in seconds since 1970.
_STAMP = 12
router = APIRouter(tags=["entitlements"], route_class=PlainRoute)
_PARAMETERS = [
    {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETag that was read",
        "schema": {"type": "string", "maxLength": 512},
    },
]


async def entitlements(context: Context, user_id: UUID) -> bytes:
    """The serialised answer: cached, forgotten when something changes, never shown after the first of it has ended."""
    cache, key = context.part(Cache), service.cache_key(user_id)
    load = partial(_load, context, user_id)
    kept = cache.peek(key) or await cache.get_or_load(key, CACHED_SECONDS, load)
    if kept is not None:
        until, body = _parts(kept)
        if until > context.clock.seconds():
            return body
    await cache.forget(key)
    return _parts(await load())[1]


async def _load(context: Context, user_id: UUID) -> bytes:
    async with context.db.look() as session:
        found = await queries.of_user(session, user_id, now=context.clock.now())
    return _written(found)


@lru_cache(maxsize=2048)
def _parts(kept: bytes) -> tuple[int, bytes]:
    """Until when it is true, and the answer: the same object again and again, whose tag is found without hashing."""
    return int(kept[:_STAMP]), kept[_STAMP:]


def _written(found: list[queries.Entitlement]) -> bytes:
    ends: list[datetime] = [one.ends_at for one in found if one.ends_at is not None]
    until = int(min(ends).timestamp()) if ends else 10**_STAMP - 1
    items = [
        EntitlementOut(
            product_id=UUID(one.feature),
            subscription_id=one.source_id if one.source == "subscription" else None,
            payment_id=one.source_id if one.source == "payment" else None,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
        )
        for one in found
    ]
    return b"%012d" % until + EntitlementsOut(items=items).model_dump_json(by_alias=True).encode()


@router.get(
    "/entitlements",
    response_model=EntitlementsOut,
    summary="What I may use now",
    openapi_extra={"parameters": _PARAMETERS},
    responses={304: {"description": "Not changed since If-None-Match"}, **refusals(signed_in=True)},
)
async def read_entitlements(request: Request) -> Response:
    """Of every subscription and every purchase, and until when. `ETag` and `If-None-Match` spare the body."""
    caller = await caller_of(request)
    body = await entitlements(context_of(request), caller.user_id)
    etag = kept_etag_of(body)
    headers = [(b"etag", etag.encode()), (b"cache-control", b"private, no-cache")]
    if etag_matches(header_of(request, b"if-none-match"), etag):
        return ReadyResponse(b"", 304, headers)
    return ReadyResponse(body, 200, [*headers, (b"content-type", b"application/json")])
