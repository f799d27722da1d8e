"""Read each provider's books, book what follows, hold them against ours, report. No transaction is open on the wire.

Each step can be repeated: a crash between two batches leaves the rest to the next run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.reconciliation import booking, metrics, queries, rules, service
from cleanly.domain.ledger.reconciliation.rules import ItemKind
from cleanly.domain.ledger.reconciliation.service import Books
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.protocol import Balance, Capability, Provider
from cleanly.platform.providers.registry import Providers

_log = structlog.get_logger(__name__)
_PAGES_MAX: Final = 10_000
_OBJECTS: Final = 200
_SECONDS_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Found:
    """What a run did for one provider. `differences`: its balance less ours, per currency, where they differ."""

    imported: int
    booked: int
    opened: int
    differences: Mapping[str, int]


async def run(context: Context, _tick: Tick) -> None:
    """Every provider that shows its books, whatever becomes of the others.

    Raises:
        ExceptionGroup: those that could not be asked; the job tries again.
    """
    faults: list[Exception] = []
    for provider in context.part(Providers):
        if Capability.LIST_ENTRIES not in provider.capabilities:
            continue
        try:
            _tell_provider(provider.name, await reconcile(context, provider))
        except (NotSent, Refused, Unknown) as error:
            _log.warning("reconciliation_failed", provider=provider.name, error=str(error))
            faults.append(error)
    async with context.db.begin() as session:
        counts = await queries.open_items(session)
    metrics.items_open(counts)
    if counts:
        _log.warning("reconciliation_items_open", total=sum(counts.values()), **_by_name(counts))
    if faults:
        raise ExceptionGroup("providers could not be asked for their books", faults)


def _by_name(counts: Mapping[ItemKind, int]) -> dict[str, int]:
    return {kind: counts.get(kind, 0) for kind in rules.ITEM_KINDS}


def _tell_provider(name: str, found: Found) -> None:
    is_clean = not found.opened and not found.differences
    tell = _log.info if is_clean else _log.warning
    tell(
        "reconciliation",
        provider=name,
        imported=found.imported,
        booked=found.booked,
        opened=found.opened,
        differences=dict(found.differences),
    )


async def reconcile(context: Context, provider: Provider) -> Found:
    """One provider's books.

    Raises:
        NotSent, Refused, Unknown: it could not be asked. What was imported before is booked all the same, but nothing
            is missed: its books are not known.
    """
    books = Books(provider.name, provider.account)
    try:
        imported, opened = await _import(context, provider, books)
    finally:
        booked = await _book(context, books)
    opened += await _judge(context, books)
    differences = await _weigh(context, provider)
    return Found(imported, booked, opened, differences)


async def _import(context: Context, provider: Provider, books: Books) -> tuple[int, int]:
    began = context.clock.now()
    async with context.db.begin() as session:
        oldest = await queries.oldest_of_ours(session, books.provider)
        since = rules.since((await service.hold(session, books)).imported_until, oldest, now=began)
    cursor, imported, opened = None, 0, 0
    for _ in range(_PAGES_MAX):
        page = await provider.list_entries(since, cursor)
        cursor = page.cursor
        until = began if cursor is None else _until([entry.created_at for entry in page.entries], began)
        async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
            await service.hold(session, books)
            new, differ = await service.keep(session, books, page.entries, now=context.clock.now())
            if until is not None:
                # Pages come oldest first: a run that breaks off goes on from here, less the overlap.
                await service.note_read(session, books, until)
        imported, opened = imported + new, opened + differ
        if cursor is None:
            metrics.imported(books.provider, at_seconds=int(began.timestamp()))
            return imported, opened
    raise Refused("no_end", message=f"the list of entries has more than {_PAGES_MAX} pages")


def _until(created: list[datetime], began: datetime) -> datetime | None:
    return min(max(created), began) if created else None


async def _book(context: Context, books: Books) -> int:
    now, booked = context.clock.now(), 0
    async with context.db.begin() as session:
        currencies = await booking.due_currencies(session, books.provider, now=now)
    for currency in currencies:
        async with context.db.begin() as session:
            await ledger.open_accounts(session, *booking.places(books.provider, currency))
        batch = booking.BATCH
        while batch == booking.BATCH:
            async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
                batch = await booking.book(session, books.provider, currency, now=now)
            booked += batch
    return booked


async def _judge(context: Context, books: Books) -> int:
    opened, after = 0, ""
    async with context.db.begin() as session:
        horizon = await queries.horizon(session)
        judged_until = (await service.hold(session, books)).judged_until
    while True:
        async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
            held = await service.hold(session, books)
            objects = await queries.unmatched(
                session,
                books.provider,
                books.account,
                judged_until=judged_until,
                horizon=horizon,
                after=after,
                limit=_OBJECTS,
            )
            opened += await service.judge(session, books, objects, horizon=horizon, now=context.clock.now())
            if len(objects) < _OBJECTS:
                held.judged_until = horizon
                return opened
        after = objects[-1]


async def _weigh(context: Context, provider: Provider) -> dict[str, int]:
    """Hold the provider's balance against ours, in every currency that either knows."""
    balance = await provider.get_balance()
    async with context.db.begin() as session:
        ours = {found.currency: found for found in await queries.standing(session, provider.name)}
    differences: dict[str, int] = {}
    for currency in sorted({*ours, *balance.available, *balance.pending}):
        found = ours.get(currency) or queries.Standing(currency, 0, 0, 0)
        difference = _held(balance, currency) - found.provider - found.coming
        metrics.standing(provider.name, currency, difference=difference, clearing=found.clearing)
        if difference:
            differences[currency] = difference
    return differences


def _held(balance: Balance, currency: str) -> int:
    return balance.available.get(currency, 0) + balance.pending.get(currency, 0)
