"""Read payments as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.payments.models import CustomerRow, PaymentRow
from cleanly.domain.payments.rules import State
from cleanly.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Payment:
    """One purchase as it stands."""

    id: UUID
    buyer_id: UUID
    seller_id: UUID | None
    price_id: UUID
    quantity: int
    description: str
    provider: str
    provider_account: str
    customer: str | None
    reference: str | None
    charge: str | None
    capture: Literal["automatic", "manual"]
    state: State
    money: Money
    fee: int
    tax: int
    captured: int
    refunding: int
    refunded: int
    decline_code: str | None
    alarm: str | None
    looked_at: datetime | None
    meta: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


def payment_of(row: PaymentRow) -> Payment:
    """The value of a row."""
    return Payment(
        id=row.id,
        buyer_id=row.buyer_id,
        seller_id=row.seller_id,
        price_id=row.price_id,
        quantity=row.quantity,
        description=row.description,
        provider=row.provider,
        provider_account=row.provider_account,
        customer=row.provider_customer,
        reference=row.provider_payment_id,
        charge=row.provider_charge_id,
        capture=cast("Literal['automatic', 'manual']", row.capture_method),
        state=cast("State", row.state),
        money=Money(row.amount, row.currency),
        fee=row.fee_amount,
        tax=row.tax_amount,
        captured=row.captured_amount,
        refunding=row.refunding_amount,
        refunded=row.refunded_amount,
        decline_code=row.decline_code,
        alarm=row.alarm,
        looked_at=row.looked_at,
        meta=row.meta,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def by_id(session: AsyncSession, payment_id: UUID) -> Payment | None:
    """One payment."""
    row = await session.get(PaymentRow, payment_id)
    return None if row is None else payment_of(row)


async def of_person(
    session: AsyncSession,
    person: UUID,
    *,
    role: Literal["buyer", "seller", "any"],
    state: str | None,
    provider: str | None,
    after: UUID | None,
    limit: int,
) -> list[Payment]:
    """What a person bought or sold, newest first; `after` is the last id of the page before."""
    mine = {
        "buyer": PaymentRow.buyer_id == person,
        "seller": PaymentRow.seller_id == person,
        "any": or_(PaymentRow.buyer_id == person, PaymentRow.seller_id == person),
    }[role]
    statement = select(PaymentRow).where(mine).order_by(PaymentRow.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(PaymentRow.state == state)
    if provider is not None:
        statement = statement.where(PaymentRow.provider == provider)
    if after is not None:
        statement = statement.where(PaymentRow.id < after)
    return [payment_of(row) for row in await session.scalars(statement)]


async def by_reference(
    session: AsyncSession, provider: str, account: str, *, reference: str | None = None, charge: str | None = None
) -> Payment | None:
    """The payment that a provider's object belongs to, by the provider's id of the payment or of the charge."""
    statement = select(PaymentRow).where(PaymentRow.provider == provider, PaymentRow.provider_account == account)
    if reference is not None:
        statement = statement.where(
            or_(PaymentRow.provider_payment_id == reference, PaymentRow.provider_charge_id == reference)
        )
    if charge is not None:
        statement = statement.where(PaymentRow.provider_charge_id == charge)
    row = await session.scalar(statement.limit(1))
    return None if row is None else payment_of(row)


_FAMILY = text(
    """
    SELECT id FROM refunds WHERE payment_id = :payment
    UNION ALL SELECT id FROM disputes WHERE payment_id = :payment
    UNION ALL SELECT id FROM holds WHERE payment_id = :payment
    LIMIT :limit
    """
)
FAMILY_MAX = 10_000


async def family(session: AsyncSession, object_id: UUID) -> list[UUID]:
    """An id and, if it is a payment's, those of its refunds, disputes and holds: whatever its money moved for."""
    found = await session.scalars(_FAMILY, {"payment": object_id, "limit": FAMILY_MAX})
    return [object_id, *found]


async def customer_of(session: AsyncSession, user_id: UUID, provider: str, account: str) -> str | None:
    """A buyer's id at a provider, if we know one."""
    row = await session.get(CustomerRow, (user_id, provider, account))
    return None if row is None else row.customer


async def failed(session: AsyncSession, *, since: datetime, until: datetime) -> dict[str, int]:
    """How many payments failed in that time, per currency, `until` not included. Reads the whole table."""
    ended = (PaymentRow.state == "failed", PaymentRow.updated_at >= since, PaymentRow.updated_at < until)
    rows = await session.execute(select(PaymentRow.currency, func.count()).where(*ended).group_by(PaymentRow.currency))
    return {currency: count for currency, count in rows}  # noqa: C416 - rows are no pairs to a type checker
