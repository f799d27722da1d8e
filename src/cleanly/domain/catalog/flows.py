"""The public reads, through the cache: bytes that each process keeps for minutes and forgets at a change."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries, service
from cleanly.domain.catalog.queries import Wanted
from cleanly.domain.catalog.schemas import PlansOut, ProductsOut
from cleanly.domain.catalog.settings import CatalogSettings
from cleanly.kernel.context import Context
from cleanly.kernel.ids import new_id
from cleanly.kernel.paging import Cursors
from cleanly.kernel.wire import Wire
from cleanly.platform.cache.service import Cache

Read = Callable[[AsyncSession, UUID | None], Awaitable[Wire]]
_PRODUCTS = "products"
_PLANS = "plans"


async def product(context: Context, product_id: UUID) -> bytes | None:
    """The serialised product, or None when there is none."""

    async def load() -> bytes | None:
        async with context.db.begin() as session:
            found = await queries.by_id(session, product_id)
        return None if found is None else service.body_of(found)

    seconds = context.part(CatalogSettings).catalog_cache_seconds
    return await context.part(Cache).get_or_load(service.product_key(product_id), seconds, load)


async def products(context: Context, wanted: Wanted, *, cursor: str | None, limit: int) -> bytes:
    """A page of products on the shelf, newest first.

    Raises:
        MalformedRequest: the cursor is none of this list.
    """
    cursors = context.part(Cursors)

    async def read(session: AsyncSession, after: UUID | None) -> Wire:
        rows = await queries.page(session, wanted, after=after, limit=limit + 1)
        page = cursors.page(_PRODUCTS, rows, limit, "id")
        return ProductsOut(items=list(page.items), next_cursor=page.next_cursor)

    return await _listed(context, _PRODUCTS, wanted, cursor, limit, read)


async def plans(context: Context, wanted: Wanted, *, cursor: str | None, limit: int) -> bytes:
    """A page of plan groups with their plans on offer, newest first.

    Raises:
        MalformedRequest: the cursor is none of this list.
    """
    cursors = context.part(Cursors)

    async def read(session: AsyncSession, after: UUID | None) -> Wire:
        rows = await queries.plan_groups(session, wanted, after=after, limit=limit + 1)
        page = cursors.page(_PLANS, rows, limit, "id")
        return PlansOut(items=list(page.items), next_cursor=page.next_cursor)

    return await _listed(context, _PLANS, wanted, cursor, limit, read)


async def _listed(  # noqa: PLR0917 - the parts of one list's name
    context: Context, place: str, wanted: Wanted, cursor: str | None, limit: int, read: Read
) -> bytes:
    key = context.part(Cursors).read(place, cursor)
    after = None if key is None else UUID(key[0])

    async def load() -> bytes | None:
        async with context.db.begin() as session:
            return (await read(session, after)).model_dump_json(by_alias=True).encode()

    seller = "platform" if wanted.is_platform else wanted.seller_id
    name = f"{place}:{seller}:{wanted.kind}:{wanted.currency}:{limit}:{after}"
    cache, seconds = context.part(Cache), context.part(CatalogSettings).catalog_cache_seconds
    # One word is forgotten at a change, not every page that may exist: pages of an older generation are never asked
    # for again. A page is read after its generation was made, so it can't be older than the change that ended the last.
    generation = await cache.get_or_load(service.GENERATION_KEY, seconds, _new_generation)
    body = await cache.get_or_load(f"catalog:list:{(generation or b'').decode()}:{name}", seconds, load)
    return body or b""


async def _new_generation() -> bytes | None:
    return str(new_id()).encode()
