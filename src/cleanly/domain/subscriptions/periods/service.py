"""Book the periods that a look shows as paid: each once, by its beginning, inside the caller's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.catalog.queries import CatalogSettings
from cleanly.domain.ledger.service import Posting
from cleanly.domain.payments.billed import service as payments
from cleanly.domain.subscriptions.models import ChangeRow, PeriodRow, SubscriptionRow
from cleanly.kernel.context import Context
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.platform.providers.billing import Invoice


@dataclass(slots=True)
class Booked:
    """What came of a look's invoices. `postings`: for the caller's last statement. `is_foreign`: one was not ours."""

    postings: list[Posting] = field(default_factory=list[Posting])
    cycles: int = 0
    is_foreign: bool = False


async def book(
    session: AsyncSession, context: Context, row: SubscriptionRow, paid: Iterable[Invoice], *, now: datetime
) -> Booked:
    """Periods and payments of what is new among these; the subscription's row is locked.

    An invoice of another amount than the price, or than the change that was agreed, books nothing.
    """
    rows = await session.execute(
        select(PeriodRow.period_start, PeriodRow.kind).where(PeriodRow.subscription_id == row.id)
    )
    known = {(start, kind) for start, kind in rows}
    booked = Booked()
    for invoice in paid:
        if (invoice.period_start, invoice.kind) in known:
            continue
        price = await catalog.price_for_sale(session, invoice.price_id, context.part(CatalogSettings))
        expected = await _expected(session, row, invoice, None if price is None else price.money)
        if price is None or price.plan_group_id != row.plan_group_id or expected != invoice.money:
            booked.is_foreign = True
            continue
        known.add((invoice.period_start, invoice.kind))
        payment_id, posting = await payments.book(
            session,
            buyer_id=row.user_id,
            price=price,
            money=invoice.money,
            provider=row.provider,
            provider_account=row.provider_account,
            customer=row.provider_customer,
            reference=invoice.reference,
            charge=invoice.charge,
            now=now,
            settings=context.part(payments.PaymentSettings),
        )
        booked.postings.append(posting)
        booked.cycles += invoice.kind == "cycle"
        session.add(
            PeriodRow(
                id=new_id(),
                subscription_id=row.id,
                kind=invoice.kind,
                price_id=invoice.price_id,
                period_start=invoice.period_start,
                period_end=invoice.period_end,
                currency=invoice.money.currency,
                amount=invoice.money.amount,
                payment_id=payment_id,
                created_at=now,
            )
        )
    return booked


async def _expected(session: AsyncSession, row: SubscriptionRow, invoice: Invoice, price: Money | None) -> Money | None:
    if invoice.kind == "cycle":
        return price
    change = None if invoice.change_id is None else await session.get(ChangeRow, invoice.change_id)
    if change is None or change.subscription_id != row.id or change.amount is None or change.currency is None:
        return None
    return Money(change.amount, change.currency)


async def give_back(session: AsyncSession, payment_id: UUID, *, now: datetime) -> None:
    """All of this period's payment was given back."""
    await session.execute(update(PeriodRow).where(PeriodRow.payment_id == payment_id).values(given_back_at=now))
