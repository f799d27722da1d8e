"""GET /balance: what the caller has with us."""

from fastapi import APIRouter

from cleanly.domain.payouts.balances import queries
from cleanly.domain.payouts.balances.queries import Balance
from cleanly.domain.payouts.balances.schemas import AmountOut, BalanceOut, BalancesOut
from cleanly.kernel.http import Ctx, Me, Route, refusals

router = APIRouter(tags=["payouts"], route_class=Route)


@router.get("/balance", summary="What I have, per currency", responses=refusals(signed_in=True))
async def read_balance(caller: Me, context: Ctx) -> BalancesOut:
    """All of it at one moment. Empty for who has never sold anything."""
    # Not from a replica: after a payout the app shows what is left.
    async with context.db.begin() as session:
        found = await queries.of_seller(session, caller.user_id)
    return BalancesOut(items=[_shown(balance) for balance in found])


def _shown(balance: Balance) -> BalanceOut:
    def part(amount: int) -> AmountOut:
        return AmountOut(amount=amount, currency=balance.currency)

    return BalanceOut(
        currency=balance.currency,
        pending=part(balance.pending),
        held=part(balance.held),
        reserve=part(balance.reserve),
        disputed=part(balance.disputed),
        available=part(balance.available),
        in_transit=part(balance.in_transit),
        receivable=part(balance.receivable),
    )
