"""Book what a provider has billed, inside the caller's transaction: a payment's row that is captured from the start."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog.queries import PriceForSale
from cleanly.domain.ledger import service as ledger
from cleanly.domain.payments import books, people, postings, rules, service
from cleanly.domain.payments.holds import service as holds
from cleanly.domain.payments.models import PaymentRow
from cleanly.domain.payments.queries import customer_of
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.kernel.context import Context
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money

__all__ = ["PaymentSettings", "book", "customer_of", "open_accounts", "remember_customer"]
remember_customer = people.remember_customer


async def open_accounts(context: Context, provider: str, seller: UUID | None, currency: str) -> None:
    """Open what such payments may touch, in a transaction of its own; known ones cost nothing."""
    await books.open_accounts(context, provider, seller, currency, country=service.TAX_COUNTRY)


async def book(
    session: AsyncSession,
    *,
    buyer_id: UUID,
    price: PriceForSale,
    money: Money,
    provider: str,
    provider_account: str,
    customer: str | None,
    reference: str,
    charge: str | None,
    now: datetime,
    settings: PaymentSettings,
) -> tuple[UUID, ledger.Posting]:
    """The payment's row and what the caller has to post as its last statement. Refunds and disputes find it as any.

    `money` may be another amount than the price's: the rest of a period after a change of plan.
    """
    row = _captured(buyer_id, price, money, provider=provider, account=provider_account, now=now)
    row.provider_customer, row.provider_payment_id, row.provider_charge_id = customer, reference, charge
    session.add(row)
    await session.flush()
    await holds.begin(session, row, now=now, settings=settings)
    posting = await books.posting(
        session,
        reference=f"payment:{row.id}:captured",
        kind="payment.captured",
        currency=row.currency,
        lines=postings.captured(
            provider=provider,
            seller=row.seller_id,
            shares=rules.Shares(row.seller_amount, row.fee_amount, row.tax_amount),
            country=service.TAX_COUNTRY,
        ),
        source_id=row.id,
        provider_object=f"{provider}:{charge or reference}",
        payment=row,
    )
    return row.id, posting


def _captured(
    buyer_id: UUID, price: PriceForSale, money: Money, *, provider: str, account: str, now: datetime
) -> PaymentRow:
    shares = rules.split_sale(
        money,
        tax=0,
        fee_basis_points=price.fee_basis_points if price.seller_id else 0,
        fee_fixed=price.fee_fixed if price.seller_id else 0,
    )
    return PaymentRow(
        id=new_id(),
        buyer_id=buyer_id,
        seller_id=price.seller_id,
        price_id=price.price_id,
        quantity=1,
        description=price.product_name,
        provider=provider,
        provider_account=account,
        capture_method="automatic",
        state="captured",
        currency=money.currency,
        unit_amount=price.money.amount,
        amount=money.amount,
        seller_amount=shares.seller,
        fee_amount=shares.fee,
        tax_amount=shares.tax,
        fee_basis_points=price.fee_basis_points,
        captured_amount=money.amount,
        seller_left=shares.seller,
        fee_left=shares.fee,
        tax_left=shares.tax,
        captured_at=now,
        looked_at=now,
        meta={},
        created_at=now,
        updated_at=now,
    )
