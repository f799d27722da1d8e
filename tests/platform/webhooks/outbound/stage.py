"""A service with a seller, an endpoint on loopback, and a dispatcher that runs in this process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from cleanly.kernel.messages import Event
from cleanly.kernel.pgconn import DatabaseUrl
from cleanly.platform.webhooks.outbound import service as outbound
from cleanly.platform.webhooks.outbound.dispatch.runner import Dispatcher
from tests.waiting import eventually
from tests.world import Phone, World

# Loops look often, so that a test's clock, which only a test moves, is soon seen.
QUICK = {"outbound_loopback": "on", "outbound_poll_seconds_max": 0.05}


@asynccontextmanager
async def dispatching(world: World, url: str | None = None) -> AsyncGenerator[Dispatcher, None]:
    """A dispatcher at work; with `url` it listens there."""
    stop = asyncio.Event()
    where = DatabaseUrl.parse(url) if url else None
    dispatcher = Dispatcher(world.context, where=where, chance=random.Random(7))
    running = asyncio.create_task(dispatcher.run(stop))
    try:
        yield dispatcher
        stop.set()
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def publish(world: World, account_id: Any, number: int = 1, *, payment: UUID | None = None) -> list[UUID]:
    """Tell that payments succeeded, in one transaction."""
    ids = []
    async with world.context.db.begin() as session:
        for _ in range(number):
            event = Event(
                type="payment.succeeded",
                account_id=UUID(str(account_id)),
                data={"paymentId": str(payment or uuid4()), "state": "captured"},
            )
            ids.append(await outbound.publish(session, event, now=world.clock.now()))
    return ids


async def add_endpoint(phone: Phone, url: str, **more: Any) -> dict[str, Any]:
    reply = await phone.call("POST", "/webhook-endpoints", {"url": url, "eventTypes": ["payment.*"], **more})
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


async def states(world: World) -> dict[str, int]:
    """How many deliveries stand how."""
    rows = await world.rows("SELECT state, count(*) FROM outbound_deliveries GROUP BY state")
    return {row[0]: row[1] for row in rows}


async def until_states(world: World, **expected: int) -> None:
    """Wait until the deliveries stand exactly so."""

    async def as_expected() -> bool:
        return await states(world) == expected

    await eventually(as_expected, what=f"deliveries {expected}")


async def attempts(world: World) -> list[Any]:
    """Every try in order: outcome, status, error."""
    return await world.rows(
        "SELECT a.outcome, a.status, a.error, a.number FROM outbound_attempts a ORDER BY a.started_at, a.number"
    )


async def until_tries(world: World, number: int) -> None:
    """Wait until so many tries were written down, of whatever delivery."""

    async def as_many() -> bool:
        return len(await attempts(world)) >= number

    await eventually(as_many, what=f"{number} tries")
