"""How a call meets the sandbox's world, and how its news goes out. Each step is a short transaction of its own."""

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.clock import Clock
from cleanly.kernel.crypto import sha256
from cleanly.kernel.db import Database
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.net import NetError
from cleanly.platform.providers.errors import NotSent, Refused, Underway, Unknown
from cleanly.platform.providers.sandbox import acts, keys, queries, rules, signing, world
from cleanly.platform.providers.sandbox.models import SandboxEvent, SandboxPlan
from cleanly.platform.providers.sandbox.objects import Answer, Fault, Refusal
from cleanly.platform.providers.sandbox.rules import Fate, Keyed
from cleanly.platform.providers.sandbox.settings import SandboxSettings
from cleanly.platform.providers.sandbox.world import World

# Sends an event to our own inbound endpoint: headers and body in, its status out. NetError: no answer.
Deliver = Callable[[Mapping[str, str], bytes], Awaitable[int]]
# Asks, in this transaction, for `Engine.pump` at a time of our clock.
Wake = Callable[[AsyncSession, datetime], Awaitable[None]]
Act = Callable[[World, Fate], Awaitable[Answer]]
T = TypeVar("T")
_log = structlog.get_logger(__name__)
_PUSH_SECONDS_MAX: Final = 60
_BATCH_MAX: Final = 10_000


class Engine:
    """The sandbox's machinery over a database; as many processes as like may hold one."""

    def __init__(
        self, db: Database, clock: Clock, settings: SandboxSettings, *, deliver: Deliver, wake: Wake | None
    ) -> None:
        self._db = db
        self._clock = clock
        self._secret = settings.sandbox_webhook_secret[0].get_secret_value()
        self._available_after = timedelta(days=settings.sandbox_available_days)
        self._deliver = deliver
        self._wake = wake
        self._scripted: deque[tuple[Fate, str | None]] = deque()

    def script(self, fate: Fate, operation: str | None) -> None:
        """What becomes of the next call (of one operation) that this process makes."""
        self._scripted.append((fate, operation))

    async def call(
        self, operation: str, arguments: Mapping[str, Any], act: Act, *, key: str, fate: Fate = Fate.PLAIN
    ) -> Answer:
        """Do something once per key.

        Raises:
            Refused: a definite no, or the key was used for another call.
            Unknown: it may have happened.
            NotSent: it did not happen, or the key's first call is still running.
        """
        fate = self._next(operation, fate)
        request = sha256(json.dumps([operation, arguments], sort_keys=True, default=str).encode())
        kept = await self._arrive(key, request, fate)
        if kept is not None:
            return _told(kept)
        try:
            async with self._db.begin() as session:
                place = await self._enter(session)
                if not await keys.is_running(place, key, request):
                    raise Unknown("another call under this key went on meanwhile")
                answer = await act(place, fate)
                await keys.finish(place, key, request, Fault() if fate is Fate.FAULT_AFTER else answer)
                await self._ask_for_pump(place)
            if place.news_comes_first or fate is Fate.EVENT_FIRST:
                await self.pump()
        except Unavailable as error:
            raise Unknown("the sandbox broke off") from error
        if fate is Fate.TIMEOUT_AFTER:
            raise Unknown("timed out")
        return _told(Fault() if fate is Fate.FAULT_AFTER else answer)

    async def look(self, operation: str, find: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
        """Read; `find` is given the sandbox's time.

        Raises:
            Unknown, NotSent: as scripted; the database is away.
        """
        fate = self._next(operation, Fate.PLAIN)
        if fate is Fate.BUSY:
            raise NotSent("too many requests")
        if fate in {Fate.TIMEOUT_BEFORE, Fate.TIMEOUT_AFTER, Fate.FAULT_AFTER}:
            raise Unknown("timed out")
        try:
            await self._catch_up()
            async with self._db.begin() as session:
                return await find(session, self._clock.now() + await queries.ahead(session))
        except Unavailable as error:
            raise NotSent("the sandbox is down") from error

    async def play(self, act: Callable[[World], Awaitable[T]]) -> T:
        """Let a person act outside our calls: the buyer, the buyer's bank, somebody in the dashboard.

        Raises:
            Unavailable: the database is away.
        """
        await self._catch_up()
        async with self._db.begin() as session:
            place = await self._enter(session)
            result = await act(place)
            await self._ask_for_pump(place)
        if place.news_comes_first:
            await self.pump()
        return result

    async def advance(self, by: timedelta) -> int:
        """Move the sandbox's clock forward and let happen what is due; how many events found an ear.

        Raises:
            ValueError: backwards.
        """
        if by < timedelta(0):
            raise ValueError("the sandbox's clock moves forward only")
        async with self._db.begin() as session:
            await world.run_ahead(session, by)
        told = await self.pump()
        # What was to happen later happens sooner by our clock than it was asked for.
        async with self._db.begin() as session:
            due_at = await queries.next_due(session)
            if due_at is not None and self._wake is not None:
                await self._wake(session, due_at - await queries.ahead(session))
        return told

    async def pump(self) -> int:
        """Let happen what is due, push the news that is due; how many events found an ear."""
        await self._catch_up()
        told = 0
        for _ in range(_BATCH_MAX):
            event = await self._take()
            if event is None:
                break
            # Every copy is sent, whatever becomes of the first.
            heard = [await self._push(event) for _ in range(event.copies)]
            told += await self._note(event, is_heard=all(heard))
        async with self._db.begin() as session:
            await keys.forget(await self._enter(session))
        return told

    async def _arrive(self, key: str, request: bytes, fate: Fate) -> Answer | None:
        is_missed = False
        try:
            await self._catch_up()
            async with self._db.begin() as session:
                place = await self._enter(session)
                verdict, kept = await keys.ask(place, key, request)
                is_missed = verdict is Keyed.FIRST and fate in {Fate.TIMEOUT_BEFORE, Fate.BUSY}
                if is_missed:
                    await keys.miss(place, key, request)
                elif verdict in {Keyed.FIRST, Keyed.AFTER_MISS}:
                    await keys.start(place, key, request)
        except Unavailable as error:
            raise NotSent("the sandbox is down") from error
        if is_missed and fate is Fate.BUSY:
            raise NotSent("too many requests")
        if is_missed:
            raise Unknown("timed out")
        match verdict:
            case Keyed.MISMATCH:
                raise Refused("idempotency_error", message="this key was used for another call")
            case Keyed.RUNNING:
                raise Underway("the first call under this key is still running")
            case Keyed.REPLAY:
                return kept
            case Keyed.FIRST | Keyed.AFTER_MISS:
                return None

    async def _enter(self, session: AsyncSession) -> World:
        return await world.enter(session, self._clock.now(), available_after=self._available_after)

    async def _catch_up(self) -> None:
        """Let happen what was planned for a time that is past, each as of its own time."""
        for _ in range(_BATCH_MAX):
            async with self._db.begin() as session:
                now = self._clock.now() + await queries.ahead(session)
                if not await queries.has_due_plan(session, now=now):
                    return
            async with self._db.begin() as session:
                place = await self._enter(session)
                plan = await session.scalar(
                    select(SandboxPlan)
                    .where(SandboxPlan.due_at <= place.now)
                    .order_by(SandboxPlan.due_at, SandboxPlan.id)
                    .limit(1)
                )
                if plan is None:  # somebody else was faster
                    return
                place.now = plan.due_at
                await session.delete(plan)
                await acts.carry_out(place, plan.action, plan.object_id)
                await self._ask_for_pump(place)

    async def _ask_for_pump(self, place: World) -> None:
        if self._wake is not None:
            for due_at in sorted(place.dues):
                await self._wake(place.session, due_at - place.ahead)

    async def _take(self) -> SandboxEvent | None:
        """The next event that is due, put back for a minute in case this process dies with it."""
        async with self._db.begin() as session:
            now = self._clock.now() + await queries.ahead(session)
            event = await session.scalar(
                select(SandboxEvent)
                .where(SandboxEvent.due_at <= now)
                .order_by(SandboxEvent.due_at, SandboxEvent.number)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if event is not None:
                event.attempts += 1
                event.due_at = now + timedelta(seconds=_PUSH_SECONDS_MAX)
            return event

    async def _push(self, event: SandboxEvent) -> bool:
        headers = {
            "Content-Type": "application/json",
            signing.HEADER: signing.sign(self._secret, event.body, now=self._clock.now()),
        }
        try:
            status = await self._deliver(headers, event.body)
        except NetError as error:
            _log.warning("sandbox_push_failed", event_number=event.number, error=str(error))
            return False
        if not 200 <= status < 300:
            _log.warning("sandbox_push_refused", event_number=event.number, status=status)
            return False
        return True

    async def _note(self, event: SandboxEvent, *, is_heard: bool) -> bool:
        async with self._db.begin() as session:
            ahead = await queries.ahead(session)
            now = self._clock.now() + ahead
            row = await session.get_one(SandboxEvent, event.number)
            again_at = None if is_heard else rules.push_again_at(event.attempts, now=now)
            row.due_at = again_at
            row.delivered_at = now if is_heard else None
            if again_at is not None and self._wake is not None:
                await self._wake(session, again_at - ahead)
        return is_heard

    def _next(self, operation: str, fate: Fate) -> Fate:
        for place, (scripted, wanted) in enumerate(self._scripted):
            if wanted is None or wanted == operation:
                del self._scripted[place]
                return scripted
        return fate


def _told(answer: Answer) -> Answer:
    if isinstance(answer, Refusal):
        raise answer.error()
    if isinstance(answer, Fault):
        raise Unknown("answered 500")
    return answer
