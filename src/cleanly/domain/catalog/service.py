"""Write the catalogue, inside the caller's transaction. Every change forgets the cached copies once it is committed.

Whoever changes a product or its prices holds the product's row, so limits, entity tags and changes agree.
"""

from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries, rules
from cleanly.domain.catalog.errors import ProductArchived
from cleanly.domain.catalog.models import ProductRow
from cleanly.domain.catalog.prices import service as prices
from cleanly.domain.catalog.prices.service import PriceRules, mark_used
from cleanly.domain.catalog.schemas import Price, PriceIn, Product, ProductChangeIn, ProductIn
from cleanly.domain.catalog.settings import CatalogSettings
from cleanly.kernel.context import Context
from cleanly.kernel.db import after_commit
from cleanly.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed
from cleanly.kernel.etags import etag_matches, etag_of
from cleanly.kernel.ids import new_id
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit
from cleanly.platform.cache.service import Cache

__all__ = ["PriceRules", "mark_used"]

# Lists are cached under the generation that lies here; to forget it is to forget them all, on every process.
GENERATION_KEY = "catalog:generation"


def product_key(product_id: UUID) -> str:
    """Where the serialised product is cached."""
    return f"catalog:product:{product_id}"


def body_of(product: Product) -> bytes:
    """The product as the wire shows it: what entity tags are made of."""
    return product.model_dump_json(by_alias=True).encode()


async def create(
    session: AsyncSession, context: Context, body: ProductIn, *, caller: Caller, origin: Origin
) -> Product:
    """Put a product on the shelf, with its first price if the body has one.

    Raises:
        Forbidden: the platform's, asked by somebody who is no admin. Conflict: the seller has too many already.
        ValidationFailed: the price, as `add_price`.
    """
    if body.platform and not caller.is_admin:
        raise Forbidden("Only an admin adds the platform's own products")
    now, seller_id = context.clock.now(), None if body.platform else caller.user_id
    await _leave_room(session, seller_id, context.part(CatalogSettings).catalog_products_per_seller_max)
    row = ProductRow(
        id=new_id(),
        seller_id=seller_id,
        name=body.name,
        description=body.description,
        image_urls=list(body.image_urls),
        kind=body.kind,
        status="active",
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    await session.flush()
    first = [await prices.publish(session, context, row, body.price, place="price.", now=now)] if body.price else []
    _forget(session, context, row.id)
    await _record(session, "product.created", row.id, now=now, caller=caller, origin=origin)
    return queries.product_of(row, first)


async def change(
    session: AsyncSession,
    context: Context,
    product_id: UUID,
    body: ProductChangeIn,
    *,
    if_match: str | None,
    caller: Caller,
    origin: Origin,
) -> Product:
    """Change what the body names.

    Raises:
        NotFound: none, or another's. ProductArchived. Conflict: it is not the one that `if_match` names.
        ValidationFailed: a field is null, and none can be taken away.
    """
    wanted = {name: getattr(body, name) for name in body.model_fields_set}
    for name, value in wanted.items():
        if value is None:
            raise ValidationFailed.of(_WIRE_NAMES[name], "missing", "It can be emptied, not taken away")
    row = await _locked(session, product_id, caller)
    if row.status == "archived":
        raise ProductArchived
    offered = (await queries.prices_on_offer(session, product_id))[product_id]
    if if_match is not None and not etag_matches(if_match, etag_of(body_of(queries.product_of(row, offered)))):
        raise Conflict
    if "image_urls" in wanted:
        wanted["image_urls"] = list(wanted["image_urls"])
    changed = {name: value for name, value in wanted.items() if value != getattr(row, name)}
    if changed:
        now = context.clock.now()
        for name, value in changed.items():
            setattr(row, name, value)
        await _touch(session, context, row, now)
        await _record(session, "product.changed", product_id, now=now, caller=caller, origin=origin)
    return queries.product_of(row, offered)


async def archive(session: AsyncSession, context: Context, product_id: UUID, *, caller: Caller, origin: Origin) -> None:
    """Take a product off the shelf for good; again: nothing happens.

    Raises:
        NotFound: none, or another's.
    """
    row = await _locked(session, product_id, caller)
    if row.status == "archived":
        return
    now = context.clock.now()
    row.status = "archived"
    await _touch(session, context, row, now)
    await _record(session, "product.archived", product_id, now=now, caller=caller, origin=origin)


async def add_price(
    session: AsyncSession, context: Context, product_id: UUID, body: PriceIn, *, caller: Caller, origin: Origin
) -> Price:
    """Publish another price of a product.

    Raises:
        NotFound: no such product, or another's. ProductArchived. Conflict: it has too many prices on offer.
        ValidationFailed: terms that don't fit the type, or an amount that some enabled provider can't charge exactly.
    """
    row = await _locked(session, product_id, caller)
    if row.status == "archived":
        raise ProductArchived
    now = context.clock.now()
    price = await prices.publish(session, context, row, body, place="", now=now)
    await _touch(session, context, row, now)
    await _record(session, "price.published", price.id, now=now, caller=caller, origin=origin)
    return price


async def deactivate_price(
    session: AsyncSession, context: Context, product_id: UUID, price_id: UUID, *, caller: Caller, origin: Origin
) -> None:
    """End a price's offer; again: nothing happens. What was bought with it is as it was.

    Raises:
        NotFound: no such price of this product, or another's.
    """
    row = await _locked(session, product_id, caller)
    if not await prices.deactivate(session, product_id, price_id):
        return
    now = context.clock.now()
    await _touch(session, context, row, now)
    await _record(session, "price.deactivated", price_id, now=now, caller=caller, origin=origin)


async def erase(session: AsyncSession, context: Context, user_id: UUID) -> None:
    """Archive all that a user sells and blank what was written and shown; names stay, for buyers' records."""
    erased = await session.scalars(
        update(ProductRow)
        .where(ProductRow.seller_id == user_id)
        .values(status="archived", description="", image_urls=[], updated_at=context.clock.now())
        .returning(ProductRow.id)
    )
    _forget(session, context, *erased)


_WIRE_NAMES = {name: field.alias or name for name, field in ProductChangeIn.model_fields.items()}


async def _leave_room(session: AsyncSession, seller_id: UUID | None, most: int) -> None:
    listed = select(ProductRow.id).where(ProductRow.seller_id.is_not_distinct_from(seller_id))
    some = listed.where(ProductRow.status == "active").limit(most).subquery()
    count = await session.scalar(select(func.count()).select_from(some))
    if (count or 0) >= most:
        raise Conflict(f"There are {most} products already; archive one first")


async def _locked(session: AsyncSession, product_id: UUID, caller: Caller) -> ProductRow:
    row = await session.get(ProductRow, product_id, with_for_update={"key_share": True}, populate_existing=True)
    # Everybody may read it, and still another's product answers a write as all that is another's does.
    if row is None or not rules.may_write(caller, row.seller_id):
        raise NotFound
    return row


async def _touch(session: AsyncSession, context: Context, row: ProductRow, now: datetime) -> None:
    row.updated_at = now
    await session.flush()
    _forget(session, context, row.id)


def _forget(session: AsyncSession, context: Context, *product_ids: UUID) -> None:
    keys = (*(product_key(product_id) for product_id in product_ids), GENERATION_KEY)
    after_commit(session, partial(context.part(Cache).forget, *keys))


async def _record(
    session: AsyncSession, action: str, target_id: UUID, *, now: datetime, caller: Caller, origin: Origin
) -> None:
    await audit.record(session, action, at=now, origin=origin, actor_id=caller.user_id, target_id=target_id)
