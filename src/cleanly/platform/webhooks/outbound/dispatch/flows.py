"""Send one message here and now; and the slice's upkeep, batch by batch."""

from uuid import UUID

from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound
from cleanly.kernel.ids import new_id
from cleanly.platform.webhooks.outbound import metrics
from cleanly.platform.webhooks.outbound.dispatch import service
from cleanly.platform.webhooks.outbound.dispatch.courier import Courier, Letter, Tried
from cleanly.platform.webhooks.outbound.dispatch.keyring import KeyRing
from cleanly.platform.webhooks.outbound.endpoints import queries
from cleanly.platform.webhooks.outbound.endpoints.vault import KeyVault
from cleanly.platform.webhooks.outbound.messages import ENDPOINT_TEST
from cleanly.platform.webhooks.outbound.rules import body_of

__all__ = ["Courier", "Tried", "measure", "send_now", "settle"]


async def send_now(context: Context, endpoint_id: UUID, *, account_id: UUID, url: str | None = None) -> Tried:
    """Send an endpoint of the account a test message, whether it is on or off. Kept nowhere, counted nowhere.

    `url`: another address than its own, to be tried before it is taken.

    Raises:
        NotFound: none of the account's.
    """
    now, ring = context.clock.now(), KeyRing(context.part(KeyVault))
    async with context.db.begin() as session:
        endpoint = await queries.find(session, endpoint_id, account_id=account_id)
        if endpoint is None:
            raise NotFound
        await ring.fetch(session, {endpoint.id: endpoint.revision})
    letter = Letter(
        message_id=str(new_id()),
        url=url or endpoint.url,
        body=body_of(ENDPOINT_TEST, now, f'{{"endpointId":"{endpoint.id}"}}'),
        keys=ring.keys(endpoint.id, now=now),
    )
    return await context.part(Courier).bring(letter)


async def settle(context: Context) -> None:
    """Skip everything that waits for endpoints that are off or gone."""
    settled = service.SETTLE_BATCH
    while settled == service.SETTLE_BATCH:
        async with context.db.begin() as session:
            settled = await service.settle(session, now=context.clock.now())


async def measure(context: Context) -> None:
    """Set the gauges."""
    async with context.db.begin() as session:
        found = await service.standing(session)
    now = context.clock.now()
    metrics.gauge_oldest(max(0.0, (now - found.oldest_due_at).total_seconds()) if found.oldest_due_at else 0.0)
    metrics.gauge_endpoints("on", found.endpoints_on)
    metrics.gauge_endpoints("failing", found.endpoints_failing)
    metrics.gauge_endpoints("off", found.endpoints_off)
