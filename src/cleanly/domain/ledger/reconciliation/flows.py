"""Read each provider's books, book what follows, hold them against ours, report. No transaction is open on the wire.

Each step can be repeated: a crash between two batches leaves the rest to the next run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.reconciliation import booking, metrics, queries, reports, rules, service, standings
from cleanly.domain.ledger.reconciliation.messages import OneProvider
from cleanly.domain.ledger.reconciliation.rules import ItemKind
from cleanly.domain.ledger.reconciliation.service import Books
from cleanly.domain.ledger.reconciliation.standings import Standing
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.protocol import Balance, Capability, Provider
from cleanly.platform.providers.registry import Providers

_log = structlog.get_logger(__name__)
_PAGES_MAX: Final = 10_000
_OBJECTS: Final = 200
_SECONDS_MAX: Final = 30


@dataclass(slots=True)
class Found:
    """What a run has done for one provider so far. `opened`: differences that are new."""

    imported: int = 0
    booked: int = 0
    opened: int = 0
    standings: Sequence[Standing] = ()

    @property
    def differences(self) -> Mapping[str, int]:
        """Its balance less ours, per currency, where they differ."""
        return {one.currency: one.difference for one in self.standings if one.difference}


async def run(context: Context, _tick: Tick) -> None:
    """Every provider that shows its books, whatever becomes of the others.

    Raises:
        ExceptionGroup: those that could not be asked; the job tries again.
    """
    faults: list[Exception] = []
    for provider in context.part(Providers):
        if Capability.LIST_ENTRIES in provider.capabilities:
            fault = await _run(context, provider)
            if fault is not None:
                faults.append(fault)
    async with context.db.begin() as session:
        counts = await queries.open_items(session)
    metrics.items_open(counts)
    if counts:
        _log.warning("reconciliation_items_open", total=sum(counts.values()), **_by_name(counts))
    if faults:
        raise ExceptionGroup("providers could not be asked for their books", faults)


async def run_one(context: Context, wanted: OneProvider) -> None:
    """One provider, when it says that its books are complete.

    Raises:
        NotSent, Refused, Unknown: it could not be asked; the job tries again.
    """
    if wanted.provider not in context.part(Providers):
        return
    fault = await _run(context, context.part(Providers).get(wanted.provider))
    if fault is not None:
        raise fault


def _by_name(counts: Mapping[ItemKind, int]) -> dict[str, int]:
    return {kind: counts.get(kind, 0) for kind in rules.ITEM_KINDS}


async def _run(context: Context, provider: Provider) -> NotSent | Refused | Unknown | None:
    """Reconcile and report, also when the provider could not be asked; why not."""
    began, found, fault = context.clock.now(), Found(), None
    try:
        await reconcile(context, provider, found)
    except (NotSent, Refused, Unknown) as error:
        _log.warning("reconciliation_failed", provider=provider.name, error=str(error))
        fault = error
    else:
        _tell(provider.name, found)
    async with context.db.begin() as session:
        await reports.write(
            session,
            provider=provider.name,
            account=provider.account,
            started_at=began,
            ended_at=context.clock.now(),
            counts=(found.imported, found.booked, found.opened),
            open_items=await queries.open_items(session, provider=provider.name),
            standings=found.standings,
            fault=fault,
        )
    return fault


def _tell(name: str, found: Found) -> None:
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


async def reconcile(context: Context, provider: Provider, found: Found) -> None:
    """One provider's books; `found` tells how far it came.

    Raises:
        NotSent, Refused, Unknown: it could not be asked. What was imported before is booked all the same, but nothing
            is missed: its books are not known.
    """
    books = Books(provider.name, provider.account)
    # Before its lines and after them: what moves meanwhile must not look like a difference.
    before, fault = await _balance(provider)
    try:
        await _import(context, provider, books, found)
    finally:
        found.booked += await _book(context, books)
    found.opened += await _judge(context, books)
    if fault is not None:
        raise fault
    await _weigh(context, books, before, await provider.get_balance(), found)


async def _balance(provider: Provider) -> tuple[Balance, NotSent | Refused | Unknown | None]:
    """What it holds; why it does not say so must not keep its lines from being read."""
    try:
        return await provider.get_balance(), None
    except (NotSent, Refused, Unknown) as error:
        return Balance({}, {}), error


async def _import(context: Context, provider: Provider, books: Books, found: Found) -> None:
    began = context.clock.now()
    async with context.db.begin() as session:
        oldest = await queries.oldest_of_ours(session, books.provider)
        since = rules.since((await service.hold(session, books)).imported_until, oldest, now=began)
    cursor = None
    for _ in range(_PAGES_MAX):
        page = await provider.list_entries(since, cursor)
        cursor = page.cursor
        told_until = page.told_until or max((entry.created_at for entry in page.entries), default=None)
        is_all = cursor is None and page.told_until is None
        until = began if is_all or told_until is None else min(told_until, began)
        async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
            await service.hold(session, books)
            new, differ = await service.keep(session, books, page.entries, now=context.clock.now())
            if cursor is None or told_until is not None:
                # A run that breaks off goes on from here, less the overlap.
                await service.note_read(session, books, until)
        found.imported, found.opened = found.imported + new, found.opened + differ
        if cursor is None:
            metrics.imported(books.provider, at_seconds=int(began.timestamp()))
            return
    raise Refused("no_end", message=f"the list of entries has more than {_PAGES_MAX} pages")


async def _book(context: Context, books: Books) -> int:
    now, booked = context.clock.now(), 0
    async with context.db.begin() as session:
        due = await booking.due(session, books.provider, now=now)
    for currency, sorts in due.items():
        async with context.db.begin() as session:
            await ledger.open_accounts(session, *booking.places(books.provider, currency, sorts))
        batch = booking.BATCH
        while batch == booking.BATCH:
            async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
                batch = await booking.book(session, books.provider, currency, sorts, now=now)
            booked += batch
    return booked


async def _judge(context: Context, books: Books) -> int:
    opened, after = 0, ""
    async with context.db.begin() as session:
        horizon = await queries.horizon(session)
        judged_until = (await service.hold(session, books)).judged_until
        await service.rename(session, books)
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


async def _weigh(context: Context, books: Books, before: Balance, after: Balance, found: Found) -> None:
    """Hold the provider's balance against ours, in every currency that either knows."""
    now: datetime = context.clock.now()
    async with context.db.begin() as session:
        await service.hold(session, books)
        found.standings = await standings.weigh(session, books.provider, books.account, before, after, now=now)
        late = standings.overdue(found.standings, now=now)
        found.opened += await service.tell_balances(session, books, late, now=now)
    for one in found.standings:
        metrics.standing(
            books.provider,
            one.currency,
            difference=one.difference,
            clearing=one.clearing,
            differs_seconds=0 if one.differs_since is None else int((now - one.differs_since).total_seconds()),
        )
    for one in late:
        _log.error(
            "reconciliation_balance_differs",
            provider=books.provider,
            currency=one.currency,
            difference=one.difference,
            since=str(one.differs_since),
        )
