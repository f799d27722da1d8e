"""A payout across the network: look, apply, make the next call, until it is the provider's turn. Nothing is open then.

The job, the webhook, the janitor and the operator all go through `go_on`.
"""

from uuid import UUID

import structlog

from cleanly.domain.ledger import service as ledger
from cleanly.domain.payouts.accounts import flows as accounts
from cleanly.domain.payouts.accounts import queries as account_reads
from cleanly.domain.payouts.sending import applying, books, calling, metrics, queries, rules, service
from cleanly.domain.payouts.sending.applying import Applied, Looked
from cleanly.domain.payouts.sending.messages import OnePayout
from cleanly.domain.payouts.sending.queries import Payout
from cleanly.domain.payouts.sending.rules import Operation
from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError, NotFound, Unavailable
from cleanly.kernel.messages import Tick
from cleanly.platform.providers.errors import NotSent, NotThere, Refused, Unknown
from cleanly.platform.providers.registry import Providers

ROUNDS_MAX = 12
BATCH = 50
BATCHES_MAX = 40
_log = structlog.get_logger(__name__)


async def send(context: Context, wanted: OnePayout) -> None:
    """Go on with a payout. What can't be settled now is the janitor's: the row says when."""
    await _each_for_itself(context, wanted.payout_id)


async def call_back(context: Context, wanted: OnePayout) -> None:
    """Ask for one back that is on its way, then look: only the look changes our row.

    Raises:
        NotSent, Unknown: the job tries again.
    """
    payout = await _read(context, wanted.payout_id)
    if payout.state == "in_transit":
        await calling.call_back(context, payout)
        await go_on(context, payout.id)


async def go_on(context: Context, payout_id: UUID, *, reference: str | None = None) -> None:
    """Bring a payout as far as it goes now. `reference`: the provider's id of it, from news that came before ours.

    Raises:
        NotFound: no such payout. Unavailable: others keep moving it. Refused, Unknown, NotSent: the provider.
    """
    payout = await _read(context, payout_id)
    first: Operation | None = None
    if payout.state == "requested":
        payout = await _begin(context, payout)
        # Nothing was ever asked: there is nothing to look for.
        first = ("transfer" if payout.is_two_step else "payout") if payout.state == "sending" else None
    if payout.state in rules.OURS or (payout.state in rules.OVER and reference is None):
        return
    await books.open_accounts(context, payout.provider, payout.money.currency)
    call = first
    for _ in range(ROUNDS_MAX):
        if call is None:
            payout = await _read(context, payout_id)
            applied = await _look(context, payout, reference)
            if applied is None:
                continue  # somebody else was faster
        else:
            applied = await calling.ask(context, payout, call)
            if applied is None:
                return
            _report(payout, applied)
        call = applied.call
        if call is None and not applied.again:
            return
    raise Unavailable


async def _begin(context: Context, payout: Payout) -> Payout:
    """Look at the account once more, then commit to sending; or cancel, if the money would go elsewhere."""
    async with context.db.begin() as session:
        account = await account_reads.by_id(session, payout.payout_account_id)
    if account is not None and account.ended_at is None and account.reference is not None:
        account = await accounts.look(context, account.id)
    async with context.db.begin() as session:
        begun, postings = await service.begin(session, payout.id, account, now=context.clock.now())
        if postings:
            await ledger.post(session, *postings)
    if begun.state == "canceled":
        metrics.PAYOUTS.add(1, {"provider": begun.provider, "outcome": "canceled"})
        _log.warning("payout_canceled", payout=str(begun.id), code=begun.failure_code)
    return begun


async def _look(context: Context, payout: Payout, reference: str | None) -> Applied | None:
    provider = context.part(Providers).sellers(payout.provider)
    transfer = await provider.find_transfer(payout.id) if payout.is_two_step else None
    place = payout.payout_reference or reference
    found = None
    if place is not None:
        try:
            found = await provider.get_payout(place, account=payout.account_reference)
        except NotThere:
            _log.exception("payout_not_there", payout=str(payout.id), reference=place)
            raise
    elif transfer is not None or not payout.is_two_step:
        found = await provider.find_payout(payout.id, account=payout.account_reference)
    async with context.db.begin() as session:
        applied = await applying.apply(
            session, payout.id, Looked(transfer, found), revision=payout.revision, now=context.clock.now()
        )
    if applied is not None:
        _report(payout, applied)
    return applied


def _report(payout: Payout, applied: Applied) -> None:
    if applied.is_new_mismatch:
        metrics.MISMATCHES.add(1)
        _log.error("payout_mismatch", payout=str(payout.id))
    elif applied.state != payout.state and applied.state in {*rules.OVER, "paid"}:
        metrics.PAYOUTS.add(1, {"provider": payout.provider, "outcome": applied.state})


async def _read(context: Context, payout_id: UUID) -> Payout:
    async with context.db.begin() as session:
        payout = await queries.by_id(session, payout_id)
    if payout is None:
        raise NotFound
    return payout


async def clean(context: Context, _tick: Tick) -> None:
    """The janitor: every payout whose time has come is looked at; a hold that only cools down ends by itself."""
    now = context.clock.now()
    for _page in range(BATCHES_MAX):
        async with context.db.begin() as session:
            due = await service.claim_due(session, now=now, limit=BATCH)
        for payout in due:
            if payout.state == "held":
                await _end_cooling(context, payout)
            await _each_for_itself(context, payout.id)
        if len(due) < BATCH:
            return


async def _end_cooling(context: Context, payout: Payout) -> None:
    now = context.clock.now()
    async with context.db.begin() as session:
        known = await queries.by_id(session, payout.id)
        if known is not None and known.state == "held" and known.held_until is not None and known.held_until <= now:
            await service.release(session, payout.id, by=None, now=now)


async def _each_for_itself(context: Context, payout_id: UUID) -> None:
    """One that can't be settled now must not hold up the others; it stays due."""
    try:
        await go_on(context, payout_id)
    except (Refused, Unknown, NotSent, AppError) as error:
        _log.warning("payout_could_not_go_on", payout=str(payout_id), error=type(error).__name__)


async def measure(context: Context, _tick: Tick) -> None:
    """Count what is open; ring for what has been with a provider for too long."""
    now = context.clock.now()
    async with context.db.begin() as session:
        standings = await queries.standings(session)
        stop = await queries.stop_in_force(session)
        late = await queries.late(session, now=now, limit=BATCH)
    counted = dict.fromkeys(sorted(rules.OPEN), 0) | {one.state: one.count for one in standings}
    oldest = min((one.oldest for one in standings), default=now)
    metrics.measured(counted, oldest_seconds=(now - oldest).total_seconds(), is_stopped=stop is not None)
    for payout in late:
        _log.error("payout_late", payout=str(payout.id), state=payout.state, provider=payout.provider)
