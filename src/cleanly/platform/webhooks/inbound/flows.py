"""Act on stored news with nothing open, write down how it ended; ask providers for what never came."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, assert_never
from uuid import UUID

import structlog

from cleanly.kernel.context import Context
from cleanly.kernel.db import driver_of
from cleanly.kernel.errors import MalformedRequest, Unavailable
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandlers
from cleanly.kernel.redaction import without_secrets
from cleanly.platform.providers.errors import BadSignature, NotSent, Refused, Unknown
from cleanly.platform.providers.protocol import Capability, Provider, StoredEvent, VerifiedEvent
from cleanly.platform.providers.registry import NewsSource, Providers
from cleanly.platform.webhooks.inbound import metrics, queries, rules, service
from cleanly.platform.webhooks.inbound.settings import InboundSettings

_log = structlog.get_logger(__name__)
_PAGES_MAX = 1000
_OVERDUE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing is left to do."""

    state: Literal["done", "ignored"]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """It did not work this time."""

    reason: str
    at_least: timedelta = timedelta()


async def accept(context: Context, provider: NewsSource, headers: Mapping[str, str], body: bytes) -> None:
    """Verify a push and store it.

    Raises:
        MalformedRequest: its signature is not good; nothing is stored.
        Unavailable: the database, or what the check needs of the provider, is away: it may come again.
    """
    event = await _verified(context, provider, headers, body)
    async with context.db.alone() as connection:
        outcome = await service.store(
            connection,
            event,
            headers=headers,
            body=body,
            source="push",
            is_live=context.part(Providers).is_live,
            now=context.clock.now(),
        )
    metrics.count(provider.name, event.type, outcome)


async def _verified(context: Context, provider: NewsSource, headers: Mapping[str, str], body: bytes) -> VerifiedEvent:
    try:
        return await provider.verify_webhook(headers, body, now=context.clock.now())
    except BadSignature as error:
        metrics.count(provider.name, "unknown", "bad_signature")
        _log.warning("inbound_bad_signature", provider=provider.name, reason=error.reason)
        raise MalformedRequest("The signature does not fit this message") from error
    except (NotSent, Unknown, Refused) as error:
        _log.warning("inbound_not_verified", provider=provider.name, error=str(error))
        raise Unavailable from error


async def process(context: Context, event_id: UUID) -> None:
    """Act on one stored event, then mark it. A crash between the two repeats a look that changes nothing."""
    async with context.db.begin() as session:
        event = await queries.to_act_on(session, event_id)
    if event is None:
        return
    verdict = await _act(context, event)
    now = context.clock.now()
    outcome: metrics.Outcome | None
    async with context.db.begin() as session:
        match verdict:
            case Over(state=state, reason=reason):
                await service.end(session, event_id, state, reason=reason, now=now)
                outcome = state
            case Later(reason=reason, at_least=at_least):
                outcome = await service.put_off(session, event_id, reason=reason, at_least=at_least, now=now)
            case _:
                assert_never(verdict)
    if outcome is not None:
        metrics.count(event.provider, event.type, outcome)
    if outcome == "dead":
        _log.error("inbound_event_dead", event_id=str(event_id), provider=event.provider, type=event.type)


async def _act(context: Context, event: ProviderEvent) -> Over | Later:
    providers = context.part(Providers)
    source = providers.source(event.provider)
    account = None if source is None else source.account
    handler = context.part(InboundHandlers).by_kind.get(event.kind)
    reason = rules.ignored_because(event, handler, is_live=providers.is_live, account=account)
    if reason is not None or handler is None:
        return Over("ignored", reason)
    try:
        async with asyncio.timeout(context.part(InboundSettings).inbound_run_seconds_max):
            handled = await handler.run(context, event)
    except Exception as error:  # noqa: BLE001 - of any kind: it is written down, and a person sees it if it stays
        _log.warning("inbound_event_failed", provider=event.provider, type=event.type, exc_info=error)
        wait = error.retry_after_seconds if isinstance(error, NotSent) else 0
        return Later(_as_text(error), timedelta(seconds=wait))
    match handled:
        case Handled.DONE:
            return Over("done")
        case Handled.IGNORED:
            return Over("ignored", "not ours")
        case Handled.MISSING_PARENT:
            return Later("what it belongs to is not here yet")
        case _:
            assert_never(handled)


def _as_text(error: Exception) -> str:
    return without_secrets(f"{type(error).__name__}: {error}")


async def sweep(context: Context) -> None:
    """Store what providers say they have pushed and we never saw; ask again for events whose job was lost.

    Raises:
        ExceptionGroup: a provider could not be asked; the others were.
    """
    faults: list[Exception] = []
    for provider in context.part(Providers):
        if Capability.LIST_EVENTS not in provider.capabilities:
            continue
        try:
            found = await _sweep_provider(context, provider)
        except (NotSent, Unknown, Refused) as error:
            faults.append(error)
            continue
        if found:
            metrics.count_swept(provider.name, found)
            _log.warning("inbound_events_swept", provider=provider.name, events=found)
    await _rescue(context)
    if faults:
        raise ExceptionGroup("providers could not be asked for their events", faults)


async def _rescue(context: Context) -> None:
    now = context.clock.now()
    rescued = service.RESCUE_BATCH
    while rescued == service.RESCUE_BATCH:
        async with context.db.begin() as session:
            rescued = await service.rescue(session, due_before=now - _OVERDUE, now=now)
        if rescued:
            _log.warning("inbound_events_rescued", events=rescued)


async def _sweep_provider(context: Context, provider: Provider) -> int:
    now = context.clock.now()
    async with context.db.begin() as session:
        mark = await queries.swept_until(session, provider.name, provider.account)
    # What is just being pushed is left to the next sweep: counted here, it would look like a broken endpoint.
    until = now - rules.SWEEP_LAG
    since, cursor, found = rules.sweep_since(mark, now=now), None, 0
    for _ in range(_PAGES_MAX):
        listing = await provider.list_events(since, cursor)
        found += await _store_missing(context, provider, [item for item in listing.events if _is_old(item, until)])
        cursor = listing.cursor
        if cursor is None:
            async with context.db.begin() as session:
                await service.note_swept(session, provider.name, provider.account, until=until)
            return found
    _log.error("inbound_sweep_has_no_end", provider=provider.name, pages=_PAGES_MAX)
    return found


def _is_old(item: StoredEvent, until: datetime) -> bool:
    return item.event.created_at <= until


async def _store_missing(context: Context, provider: Provider, items: list[StoredEvent]) -> int:
    if not items:
        return 0
    is_live, now = context.part(Providers).is_live, context.clock.now()
    found = 0
    async with context.db.begin() as session:
        known = await queries.known(session, provider.name, [(item.event.account, item.event.id) for item in items])
        connection = await driver_of(session)
        for item in items:
            if (item.event.account, item.event.id) in known:
                continue
            outcome = await service.store(
                connection, item.event, headers={}, body=item.body, source="sweep", is_live=is_live, now=now
            )
            found += outcome == "stored"
    return found


async def empty_bodies(context: Context) -> None:
    """Empty bodies that are old enough, in short transactions."""
    before = context.clock.now() - timedelta(days=context.part(InboundSettings).inbound_body_keep_days)
    emptied = service.EMPTY_BATCH
    while emptied == service.EMPTY_BATCH:
        async with context.db.begin() as session:
            emptied = await service.empty_bodies(session, before=before)


async def measure(context: Context) -> None:
    """Set the gauges."""
    async with context.db.begin() as session:
        found = await queries.standing(session, now=context.clock.now())
    metrics.gauge(oldest_seconds=found.oldest_seconds, dead=found.dead)
