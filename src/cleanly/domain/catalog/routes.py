"""/products, their prices, and /plans: public to read, from the cache, with an entity tag; sellers and admins write."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from cleanly.domain.catalog import flows, service
from cleanly.domain.catalog.errors import ProductArchived
from cleanly.domain.catalog.queries import Wanted
from cleanly.domain.catalog.rules import Kind
from cleanly.domain.catalog.schemas import (
    Currency,
    PlansOut,
    Price,
    PriceIn,
    Product,
    ProductChangeIn,
    ProductIn,
    ProductsOut,
)
from cleanly.kernel import errors
from cleanly.kernel.etags import etag_matches, etag_of
from cleanly.kernel.http import Ctx, Cursor, From, Limit, Me, Responses, Route, Tx, refusals
from cleanly.kernel.paging import LIMIT_DEFAULT
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS

# A browser looks again after a minute, a shared cache after five.
CACHE_CONTROL = "public, max-age=60, s-maxage=300"
_UNCHANGED: Responses = {304: {"description": "Not changed since If-None-Match"}}
router = APIRouter(tags=["catalog"], route_class=Route)

Seller = Annotated[
    str | None,
    Query(
        alias="sellerId",
        max_length=36,
        description="A seller's id, or `platform` for the platform's own",
        examples=[None],
    ),
]
InCurrency = Annotated[Currency | None, Query(description="With a price on offer in it", examples=[None])]


def _public(request: Request, body: bytes) -> Response:
    etag = etag_of(body)
    headers = {"ETag": etag, "Cache-Control": CACHE_CONTROL}
    if etag_matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _product(product: Product, status: int) -> Response:
    body = service.body_of(product)
    return Response(body, status_code=status, headers={"ETag": etag_of(body)}, media_type="application/json")


def _wanted(seller: str | None, kind: Kind | None, currency: str | None) -> Wanted:
    if seller is None or seller == "platform":
        return Wanted(is_platform=seller is not None, kind=kind, currency=currency)
    try:
        return Wanted(seller_id=UUID(seller), kind=kind, currency=currency)
    except ValueError as error:
        raise errors.ValidationFailed.of("sellerId", "invalid", "SellerId: neither an id nor `platform`") from error


@router.get(
    "/products",
    response_model=ProductsOut,
    summary="What is for sale",
    responses=_UNCHANGED | refusals(errors.ValidationFailed),
)
async def list_products(  # noqa: PLR0917 - FastAPI calls by name
    request: Request,
    context: Ctx,
    seller_id: Seller = None,
    kind: Kind | None = None,
    currency: InCurrency = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Products on the shelf, newest first, each with its prices on offer. `ETag` and `If-None-Match` spare the body."""
    wanted = _wanted(seller_id, kind, currency)
    return _public(request, await flows.products(context, wanted, cursor=cursor, limit=limit))


@router.get(
    "/products/{product_id}",
    response_model=Product,
    summary="Read a product",
    responses=_UNCHANGED | refusals(errors.NotFound, errors.ValidationFailed),
)
async def read_product(request: Request, product_id: UUID, context: Ctx) -> Response:
    """With its prices on offer. An archived one still answers, with none. `If-None-Match` spares the body."""
    body = await flows.product(context, product_id)
    if body is None:
        raise errors.NotFound
    return _public(request, body)


@router.post(
    "/products",
    response_model=Product,
    status_code=201,
    summary="Sell something",
    responses=refusals(errors.Forbidden, errors.Conflict, *KEY_REFUSALS, signed_in=True, body=True),
)
async def create_product(body: ProductIn, caller: Me, tx: Tx, context: Ctx, origin: From) -> Response:
    """A product of the caller's, or with `platform` (admins) of the platform itself. Answers with its `ETag`."""
    return _product(await service.create(tx, context, body, caller=caller, origin=origin), 201)


@router.put(
    "/products/{product_id}",
    response_model=Product,
    summary="Change a product",
    responses=refusals(errors.NotFound, errors.Conflict, ProductArchived, *KEY_REFUSALS, signed_in=True, body=True),
)
async def change_product(  # noqa: PLR0917 - FastAPI calls by name
    product_id: UUID,
    body: ProductChangeIn,
    caller: Me,
    tx: Tx,
    context: Ctx,
    origin: From,
    if_match: Annotated[str | None, Header(description="The ETag that was read", max_length=512)] = None,
) -> Response:
    """Absent fields stay; prices have their own calls. Another's product is NOT_FOUND.

    With `If-Match`, a product that has changed meanwhile (its prices included) is a CONFLICT and stays as it is.
    """
    changed = await service.change(tx, context, product_id, body, if_match=if_match, caller=caller, origin=origin)
    return _product(changed, 200)


@router.delete(
    "/products/{product_id}",
    status_code=204,
    summary="Take a product off the shelf",
    responses=refusals(errors.NotFound, errors.ValidationFailed, signed_in=True),
)
async def archive_product(product_id: UUID, caller: Me, tx: Tx, context: Ctx, origin: From) -> Response:
    """It leaves the lists and can't be bought; who bought it can still read it. Again: still 204."""
    await service.archive(tx, context, product_id, caller=caller, origin=origin)
    return Response(status_code=204)


@router.post(
    "/products/{product_id}/prices",
    status_code=201,
    summary="Publish a price",
    responses=refusals(errors.NotFound, errors.Conflict, ProductArchived, *KEY_REFUSALS, signed_in=True, body=True),
)
async def publish_price(  # noqa: PLR0917 - FastAPI calls by name
    product_id: UUID, body: PriceIn, caller: Me, tx: Tx, context: Ctx, origin: From
) -> Price:
    """A price never changes its amount: publish another, then end the old one.

    An amount that some enabled provider can't charge exactly is a VALIDATION_ERROR (`not_chargeable`).
    """
    return await service.add_price(tx, context, product_id, body, caller=caller, origin=origin)


@router.delete(
    "/products/{product_id}/prices/{price_id}",
    status_code=204,
    summary="End a price's offer",
    responses=refusals(errors.NotFound, errors.ValidationFailed, signed_in=True),
)
async def deactivate_price(  # noqa: PLR0917 - FastAPI calls by name
    product_id: UUID, price_id: UUID, caller: Me, tx: Tx, context: Ctx, origin: From
) -> Response:
    """Nobody buys by it any more; what was bought is as it was. Again: still 204."""
    await service.deactivate_price(tx, context, product_id, price_id, caller=caller, origin=origin)
    return Response(status_code=204)


@router.get(
    "/plans",
    response_model=PlansOut,
    summary="What can be subscribed to",
    responses=_UNCHANGED | refusals(errors.ValidationFailed),
)
async def list_plans(  # noqa: PLR0917 - FastAPI calls by name
    request: Request,
    context: Ctx,
    seller_id: Seller = None,
    currency: InCurrency = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Recurring prices on offer with their product, by group: of a group's plans a subscriber has one at a time."""
    wanted = _wanted(seller_id, None, currency)
    return _public(request, await flows.plans(context, wanted, cursor=cursor, limit=limit))
