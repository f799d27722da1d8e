"""GET and PUT /payout-schedule: when a seller is paid out."""

from fastapi import APIRouter

from cleanly.domain.payouts.balances.schemas import AmountOut
from cleanly.domain.payouts.schedules import queries, service
from cleanly.domain.payouts.schedules.queries import Schedule
from cleanly.domain.payouts.schedules.rules import Rhythm
from cleanly.domain.payouts.schedules.schemas import PayoutScheduleIn, PayoutScheduleOut
from cleanly.kernel.http import Ctx, Me, Route, Tx, refusals
from cleanly.platform.idempotency.errors import OWN

router = APIRouter(prefix="/payout-schedule", tags=["payouts"], route_class=Route)


def _shown(schedule: Schedule) -> PayoutScheduleOut:
    minimums = [AmountOut(amount=amount, currency=code) for code, amount in sorted(schedule.minimums.items())]
    return PayoutScheduleOut(
        interval=schedule.rhythm.interval,
        weekday=schedule.rhythm.weekday,
        day=schedule.rhythm.day,
        minimums=minimums,
        next_at=schedule.next_at,
    )


@router.get("", summary="When I am paid out", responses=refusals(signed_in=True))
async def read_payout_schedule(caller: Me, context: Ctx) -> PayoutScheduleOut:
    """By hand, unless something else was set."""
    async with context.db.read() as session:
        return _shown(await queries.of_seller(session, caller.user_id))


@router.put("", summary="Choose when I am paid out", responses=refusals(*OWN, signed_in=True, body=True))
async def set_payout_schedule(body: PayoutScheduleIn, caller: Me, tx: Tx, context: Ctx) -> PayoutScheduleOut:
    """At 06:00 UTC of the day. What a bank can't take exactly, and what is below the minimum, stays available."""
    rhythm = Rhythm(body.interval, body.weekday, body.day)
    minimums = {one.currency: one.amount for one in body.minimums}
    return _shown(await service.set_schedule(tx, caller.user_id, rhythm, minimums, now=context.clock.now()))
