"""The dispatcher: claims what is due, sends it, has it written down how it ended. Lives in the worker."""

import asyncio
from datetime import timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID, uuid4

import structlog

from cleanly.kernel.context import Context
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.pgconn import DatabaseUrl
from cleanly.platform.webhooks.outbound import metrics
from cleanly.platform.webhooks.outbound.dispatch import claims, results
from cleanly.platform.webhooks.outbound.dispatch.claims import Claimed, Round
from cleanly.platform.webhooks.outbound.dispatch.clerk import Clerk
from cleanly.platform.webhooks.outbound.dispatch.courier import Courier, Letter
from cleanly.platform.webhooks.outbound.dispatch.ear import listen, pause
from cleanly.platform.webhooks.outbound.dispatch.keyring import KeyRing
from cleanly.platform.webhooks.outbound.dispatch.lanes import Call, Lanes
from cleanly.platform.webhooks.outbound.endpoints.vault import KeyVault
from cleanly.platform.webhooks.outbound.rules import written
from cleanly.platform.webhooks.outbound.settings import OutboundSettings

_log = structlog.get_logger(__name__)
# Between two claims: each small one would cost as much as a large one.
_GATHER_SECONDS = 0.02
_AGAIN_SECONDS = 1.0
# Something is due that may not be sent yet: its endpoint's rate is used up, or its lane is full.
_BLOCKED_SECONDS = 0.1
_RECOVER_SECONDS = 5.0
_VISITS_PER_CLAIM = 1000


class _Job(NamedTuple):
    claimed: Claimed
    send_until: float


class Dispatcher:
    """One life of a dispatcher. `where`: the direct address on which it listens; None: it polls."""

    def __init__(self, context: Context, *, where: DatabaseUrl | None, chance: Random) -> None:
        self._context = context
        self._settings = context.part(OutboundSettings)
        self._courier = context.part(Courier)
        self._ring = KeyRing(context.part(KeyVault))
        self._where = where
        self._chance = chance
        self._me = uuid4()
        self._lanes = Lanes[_Job](
            in_flight_max=self._settings.outbound_in_flight_max,
            endpoint_in_flight_max=self._settings.outbound_endpoint_in_flight_max,
            claimed_max=self._settings.outbound_claimed_max,
        )
        self._due = asyncio.Event()
        self._idle = asyncio.Event()
        self._clerk = Clerk(context, me=self._me, on_written=self._due.set)
        self._group = asyncio.TaskGroup()
        self._after: UUID | None = None
        self._found = 0
        self._claimed_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; then end what is being sent, and give back what is not."""
        over = asyncio.Event()
        async with self._group as group:
            ear = None
            if self._where is not None:
                ear = group.create_task(listen(self._where, self._due.set, stop), name="outbound-ear")
            group.create_task(self._clerk.write_until(over), name="outbound-clerk")
            group.create_task(self._wake_at(stop), name="outbound-stop")
            await self._claim_until(stop)
            await self._wind_up()
            over.set()
            self._clerk.end()
            if ear is not None:
                ear.cancel()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._due.set()

    async def _claim_until(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        recover_at = loop.time()
        while not stop.is_set():
            try:
                if loop.time() >= recover_at:
                    await self._recover()
                    recover_at = loop.time() + _RECOVER_SECONDS
                wait = await self._claim()
            except Unavailable as error:
                _log.warning("outbound_waits_for_the_database", error=str(error.__cause__))
                wait = _AGAIN_SECONDS
            if wait > 0:
                await pause(self._due, min(wait, max(0.01, recover_at - loop.time())))
                if (rest := self._claimed_at + _GATHER_SECONDS - loop.time()) > 0:
                    await pause(stop, rest)
            self._due.clear()

    async def _recover(self) -> None:
        recovered = claims.RECOVER_BATCH
        while recovered == claims.RECOVER_BATCH:
            async with self._context.db.begin() as session:
                recovered = await claims.recover(session, now=self._context.clock.now())
            if recovered:
                metrics.count_recovered(recovered)
                _log.warning("outbound_deliveries_recovered", deliveries=recovered)

    async def _claim(self) -> float:
        """Claim once and begin to send. Returns for how long nothing more can come of claiming again."""
        poll = self._settings.outbound_poll_seconds_max
        batch = min(self._lanes.room, self._settings.outbound_batch_max)
        if batch < self._settings.outbound_batch_max // 4:
            return poll  # or until a batch of results has been written
        found = await self._claim_round(batch)
        self._after = found.after
        self._found += len(found.claimed)
        if found.after is not None:
            return 0
        # All endpoints have been asked.
        total, self._found = self._found, 0
        if total:
            return _BLOCKED_SECONDS
        async with self._context.db.begin() as session:
            due_at = await claims.next_due(session)
        if due_at is None:
            return poll
        return min(poll, max(_BLOCKED_SECONDS, (due_at - self._context.clock.now()).total_seconds()))

    async def _claim_round(self, batch: int) -> Round:
        loop, now = asyncio.get_running_loop(), self._context.clock.now()
        self._claimed_at = loop.time()
        async with self._context.db.begin() as session:
            found = await claims.claim(
                session,
                me=self._me,
                after=self._after,
                rooms=self._lanes.rooms(),
                first_room=self._lanes.first_room,
                failing_room=self._lanes.failing_room,
                batch=batch,
                visits=_VISITS_PER_CLAIM,
                now=now,
                lease=timedelta(seconds=self._settings.outbound_lease_seconds),
            )
            await self._ring.fetch(session, {one.endpoint_id: one.revision for one in found.claimed})
        # A call that begins later might still be open when somebody else takes its delivery up.
        send_until = self._claimed_at + self._settings.outbound_lease_seconds - self._settings.outbound_deadline_seconds
        for one in found.claimed:
            self._lanes.add(one.endpoint_id, _Job(one, send_until), is_failing=one.first_failure_at is not None)
        self._send_who_may()
        return found

    def _send_who_may(self) -> None:
        while (call := self._lanes.next()) is not None:
            self._group.create_task(self._send(call))

    async def _send(self, call: Call[_Job] | None) -> None:
        """Send, and go on with the next: a task for each would cost more than signing does."""
        while call is not None:
            await self._send_one(call)
            call = self._lanes.next()
            self._send_who_may()
        if self._lanes.in_hand == 0:
            self._idle.set()

    async def _send_one(self, call: Call[_Job]) -> None:
        loop, claimed = asyncio.get_running_loop(), call.job.claimed
        began = loop.time()
        if began > call.job.send_until:
            self._lanes.abandon(call)
            self._clerk.give_back([claimed.id])
            return
        body = written(claimed.type, claimed.timestamp, claimed.data)
        keys = self._ring.keys(claimed.endpoint_id, now=self._context.clock.now())
        tried = await self._courier.bring(Letter(claimed.message_id, claimed.url, body, keys))
        kept_back = self._lanes.done(call, is_success=tried.is_success, seconds=loop.time() - began)
        if kept_back:
            self._clerk.give_back(job.claimed.id for job in kept_back)
        now, jitter = self._context.clock.now(), self._chance.uniform(-1, 1)
        self._clerk.take(results.decide(claimed, tried, now=now, jitter=jitter))

    async def _wind_up(self) -> None:
        self._clerk.give_back(job.claimed.id for job in self._lanes.drain())
        while self._lanes.in_hand:  # each call has its deadline
            self._idle.clear()
            await self._idle.wait()
