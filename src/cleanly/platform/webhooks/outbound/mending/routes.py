"""POST what shall be tried again: one delivery, all since a time, a test."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from cleanly.kernel.errors import Forbidden, NotFound
from cleanly.kernel.http import Ctx, From, Me, Route, Tx, refusals
from cleanly.kernel.module import EventCatalogue
from cleanly.kernel.paging import Cursors
from cleanly.platform.audit import service as audit
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS
from cleanly.platform.idempotency.http import Once
from cleanly.platform.webhooks.outbound.dispatch import flows as dispatch
from cleanly.platform.webhooks.outbound.endpoints import queries as endpoints
from cleanly.platform.webhooks.outbound.endpoints.routes import Account
from cleanly.platform.webhooks.outbound.history import queries as history
from cleanly.platform.webhooks.outbound.history.routes import DeliveryId, shown
from cleanly.platform.webhooks.outbound.history.schemas import DeliveryOut
from cleanly.platform.webhooks.outbound.mending import queries, service
from cleanly.platform.webhooks.outbound.mending.errors import EndpointIsOff
from cleanly.platform.webhooks.outbound.mending.queries import Selection
from cleanly.platform.webhooks.outbound.mending.schemas import CountsOut, ReplayedOut, ReplayIn, TestedOut

router = APIRouter(tags=["webhooks"], route_class=Route)
_EndpointId = Annotated[UUID, Path(alias="id", description="The endpoint's id")]


@router.post(
    "/webhook-deliveries/{id}/retry",
    status_code=202,
    summary="Try one delivery now",
    responses=refusals(Forbidden, NotFound, EndpointIsOff, *KEY_REFUSALS, signed_in=True),
)
async def retry_delivery(  # noqa: PLR0917 - FastAPI calls by name
    delivery_id: DeliveryId, caller: Me, account: Account, context: Ctx, origin: From, tx: Tx
) -> DeliveryOut:
    """Whatever became of it before, with all its tries anew. Receivers know a repetition by its webhook-id."""
    now = context.clock.now()
    delivery = await history.delivery(tx, delivery_id, account_id=account)
    if delivery is None:
        raise NotFound
    endpoint = await endpoints.find(tx, delivery.endpoint_id, account_id=account)
    await service.retry(tx, delivery_id, endpoint, now=now)
    await audit.record(
        tx, "webhook_delivery.retried", at=now, origin=origin, actor_id=caller.user_id, target_id=delivery_id
    )
    return shown(await history.delivery(tx, delivery_id, account_id=account) or delivery)


@router.post(
    "/webhook-endpoints/{id}/replay",
    summary="Send again what did not arrive",
    responses=refusals(Forbidden, NotFound, EndpointIsOff, *KEY_REFUSALS, signed_in=True, body=True),
)
async def replay_endpoint(  # noqa: PLR0917 - FastAPI calls by name
    endpoint_id: _EndpointId, body: ReplayIn, caller: Me, account: Account, context: Ctx, origin: From, tx: Tx
) -> ReplayedOut:
    """All since a time that failed or was skipped, five hundred a call, the oldest first. `dryRun` counts them."""
    now, cursors, place = context.clock.now(), context.part(Cursors), f"webhook-replay:{endpoint_id}"
    endpoint = await endpoints.find(tx, endpoint_id, account_id=account)
    if endpoint is None:
        raise NotFound
    key = cursors.read(place, body.cursor)
    selection = Selection(
        account_id=account,
        endpoint_id=endpoint_id,
        types=context.part(EventCatalogue).chosen_by_any(endpoint.event_types),
        states=body.states,
        since=body.since,
        until=body.until or now,
    )
    if body.dry_run:
        counted = await queries.count(tx, selection)
        return ReplayedOut(
            dry_run=True, messages=sum(counted.values()), by_state=CountsOut.model_validate(counted), next_cursor=None
        )
    done = await service.replay(tx, selection, endpoint, after=UUID(key[0]) if key else None, now=now)
    total = sum(done.by_state.values())
    await audit.record(
        tx,
        "webhook_endpoint.replayed",
        at=now,
        origin=origin,
        actor_id=caller.user_id,
        target_id=endpoint_id,
        details={"messages": total} | body.model_dump(mode="json", include={"since", "until", "states"}),
    )
    return ReplayedOut(
        dry_run=False,
        messages=total,
        by_state=CountsOut.model_validate(done.by_state),
        next_cursor=cursors.write(place, str(done.last_id)) if done.last_id is not None else None,
    )


@router.post(
    "/webhook-endpoints/{id}/test",
    response_model=TestedOut,
    summary="Send a test now and tell how it went",
    responses=refusals(Forbidden, NotFound, *KEY_REFUSALS, signed_in=True),
)
async def test_endpoint(endpoint_id: _EndpointId, account: Account, context: Ctx, once: Once) -> Response:
    """A signed event `endpoint.test`, sent once, also to an endpoint that is off. It changes nothing here."""
    await once.look(context)
    async with context.db.begin() as session:
        if await endpoints.find(session, endpoint_id, account_id=account) is None:
            raise NotFound
        await once.start(session, endpoint_id)
    tried = await dispatch.send_now(context, endpoint_id, account_id=account)
    told = TestedOut(
        endpoint_id=endpoint_id,
        is_success=tried.is_success,
        outcome=tried.outcome,
        started_at=tried.started_at,
        duration_ms=tried.duration_ms,
        status=tried.status,
        headers=None if tried.headers is None else dict(tried.headers),
        body=None if tried.body is None else tried.body.decode(errors="replace"),
        address=tried.address,
        error=tried.error,
    )
    async with context.db.begin() as session:
        return await once.finish(session, 200, told)
