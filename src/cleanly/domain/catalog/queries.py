"""Read the catalogue as frozen values: what lists show, and what a sale is made of."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog.fees import queries as fees
from cleanly.domain.catalog.models import PlanGroupRow, PriceRow, ProductRow
from cleanly.domain.catalog.rules import Interval, Kind, PriceType
from cleanly.domain.catalog.schemas import Plan, PlanGroup, PlanProduct, Price, Product, ProductSummary, UnitAmount
from cleanly.domain.catalog.settings import CatalogSettings
from cleanly.kernel.money import Money

__all__ = ["CatalogSettings", "Price", "PriceForSale", "Product"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceForSale:
    """All that a sale needs to know. `seller_id` is None for the platform's own, which bear no fee.

    `money`: one piece or one period, tax included. `fee_fixed`: minor units of the price's currency. `active`: both
    the price and its product are on offer. `access_days`: how long something digital may be used; None: for good.
    """

    price_id: UUID
    product_id: UUID
    product_name: str
    seller_id: UUID | None
    money: Money
    type: PriceType
    interval: Interval | None
    interval_count: int | None
    trial_days: int | None
    access_days: int | None
    plan_group_id: UUID | None
    kind: Kind
    fee_basis_points: int
    fee_fixed: int
    active: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of products is narrowed to. `is_platform`: only those without a seller."""

    seller_id: UUID | None = None
    is_platform: bool = False
    kind: Kind | None = None
    currency: str | None = None


def price_of(row: PriceRow, plan_group: str | None) -> Price:
    """The value of a price's row."""
    return Price(
        id=row.id,
        product_id=row.product_id,
        unit_amount=UnitAmount(amount=row.unit_amount, currency=row.currency),
        type=row.type,
        interval=row.interval,
        interval_count=row.interval_count,
        trial_days=row.trial_days,
        access_days=row.access_days,
        plan_group_id=row.plan_group_id,
        plan_group=plan_group,
        active=row.is_active,
        created_at=row.created_at,
    )


def _summary(row: ProductRow, prices: Iterable[Price]) -> dict[str, Any]:
    return {
        "id": row.id,
        "seller_id": row.seller_id,
        "name": row.name,
        "image_urls": row.image_urls,
        "kind": row.kind,
        "status": row.status,
        # What is off the shelf has nothing on offer, whatever its prices say.
        "prices": [price for price in prices if row.status == "active"],
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def product_of(row: ProductRow, prices: Iterable[Price]) -> Product:
    """The value of a product's row and of its prices on offer."""
    return Product(**_summary(row, prices), description=row.description)


async def prices_on_offer(session: AsyncSession, *product_ids: UUID) -> dict[UUID, list[Price]]:
    """The active prices of products, oldest first."""
    found: dict[UUID, list[Price]] = defaultdict(list)
    if not product_ids:
        return found
    rows = await session.execute(
        select(PriceRow, PlanGroupRow.name)
        .outerjoin(PlanGroupRow, PlanGroupRow.id == PriceRow.plan_group_id)
        .where(PriceRow.product_id.in_(product_ids), PriceRow.is_active)
        .order_by(PriceRow.id)
    )
    for row, group in rows:
        found[row.product_id].append(price_of(row, group))
    return found


async def by_id(session: AsyncSession, product_id: UUID) -> Product | None:
    """The product, archived ones too: a buyer's history names it."""
    row = await session.get(ProductRow, product_id)
    return None if row is None else product_of(row, (await prices_on_offer(session, row.id))[row.id])


async def page(session: AsyncSession, wanted: Wanted, *, after: UUID | None, limit: int) -> Sequence[ProductSummary]:
    """Up to `limit` products on the shelf, newest first, beginning below the id `after`."""
    rows = (await session.scalars(_narrowed(wanted, after).order_by(ProductRow.id.desc()).limit(limit))).all()
    prices = await prices_on_offer(session, *(row.id for row in rows))
    return [ProductSummary(**_summary(row, prices[row.id])) for row in rows]


def _narrowed(wanted: Wanted, after: UUID | None) -> Select[ProductRow]:
    statement = select(ProductRow).where(ProductRow.status == "active")
    if after is not None:
        statement = statement.where(ProductRow.id < after)
    if wanted.is_platform:
        statement = statement.where(ProductRow.seller_id.is_(None))
    elif wanted.seller_id is not None:
        statement = statement.where(ProductRow.seller_id == wanted.seller_id)
    if wanted.kind is not None:
        statement = statement.where(ProductRow.kind == wanted.kind)
    if wanted.currency is not None:
        is_offered = exists().where(
            PriceRow.product_id == ProductRow.id, PriceRow.is_active, PriceRow.currency == wanted.currency
        )
        statement = statement.where(is_offered)
    return statement


async def plan_groups(session: AsyncSession, wanted: Wanted, *, after: UUID | None, limit: int) -> Sequence[PlanGroup]:
    """Up to `limit` groups with a plan on offer, newest first, each with its plans; `kind` narrows nothing here."""
    is_offered = (PriceRow.is_active, ProductRow.status == "active", PriceRow.product_id == ProductRow.id)
    narrowed = (PriceRow.currency == wanted.currency,) if wanted.currency is not None else ()
    statement = select(PlanGroupRow).where(
        exists().where(PriceRow.plan_group_id == PlanGroupRow.id, *is_offered, *narrowed)
    )
    if after is not None:
        statement = statement.where(PlanGroupRow.id < after)
    if wanted.is_platform:
        statement = statement.where(PlanGroupRow.seller_id.is_(None))
    elif wanted.seller_id is not None:
        statement = statement.where(PlanGroupRow.seller_id == wanted.seller_id)
    groups = (await session.scalars(statement.order_by(PlanGroupRow.id.desc()).limit(limit))).all()
    plans: dict[UUID, list[Plan]] = defaultdict(list)
    rows = await session.execute(
        select(PriceRow, ProductRow, PlanGroupRow)
        .where(PlanGroupRow.id.in_([group.id for group in groups]), PriceRow.plan_group_id == PlanGroupRow.id)
        .where(*is_offered, *narrowed)
        .order_by(PriceRow.id)
    )
    for price, product, group in rows:
        shown = PlanProduct(id=product.id, name=product.name, kind=product.kind, image_urls=product.image_urls)
        plans[group.id].append(Plan(price=price_of(price, group.name), product=shown))
    return [PlanGroup(id=row.id, seller_id=row.seller_id, name=row.name, plans=plans[row.id]) for row in groups]


async def price_for_sale(session: AsyncSession, price_id: UUID, settings: CatalogSettings) -> PriceForSale | None:
    """A price with what its sale costs the seller, read past every cache; None when there is no such price.

    To be sure that it says the same for ever, call `service.mark_used` first, in the same transaction.
    """
    found = (
        await session.execute(
            select(PriceRow, ProductRow)
            .join(ProductRow, ProductRow.id == PriceRow.product_id)
            .where(PriceRow.id == price_id),
            execution_options={"populate_existing": True},
        )
    ).one_or_none()
    if found is None:
        return None
    price, product = found
    fee = await fees.for_sale(session, product.seller_id, price.currency, settings)
    return PriceForSale(
        price_id=price.id,
        product_id=product.id,
        product_name=product.name,
        seller_id=product.seller_id,
        money=Money(price.unit_amount, price.currency),
        type=price.type,
        interval=price.interval,
        interval_count=price.interval_count,
        trial_days=price.trial_days,
        access_days=price.access_days,
        plan_group_id=price.plan_group_id,
        kind=product.kind,
        fee_basis_points=fee.basis_points,
        fee_fixed=fee.fixed,
        active=price.is_active and product.status == "active",
    )


@dataclass(frozen=True, slots=True)
class Access:
    """What a purchase lets its buyer use: a product, for so many days, or for good."""

    product_id: UUID
    days: int | None


async def access_of(session: AsyncSession, price_id: UUID) -> Access | None:
    """What one piece bought at this price lets its buyer use; None: it is no digital thing, or not bought once."""
    found = (
        await session.execute(
            select(PriceRow.product_id, PriceRow.access_days)
            .join(ProductRow, ProductRow.id == PriceRow.product_id)
            .where(PriceRow.id == price_id, PriceRow.type == "one_time", ProductRow.kind == "digital")
        )
    ).one_or_none()
    return None if found is None else Access(found.product_id, found.access_days)


async def of_seller(session: AsyncSession, seller_id: UUID) -> list[dict[str, Any]]:
    """Everything that a seller has listed, as the export shows it: archived products and old prices too."""
    products = (
        await session.scalars(select(ProductRow).where(ProductRow.seller_id == seller_id).order_by(ProductRow.id))
    ).all()
    prices: dict[UUID, list[Any]] = defaultdict(list)
    rows = await session.execute(
        select(PriceRow, PlanGroupRow.name)
        .join(ProductRow, ProductRow.id == PriceRow.product_id)
        .outerjoin(PlanGroupRow, PlanGroupRow.id == PriceRow.plan_group_id)
        .where(ProductRow.seller_id == seller_id)
        .order_by(PriceRow.id)
    )
    for row, group in rows:
        prices[row.product_id].append(price_of(row, group).model_dump(mode="json", by_alias=True))
    return [
        {**product_of(row, ()).model_dump(mode="json", by_alias=True), "prices": prices[row.id]} for row in products
    ]
