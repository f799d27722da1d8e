"""/dev/ledger: balances of the books for the demo and for a look while developing. Only where the sandbox is on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from cleanly.domain.ledger import queries
from cleanly.kernel.errors import NotFound
from cleanly.kernel.http import Ctx, Route
from cleanly.kernel.wire import Wire
from cleanly.platform.providers.sandbox.adapter import Sandbox

# Not in the document: no client of the real service may come to need it.
router = APIRouter(include_in_schema=False, route_class=Route)


class BalanceOut(Wire):
    """An account's balance in minor units, on its natural side."""

    name: str
    kind: str
    currency: str
    amount: int


class BalancesOut(Wire):
    """Every account of an owner."""

    items: list[BalanceOut]


@router.get("/dev/ledger")
async def balances(
    context: Ctx, owner: Annotated[UUID | None, Query(description="A seller; absent: the platform")] = None
) -> BalancesOut:
    """The accounts of the platform, or of a seller."""
    if Sandbox not in context.parts:
        raise NotFound
    async with context.db.begin() as session:
        found = await queries.balances(session, owner)
    return BalancesOut(
        items=[BalanceOut(name=one.name, kind=one.kind, currency=one.currency, amount=one.amount) for one in found]
    )
