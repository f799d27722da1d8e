"""One outgoing call on a payout: noted before it is made, its end and its effect in one commit (MONEY.md 2.2)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from cleanly.domain.payouts.sending import applying, metrics, queries, rules, service
from cleanly.domain.payouts.sending.applying import Applied, Looked
from cleanly.domain.payouts.sending.queries import Payout, payout_of
from cleanly.domain.payouts.sending.rules import Operation
from cleanly.kernel.context import Context
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.errors import NotSent, NotYet, Refused, Unknown
from cleanly.platform.providers.protocol_sellers import NewPayout, NewTransfer, SellerProvider
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.service import Call, LookAgain

_log = structlog.get_logger(__name__)
LOOK_ONCE_MORE = Applied("sending", None, again=True)


@dataclass(frozen=True, slots=True)
class _Noted:
    """A call to make now, with the very arguments that our row has pinned."""

    call: Call
    payout: Payout


async def ask(context: Context, payout: Payout, operation: Operation) -> Applied | None:
    """Make one call, or make it again under its key. None: not now, the janitor goes on.

    Only after a look has just shown that it is needed, or that nothing was ever asked.
    """
    provider = context.part(Providers).sellers(payout.provider)
    noted = await _note(context, provider, payout.id, operation)
    if noted is None:
        return None
    try:
        looked = await _make(provider, noted, operation)
    except Refused as error:
        return await _refused(context, noted, operation, error)
    except Unknown:
        await _doubted(context, noted)
        return None
    except NotSent as error:
        await put_off(context, payout.id, timedelta(seconds=max(60, error.retry_after_seconds)))
        return None
    return await _succeeded(context, noted, operation, looked)


async def _note(context: Context, provider: SellerProvider, payout_id: UUID, operation: Operation) -> _Noted | None:
    """First step. None: not now: nothing is sent, its key is too old, or it was refused a moment ago."""
    now = context.clock.now()
    async with context.db.begin() as session:
        row = await service.lock(session, payout_id)
        if row.state not in rules.MOVING or (row.ending is None) is (operation == "reverse_transfer"):
            return None
        # What has been asked for may be asked again; a new step waits while payouts are stopped.
        is_open = await calls.open_call(session, operation, payout_id) is not None
        if operation != "reverse_transfer" and not is_open and await queries.stop_in_force(session) is not None:
            row.check_at = now + rules.STOPPED_WAIT
            return None
        last = await calls.last_call(session, operation, payout_id)
        if last and last.state == "refused" and last.finished_at and now - last.finished_at < rules.SHORT_WAIT:
            row.check_at = last.finished_at + rules.SHORT_WAIT
            return None
        payout = payout_of(row)
        call = await calls.begin_call(session, provider, operation, payout_id, payout.money, now=now)
        if isinstance(call, LookAgain):
            row.check_at = call.at
            return None
        return _Noted(call, payout)


async def _make(provider: SellerProvider, noted: _Noted, operation: Operation) -> Looked:
    payout, key = noted.payout, noted.call.key
    if operation == "transfer":
        new = NewTransfer(
            our_id=payout.id,
            account=payout.account_reference,
            money=payout.money,
            transfer_group=str(payout.id),
        )
        return Looked(transfer=await provider.send_transfer(new, key=key))
    if operation == "reverse_transfer":
        reference = payout.transfer_reference or ""
        return Looked(transfer=await provider.reverse_transfer(reference, our_id=payout.id, key=key))
    send = NewPayout(
        our_id=payout.id,
        account=payout.account_reference,
        money=payout.money,
        transfer=payout.transfer_reference if payout.is_two_step else None,
        destination=payout.destination,
        description=f"Payout {payout.id}",
    )
    return Looked(payout=await provider.send_payout(send, key=key))


async def _succeeded(context: Context, noted: _Noted, operation: Operation, looked: Looked) -> Applied | None:
    """Third step. An answer about one of two steps says nothing of the other: then one more look is taken."""
    now, payout = context.clock.now(), noted.payout
    thing = looked.transfer or looked.payout
    async with context.db.begin() as session:
        await service.lock(session, payout.id)
        await calls.end_call(
            session, noted.call.id, "succeeded", now=now, provider_object=None if thing is None else thing.reference
        )
        if operation == "payout" and payout.is_two_step:
            return LOOK_ONCE_MORE
        return await applying.apply(session, payout.id, looked, revision=payout.revision, now=now) or LOOK_ONCE_MORE


async def _refused(context: Context, noted: _Noted, operation: Operation, error: Refused) -> Applied | None:
    """Third step after a definite no: it ends so, once a look has shown what there is to take back."""
    now = context.clock.now()
    async with context.db.begin() as session:
        row = await service.lock(session, noted.payout.id)
        await calls.end_call(session, noted.call.id, "refused", error_code=error.code, now=now)
        is_hopeless = not isinstance(error, NotYet) or now - (row.sent_at or row.created_at) > rules.PATIENCE
        if operation == "reverse_transfer" or not is_hopeless:
            row.check_at = now + rules.SHORT_WAIT
            row.failure_code = row.failure_code or error.code
        else:
            row.ending, row.failure_code = "failed", error.code
            row.revision += 1
    metrics.PAYOUTS.add(1, {"provider": noted.payout.provider, "outcome": f"{operation}_refused"})
    if operation == "reverse_transfer":
        _log.error("payout_not_reversed", payout=str(noted.payout.id), code=error.code)
        return None
    return LOOK_ONCE_MORE if is_hopeless else None


async def _doubted(context: Context, noted: _Noted) -> None:
    """Third step without an answer: asked again with the same key, and never taken back on doubt."""
    now = context.clock.now()
    async with context.db.begin() as session:
        row = await service.lock(session, noted.payout.id)
        if row.state == "sending":
            row.state, row.checks = "unknown", 0
            row.revision += 1
            row.updated_at = now
        row.check_at = rules.next_check("unknown", row.checks, now=now, paid_at=None)
        await calls.end_call(session, noted.call.id, "unknown", now=now)
    metrics.PAYOUTS.add(1, {"provider": noted.payout.provider, "outcome": "unknown"})


async def call_back(context: Context, payout: Payout) -> None:
    """Ask for one back that has not arrived. What came of it a look must show: nothing is applied here.

    Raises:
        NotSent, Unknown: asked again, under the same key, by whoever tries again.
    """
    provider = context.part(Providers).sellers(payout.provider)
    async with context.db.begin() as session:
        row = await service.lock(session, payout.id)
        if row.state != "in_transit" or row.provider_payout_id is None:
            return
        now = context.clock.now()
        call = await calls.begin_call(session, provider, "cancel_payout", row.id, payout.money, now=now)
    if isinstance(call, LookAgain):
        return
    code = None
    try:
        await provider.cancel_payout(payout.payout_reference or "", account=payout.account_reference, key=call.key)
    except Refused as refusal:
        code = refusal.code
        _log.warning("payout_not_called_back", payout=str(payout.id), code=code)
    except (Unknown, NotSent):
        await _end(context, call, "unknown", None)
        raise
    await _end(context, call, "refused" if code else "succeeded", code)
    metrics.PAYOUTS.add(1, {"provider": payout.provider, "outcome": "call_back_refused" if code else "called_back"})


async def _end(context: Context, call: Call, end: calls.CallEnd, code: str | None) -> None:
    async with context.db.begin() as session:
        await calls.end_call(session, call.id, end, error_code=code, now=context.clock.now())


async def put_off(context: Context, payout_id: UUID, by: timedelta) -> None:
    """The janitor looks again so much later."""
    async with context.db.begin() as session:
        row = await service.lock(session, payout_id)
        row.check_at = context.clock.now() + by
