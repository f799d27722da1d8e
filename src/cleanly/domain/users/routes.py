"""GET /users/{id}: the profile, from the cache, with an entity tag."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cleanly.domain.users import queries, service
from cleanly.domain.users.schemas import User
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound
from cleanly.kernel.etags import etag_matches, kept_etag_of
from cleanly.kernel.http import caller_of, context_of, header_of, refusals, whose
from cleanly.kernel.plain import PlainRoute, ReadyResponse
from cleanly.platform.cache.service import Cache

PROFILE_SECONDS = 300
router = APIRouter(tags=["users"], route_class=PlainRoute)
_PARAMETERS = [
    {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "A user's id, or `me`",
        "schema": {"type": "string", "maxLength": 64},
        "example": "me",
    },
    {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETag that was read",
        "schema": {"type": "string", "maxLength": 512},
    },
]


async def profile(context: Context, user_id: UUID) -> bytes | None:
    """The serialised profile, cached for five minutes and forgotten when it changes."""

    async def load() -> bytes | None:
        async with context.db.look() as session:
            user = await queries.by_id(session, user_id)
        return None if user is None else user.model_dump_json(by_alias=True).encode()

    return await context.part(Cache).get_or_load(service.cache_key(user_id), PROFILE_SECONDS, load)


@router.get(
    "/users/{id}",
    response_model=User,
    summary="Read a profile",
    openapi_extra={"parameters": _PARAMETERS},
    responses={304: {"description": "Not changed since If-None-Match"}, **refusals(NotFound, signed_in=True)},
)
async def read_user(request: Request) -> Response:
    """The caller's own profile, or anybody's for an admin. `ETag` and `If-None-Match` spare the body."""
    caller = await caller_of(request)
    context = context_of(request)
    user_id = whose(request.path_params["id"], caller)
    body = context.part(Cache).peek(service.cache_key(user_id)) or await profile(context, user_id)
    if body is None:
        raise NotFound
    etag = kept_etag_of(body)
    headers = [(b"etag", etag.encode()), (b"cache-control", b"private, no-cache")]
    if etag_matches(header_of(request, b"if-none-match"), etag):
        return ReadyResponse(b"", 304, headers)
    return ReadyResponse(body, 200, [*headers, (b"content-type", b"application/json")])
