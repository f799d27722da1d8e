"""Publish prices, end their offer, and mark those that something points at, inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries, rules
from cleanly.domain.catalog.models import PlanGroupRow, PriceRow, ProductRow
from cleanly.domain.catalog.schemas import Price, PriceIn
from cleanly.kernel.context import Context
from cleanly.kernel.errors import Conflict, NotFound, ValidationFailed
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money


@dataclass(frozen=True, slots=True)
class PriceRules:
    """What every new price must suit: a part of the Context. `tables`: of each provider that is enabled here."""

    tables: tuple[rules.ChargeTable, ...]


async def publish(
    session: AsyncSession, context: Context, product: ProductRow, body: PriceIn, *, place: str, now: datetime
) -> Price:
    """Add a price to a product whose row is locked. `place` stands before the field's name in a refusal.

    Raises:
        ValidationFailed: terms that don't fit the type, or an amount that some enabled provider can't charge exactly.
        Conflict: too many prices are on offer, of the product or of the plan group.
    """
    fault = rules.fault_of_terms(
        body.type,
        interval=body.interval,
        interval_count=body.interval_count,
        trial_days=body.trial_days,
        plan_group=body.plan_group,
    ) or rules.fault_of_access(body.type, product.kind, body.access_days)
    if fault is not None:
        raise ValidationFailed.of(place + fault.field, fault.reason, fault.message)
    money = Money(body.unit_amount.amount, body.unit_amount.currency)
    refusal = rules.why_not_chargeable(money, context.part(PriceRules).tables)
    if refusal is not None:
        raise ValidationFailed.of(f"{place}unitAmount", "not_chargeable", refusal)
    await _check_count(session, PriceRow.product_id == product.id, rules.PRICES_PER_PRODUCT_MAX, "The product")
    group_id = await _group(session, product, body.plan_group, now=now) if body.plan_group else None
    row = PriceRow(
        id=new_id(),
        product_id=product.id,
        currency=money.currency,
        unit_amount=money.amount,
        type=body.type,
        interval=body.interval,
        interval_count=(body.interval_count or 1) if body.type == "recurring" else None,
        trial_days=body.trial_days,
        access_days=body.access_days,
        plan_group_id=group_id,
        is_active=True,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return queries.price_of(row, body.plan_group)


async def deactivate(session: AsyncSession, product_id: UUID, price_id: UUID) -> bool:
    """End a price's offer; False if it had ended before.

    Raises:
        NotFound: no such price of this product.
    """
    is_here = select(PriceRow.id).where(PriceRow.id == price_id, PriceRow.product_id == product_id)
    if await session.scalar(is_here) is None:
        raise NotFound
    ended: UUID | None = await session.scalar(
        update(PriceRow)
        .where(PriceRow.id == price_id, PriceRow.is_active)
        .values(is_active=False)
        .returning(PriceRow.id)
    )
    return ended is not None


async def mark_used(session: AsyncSession, price_id: UUID, *, now: datetime) -> None:
    """Make a price unchangeable, because something is about to point at it. Cheap when it is so already.

    From here on the database refuses to change it, so what `queries.price_for_sale` says after this holds for ever.
    """
    await session.execute(
        update(PriceRow).where(PriceRow.id == price_id, PriceRow.used_at.is_(None)).values(used_at=now)
    )


async def _group(session: AsyncSession, product: ProductRow, name: str, *, now: datetime) -> UUID:
    """The seller's group of this name, made if need be, and locked so that its plans can be counted."""
    await session.execute(
        insert(PlanGroupRow)
        .values(id=new_id(), seller_id=product.seller_id, name=name, created_at=now)
        .on_conflict_do_nothing(constraint="plan_groups_seller_id_name_key")
    )
    group_id = (
        await session.scalars(
            select(PlanGroupRow.id)
            .where(PlanGroupRow.seller_id.is_not_distinct_from(product.seller_id), PlanGroupRow.name == name)
            .with_for_update(key_share=True)
        )
    ).one()
    await _check_count(session, PriceRow.plan_group_id == group_id, rules.PLANS_PER_GROUP_MAX, "The plan group")
    return group_id


async def _check_count(session: AsyncSession, where: ColumnElement[bool], most: int, whose: str) -> None:
    count = await session.scalar(select(func.count()).where(where, PriceRow.is_active))
    if (count or 0) >= most:
        raise Conflict(f"{whose} has {most} prices on offer; end one first")
