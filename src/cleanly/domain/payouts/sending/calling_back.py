"""Ask a provider for a payout back that has not arrived: noted before it is asked, and then looked at, as ever."""

import structlog

from cleanly.domain.payouts.sending import flows, metrics, queries, service
from cleanly.domain.payouts.sending.messages import OnePayout
from cleanly.domain.payouts.sending.queries import Payout, payout_of
from cleanly.kernel.context import Context
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.protocol_sellers import SellerProvider
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.service import Call, LookAgain

_log = structlog.get_logger(__name__)
_OPERATION = "cancel_payout"


async def call_back(context: Context, wanted: OnePayout) -> None:
    """Ask, then look. Only the look changes our row: what the provider gave back is what it then shows.

    Raises:
        NotSent, Unknown: the job tries again, under the same key.
    """
    async with context.db.begin() as session:
        payout = await queries.by_id(session, wanted.payout_id)
    if payout is None or payout.state != "in_transit" or payout.payout_reference is None:
        return
    provider = context.part(Providers).sellers(payout.provider)
    noted = await _note(context, provider, payout)
    if noted is not None:
        await _ask(context, provider, payout, noted)
    await flows.go_on(context, payout.id)


async def _note(context: Context, provider: SellerProvider, payout: Payout) -> Call | None:
    now = context.clock.now()
    async with context.db.begin() as session:
        row = await service.lock(session, payout.id)
        if row.state != "in_transit":
            return None
        call = await calls.begin_call(session, provider, _OPERATION, row.id, payout_of(row).money, now=now)
    return None if isinstance(call, LookAgain) else call


async def _ask(context: Context, provider: SellerProvider, payout: Payout, call: Call) -> None:
    code = None
    try:
        await provider.cancel_payout(payout.payout_reference or "", account=payout.account_reference, key=call.key)
    except Refused as refusal:
        code = refusal.code
        _log.warning("payout_not_called_back", payout=str(payout.id), code=code)
    except (Unknown, NotSent):
        await _end(context, call, "unknown", None)
        raise
    metrics.PAYOUTS.add(1, {"provider": payout.provider, "outcome": "call_back_refused" if code else "called_back"})
    await _end(context, call, "refused" if code else "succeeded", code)


async def _end(context: Context, call: Call, end: calls.CallEnd, code: str | None) -> None:
    async with context.db.begin() as session:
        await calls.end_call(session, call.id, end, error_code=code, now=context.clock.now())
