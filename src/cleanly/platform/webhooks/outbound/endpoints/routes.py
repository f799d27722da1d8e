"""/webhook-endpoints: where an account wants its messages. A user's own; with `account=platform`, an admin's act."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response

from cleanly.kernel import errors
from cleanly.kernel.http import Ctx, Cursor, From, Limit, Me, Route, Tx, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors
from cleanly.platform.audit import service as audit
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS
from cleanly.platform.idempotency.http import Once
from cleanly.platform.webhooks.outbound.endpoints import flows, queries, service
from cleanly.platform.webhooks.outbound.endpoints.queries import Endpoint
from cleanly.platform.webhooks.outbound.endpoints.schemas import (
    EndpointChangeIn,
    EndpointIn,
    EndpointMadeOut,
    EndpointOut,
    EndpointsOut,
    HealthOut,
    KeyOut,
    RotateIn,
)
from cleanly.platform.webhooks.outbound.endpoints.vault import KeyVault
from cleanly.platform.webhooks.outbound.errors import PingFailed, TooManyEndpoints
from cleanly.platform.webhooks.outbound.rules import PLATFORM
from cleanly.platform.webhooks.outbound.settings import OutboundSettings

_LIST = "webhook-endpoints"
router = APIRouter(prefix="/webhook-endpoints", tags=["webhooks"], route_class=Route)
IfMatch = Annotated[str | None, Header(max_length=512, description="The ETag that was read", examples=[None])]


async def _account(
    caller: Me,
    account: Annotated[
        Literal["platform"] | None, Query(description="Admins: the platform's own", examples=[None])
    ] = None,
) -> UUID:
    if account is None:
        return caller.user_id
    if not caller.is_admin:
        raise errors.Forbidden
    return PLATFORM


# The account whose endpoints and deliveries a call is about.
Account = Annotated[UUID, Depends(_account)]


def _fields(endpoint: Endpoint) -> dict[str, object]:
    keys = tuple(
        KeyOut(kind=key.kind, public_key=key.public_key, created_at=key.created_at, ends_at=key.ends_at)
        for key in endpoint.keys
    )
    health = HealthOut(
        state="failing" if endpoint.failures else "good",
        failures=endpoint.failures,
        first_failure_at=endpoint.first_failure_at,
        last_failure_at=endpoint.last_failure_at,
        last_success_at=endpoint.last_success_at,
    )
    names = set(EndpointOut.model_fields) - {"enabled", "keys", "health"}
    plain = {name: getattr(endpoint, name) for name in names}
    return {**plain, "enabled": endpoint.is_on, "keys": keys, "health": health}


def _out(endpoint: Endpoint) -> EndpointOut:
    return EndpointOut.model_validate(_fields(endpoint))


def _made(made: service.Made) -> EndpointMadeOut:
    return EndpointMadeOut.model_validate(_fields(made.endpoint) | {"secret": made.secret})


@router.get("", summary="Webhook endpoints", responses=refusals(errors.Forbidden, signed_in=True))
async def list_webhook_endpoints(
    account: Account, context: Ctx, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> EndpointsOut:
    """In the order in which they were made."""
    cursors, place = context.part(Cursors), f"{_LIST}:{account}"
    after = cursors.read(place, cursor)
    async with context.db.begin() as session:
        found = await queries.of_account(session, account, after_id=UUID(after[0]) if after else None, limit=limit + 1)
    page = cursors.page(place, found, limit, "id")
    return EndpointsOut(items=[_out(endpoint) for endpoint in page.items], next_cursor=page.next_cursor)


@router.get(
    "/{endpoint_id}",
    summary="Read a webhook endpoint",
    responses=refusals(errors.NotFound, errors.Forbidden, signed_in=True),
)
async def read_webhook_endpoint(endpoint_id: UUID, account: Account, tx: Tx, response: Response) -> EndpointOut:
    """Its settings and how it does. `ETag` names the settings, for `If-Match`."""
    endpoint = await queries.find(tx, endpoint_id, account_id=account)
    if endpoint is None:
        raise errors.NotFound
    response.headers["ETag"] = service.etag(endpoint)
    return _out(endpoint)


@router.post(
    "",
    status_code=201,
    summary="Add a webhook endpoint",
    responses=refusals(errors.Forbidden, TooManyEndpoints, *KEY_REFUSALS, signed_in=True, body=True),
)
async def create_webhook_endpoint(  # noqa: PLR0917 - FastAPI calls by name
    body: EndpointIn, caller: Me, account: Account, tx: Tx, context: Ctx, origin: From, response: Response
) -> EndpointMadeOut:
    """The `secret` is shown in this answer and never again. Answers with its `ETag`."""
    flows.check(context, url=body.url, event_types=body.event_types)
    now = context.clock.now()
    made = await service.create(
        tx,
        context.part(KeyVault),
        body,
        account_id=account,
        endpoints_max=context.part(OutboundSettings).outbound_endpoints_max,
        now=now,
    )
    await audit.record(
        tx,
        "webhook_endpoint.created",
        at=now,
        origin=origin,
        actor_id=caller.user_id,
        target_id=made.endpoint.id,
    )
    response.headers["ETag"] = service.etag(made.endpoint)
    return _made(made)


@router.put(
    "/{endpoint_id}",
    response_model=EndpointOut,
    summary="Change a webhook endpoint",
    responses=refusals(
        errors.NotFound, errors.Forbidden, errors.Conflict, PingFailed, *KEY_REFUSALS, signed_in=True, body=True
    ),
)
async def change_webhook_endpoint(  # noqa: PLR0917 - FastAPI calls by name
    endpoint_id: UUID,
    body: EndpointChangeIn,
    caller: Me,
    account: Account,
    context: Ctx,
    origin: From,
    once: Once,
    if_match: IfMatch = None,
) -> Response:
    """What is absent stays. One that we switched off is sent a test first: only a 2xx switches it on again."""
    await once.look(context)
    flows.check(context, url=body.url, event_types=body.event_types)
    values = flows.changes_of(body.model_dump(exclude_unset=True))
    tested = await flows.tested(context, endpoint_id, values, account_id=account, if_match=if_match)
    now = context.clock.now()
    async with context.db.begin() as session:
        await once.claim(session)
        endpoint = await service.change(
            session,
            endpoint_id,
            values,
            account_id=account,
            if_match=tested or if_match,  # what was tested, and not what it has become meanwhile
            is_tested=tested is not None,
            now=now,
        )
        await audit.record(
            session,
            "webhook_endpoint.changed",
            at=now,
            origin=origin,
            actor_id=caller.user_id,
            target_id=endpoint_id,
            details={"fields": sorted(values)},
        )
        return await once.answer(session, 200, _out(endpoint), headers={"ETag": service.etag(endpoint)})


@router.delete(
    "/{endpoint_id}",
    status_code=204,
    summary="Take a webhook endpoint away",
    responses=refusals(errors.NotFound, errors.Forbidden, errors.Conflict, signed_in=True),
)
async def delete_webhook_endpoint(  # noqa: PLR0917 - FastAPI calls by name
    endpoint_id: UUID,
    caller: Me,
    account: Account,
    tx: Tx,
    context: Ctx,
    origin: From,
    if_match: IfMatch = None,
) -> Response:
    """What waits for it is skipped; what was tried can still be looked at."""
    now = context.clock.now()
    await service.remove(tx, endpoint_id, account_id=account, if_match=if_match, now=now)
    await audit.record(
        tx,
        "webhook_endpoint.deleted",
        at=now,
        origin=origin,
        actor_id=caller.user_id,
        target_id=endpoint_id,
    )
    return Response(status_code=204)


@router.post(
    "/{endpoint_id}/rotate-secret",
    summary="Give a webhook endpoint a new key",
    responses=refusals(errors.NotFound, errors.Forbidden, *KEY_REFUSALS, signed_in=True, body=True),
)
async def rotate_webhook_secret(  # noqa: PLR0917 - FastAPI calls by name
    endpoint_id: UUID,
    body: RotateIn,
    caller: Me,
    account: Account,
    tx: Tx,
    context: Ctx,
    origin: From,
    response: Response,
) -> EndpointMadeOut:
    """Both keys sign until the old one ends. The new `secret` is shown in this answer and never again."""
    now = context.clock.now()
    made = await service.rotate(
        tx,
        context.part(KeyVault),
        endpoint_id,
        account_id=account,
        overlap=timedelta(hours=body.overlap_hours),
        now=now,
    )
    await audit.record(
        tx,
        "webhook_endpoint.secret_rotated",
        at=now,
        origin=origin,
        actor_id=caller.user_id,
        target_id=endpoint_id,
        details={"overlapHours": body.overlap_hours},
    )
    response.headers["ETag"] = service.etag(made.endpoint)
    return _made(made)
