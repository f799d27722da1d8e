"""GET /transactions and /statements/{month}: what happened to the caller's money, as JSON or as CSV."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BeforeValidator

from cleanly.domain.ledger import queries as ledger
from cleanly.domain.ledger.queries import HistoryItem, Statement, Sums, Wanted
from cleanly.domain.payments import queries as payments
from cleanly.domain.payouts.balances.schemas import AmountOut
from cleanly.domain.payouts.history import files, flows, rules, statements
from cleanly.domain.payouts.history.schemas import (
    ChangesOut,
    CurrencyOut,
    ObjectOut,
    StatementOut,
    SumsOut,
    TransactionOut,
    TransactionsOut,
    TypeOut,
)
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound, ValidationFailed
from cleanly.kernel.http import Ctx, Cursor, Limit, Me, Responses, Route, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT, Cursors

_LIST = "transactions"
_FILE: Responses = {200: {"content": {files.CSV: {"schema": {"type": "string"}}}}}
router = APIRouter(tags=["payouts"], route_class=Route)
Accept = Annotated[str | None, Header(max_length=1000, description="`text/csv` for a file; else JSON")]
Kind = Annotated[
    str | None,
    Query(
        alias="type",
        pattern=r"^[a-z][a-z0-9_]{1,40}(\.[a-z0-9_]{1,40})?$",
        description="What happened: `refund.made`, or `refund` for all that begin so",
    ),
]
Currency = Annotated[str | None, Query(pattern="^[A-Z]{3}$", examples=["EUR"])]
Since = Annotated[
    datetime | None,
    BeforeValidator(rules.moment),
    Query(alias="from", description="The first instant, or a date in UTC", examples=["2026-11-01"]),
]
Until = Annotated[
    datetime | None,
    BeforeValidator(rules.moment),
    Query(alias="to", description="The instant, or the date in UTC, before which it ends", examples=["2026-12-01"]),
]
About = Annotated[
    UUID | None,
    Query(alias="object", description="A payment's id, with its refunds and disputes; or one of these alone"),
]


@router.get(
    "/transactions",
    response_model=TransactionsOut,
    summary="What happened to my money",
    responses={**refusals(signed_in=True), **_FILE},
)
async def list_transactions(  # noqa: PLR0917 - FastAPI calls by name
    caller: Me,
    context: Ctx,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
    kind: Kind = None,
    currency: Currency = None,
    since: Since = None,
    until: Until = None,
    about: About = None,
    accept: Accept = None,
) -> TransactionsOut | Response:
    """Newest first. As CSV the whole of it is sent as one file, narrowed by the same filters, without pages."""
    wanted = Wanted(currency, kind, since, until, await _sources(context, about))
    if rules.wants_csv(accept):
        first = await flows.first_block(context, caller.user_id, wanted)
        parts = flows.file(context, caller.user_id, wanted, first)
        return files.CsvStream(parts, name=_LIST, exports=context.part(flows.Exports))
    cursors = context.part(Cursors)
    after = cursors.read(_LIST, cursor)
    async with context.db.read() as session:
        await ledger.prepare(session)
        page = await ledger.page(session, caller.user_id, wanted, before=UUID(after[0]) if after else None, limit=limit)
    following = None if page.before is None else cursors.write(_LIST, str(page.before))
    return TransactionsOut(items=[_transaction(item) for item in page.items], next_cursor=following)


async def _sources(context: Context, about: UUID | None) -> list[UUID] | None:
    if about is None:
        return None
    async with context.db.read() as session:
        return await payments.family(session, about)


def _transaction(item: HistoryItem) -> TransactionOut:
    return TransactionOut(
        id=item.id,
        type=item.kind,
        created_at=item.created_at,
        currency=item.currency,
        amount=AmountOut(amount=item.amount, currency=item.currency),
        changes=ChangesOut(**_named(item.changes)),
        object=None if item.source_id is None else ObjectOut(type=item.kind.partition(".")[0], id=item.source_id),
        payment_id=UUID(item.meta["payment"]) if "payment" in item.meta else None,
        description=item.meta.get("label"),
    )


def _named(by_balance: Mapping[str, int]) -> dict[str, Any]:
    return {("in_transit" if name == "in_payout" else name): amount for name, amount in by_balance.items()}


@router.get(
    "/statements/{month}",
    response_model=StatementOut,
    summary="A month's statement",
    responses={**refusals(NotFound, signed_in=True), **_FILE},
)
async def read_statement(
    month: Annotated[str, Path(pattern=r"^\d{4}-\d\d$", description="Year and month, in UTC", examples=["2026-11"])],
    caller: Me,
    context: Ctx,
    accept: Accept = None,
) -> StatementOut | Response:
    """Opening balance and the sums by type make the closing balance, which the next month opens with."""
    try:
        year, number = rules.month(month)
    except ValueError as error:
        raise ValidationFailed.of("month", "not_a_month", "Write a month like 2026-11") from error
    found = await statements.of_month(context, caller.user_id, year, number)
    if rules.wants_csv(accept):
        return files.whole(statements.as_csv(found.statements), name=f"statement-{month}")
    return StatementOut(
        month=month,
        since=found.since,
        until=found.until,
        is_final=found.is_final,
        items=[_currency(one) for one in found.statements],
    )


def _currency(one: Statement) -> CurrencyOut:
    return CurrencyOut(
        currency=one.currency,
        opening=_sums(one.opening),
        types=[TypeOut(type=moved.kind, sums=_sums(moved.sums)) for moved in one.moved],
        closing=_sums(one.closing),
    )


def _sums(sums: Sums) -> SumsOut:
    return SumsOut(**_named(sums.by_balance), total=sums.total)
