"""Writes down how tries ended, many at once, and keeps them in hand while the database is away."""

import asyncio
from collections.abc import Callable, Iterable
from uuid import UUID

import structlog

from cleanly.kernel.context import Context
from cleanly.kernel.errors import Unavailable
from cleanly.platform.mail.service import Mailer
from cleanly.platform.webhooks.outbound import metrics
from cleanly.platform.webhooks.outbound.dispatch import claims, health, results
from cleanly.platform.webhooks.outbound.dispatch.ear import pause
from cleanly.platform.webhooks.outbound.dispatch.results import Result
from cleanly.platform.webhooks.outbound.messages import Owners

_log = structlog.get_logger(__name__)
BATCH = 500
# Each small writing would cost as much as a large one.
_GATHER_SECONDS = 0.03
_AGAIN_SECONDS = 1.0
_LAST_TRIES = 3


class Clerk:
    """Takes results, and deliveries to give back; writes them in the order in which they came."""

    def __init__(self, context: Context, *, me: UUID, on_written: Callable[[], None]) -> None:
        self._context = context
        self._owners: Owners = context.part(Owners)  # type: ignore[type-abstract]
        self._mailer = context.part(Mailer)
        self._me = me
        self._on_written = on_written
        self._results: list[Result] = []
        self._given_back: list[UUID] = []
        self._some = asyncio.Event()
        self._many = asyncio.Event()

    def take(self, result: Result) -> None:
        """One try has ended."""
        self._results.append(result)
        self._some.set()
        if len(self._results) >= BATCH:
            self._many.set()

    def give_back(self, delivery_ids: Iterable[UUID]) -> None:
        """These were claimed and not sent."""
        self._given_back.extend(delivery_ids)
        if self._given_back:
            self._some.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._many.set()
        self._some.set()

    async def write_until(self, over: asyncio.Event) -> None:
        """Write what comes, until `over` is set (then `end`) and nothing is left."""
        while not (over.is_set() and not self._results and not self._given_back):
            await self._some.wait()
            if len(self._results) < BATCH:
                await pause(self._many, _GATHER_SECONDS)
            self._some.clear()
            self._many.clear()
            while self._results or self._given_back:
                batch, self._results = self._results[:BATCH], self._results[BATCH:]
                back, self._given_back = self._given_back, []
                await self._write(batch, back, over)
                self._on_written()
            if over.is_set():
                return

    async def _write(self, batch: list[Result], back: list[UUID], over: asyncio.Event) -> None:
        last_tries = _LAST_TRIES
        while last_tries:
            try:
                await self._write_once(batch, back)
            except Unavailable as error:
                _log.warning("outbound_results_wait_for_the_database", results=len(batch), error=str(error.__cause__))
            else:
                break
            last_tries -= over.is_set()
            await pause(over, _AGAIN_SECONDS)
        else:
            # Their leases run out: they will be sent again, under the same webhook-id.
            _log.error("outbound_results_lost", results=len(batch))
            return
        metrics.count([(result.tried.outcome, result.tried.duration_ms / 1000) for result in batch])

    async def _write_once(self, batch: list[Result], back: list[UUID]) -> None:
        now = self._context.clock.now()
        async with self._context.db.begin() as session:
            if batch:
                ours = await results.record(session, batch, me=self._me, now=now)
                counted = [result for result in batch if result.claimed.id in ours]
                await health.note(session, counted, owners=self._owners, mailer=self._mailer, now=now)
            if back:
                await claims.give_back(session, back, me=self._me)
