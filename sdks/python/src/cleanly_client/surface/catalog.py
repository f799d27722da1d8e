"""Products, prices and plans. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from cleanly_client import models, wire
from cleanly_client.calls import Call, Given
from cleanly_client.groups import AsyncGroup, Group
from cleanly_client.money import Money
from cleanly_client.pages import AsyncPages, Pages
from cleanly_client.unset import UNSET, Unset

_LIST_PRODUCTS: Call[wire.Page[models.ProductSummary]] = Call(
    "list_products", "GET", "/api/v1/products", wire.pages(models.ProductSummary), needs_token=False, tells_etag=True
)
_READ_PRODUCT: Call[models.Product] = Call(
    "read_product",
    "GET",
    "/api/v1/products/{product_id}",
    wire.reader(models.Product),
    needs_token=False,
    tells_etag=True,
)
_CREATE_PRODUCT: Call[models.Product] = Call("create_product", "POST", "/api/v1/products", wire.reader(models.Product))
_CHANGE_PRODUCT: Call[models.Product] = Call(
    "change_product", "PUT", "/api/v1/products/{product_id}", wire.reader(models.Product)
)
_ARCHIVE_PRODUCT: Call[None] = Call("archive_product", "DELETE", "/api/v1/products/{product_id}", wire.anything)
_PUBLISH_PRICE: Call[models.Price] = Call(
    "publish_price", "POST", "/api/v1/products/{product_id}/prices", wire.reader(models.Price)
)
_DEACTIVATE_PRICE: Call[None] = Call(
    "deactivate_price", "DELETE", "/api/v1/products/{product_id}/prices/{price_id}", wire.anything
)
_LIST_PLANS: Call[wire.Page[models.PlanGroup]] = Call(
    "list_plans", "GET", "/api/v1/plans", wire.pages(models.PlanGroup), needs_token=False, tells_etag=True
)


class Catalog(Group):
    """Products, prices and plans."""

    def products(
        self,
        *,
        seller_id: str | Unset = UNSET,
        kind: Literal["physical", "digital", "service"] | Unset = UNSET,
        currency: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> Pages[models.ProductSummary]:
        """What is for sale.

        Products on the shelf, newest first, each with its prices on offer. `ETag` and `If-None-Match` spare the body.

        `seller_id`: A seller's id, or `platform` for the platform's own.

        `currency`: With a price on offer in it.

        `limit`: Rows per page.
        """
        return self._pages(
            _LIST_PRODUCTS,
            Given({}, {"sellerId": seller_id, "kind": kind, "currency": currency, "limit": limit, "cursor": cursor}),
        )

    def product(self, product_id: UUID | str) -> models.Product:
        """Read a product.

        With its prices on offer. An archived one still answers, with none. `If-None-Match` spares the body.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_PRODUCT, Given({"product_id": product_id}, {}))

    def create_product(
        self,
        *,
        name: str,
        kind: Literal["physical", "digital", "service"],
        description: str | Unset = UNSET,
        image_urls: Sequence[str] | Unset = UNSET,
        platform: bool | Unset = UNSET,
        price: models.NewPrice | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Product:
        """Sell something.

        A product of the caller's, or with `platform` (admins) of the platform itself. Answers with its `ETag`.

        `kind`: Decides which providers can sell it; it stays.

        `price`: The first price, if it is known already.

        Raises:
            Forbidden, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CREATE_PRODUCT,
            Given(
                {},
                {},
                body={
                    "name": name,
                    "description": description,
                    "imageUrls": image_urls,
                    "kind": kind,
                    "platform": platform,
                    "price": price,
                },
                key=idempotency_key,
            ),
        )

    def change_product(
        self,
        product_id: UUID | str,
        *,
        name: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        image_urls: Sequence[str] | Unset | None = UNSET,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Product:
        """Change a product.

        Absent fields stay; prices have their own calls. Another's product is NOT_FOUND.

        With `If-Match`, a product that has changed meanwhile (its prices included) is a CONFLICT and stays as it is.

        Raises:
            NotFound, Conflict, InvalidState: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CHANGE_PRODUCT,
            Given(
                {"product_id": product_id},
                {},
                body={"name": name, "description": description, "imageUrls": image_urls},
                key=idempotency_key,
                if_match=if_match,
            ),
        )

    def archive_product(self, product_id: UUID | str) -> None:
        """Take a product off the shelf.

        It leaves the lists and can't be bought; who bought it can still read it. Again: still 204.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        self._caller.call(_ARCHIVE_PRODUCT, Given({"product_id": product_id}, {}))

    def publish_price(
        self,
        product_id: UUID | str,
        *,
        unit_amount: Money,
        type: Literal["one_time", "recurring"] | Unset = UNSET,
        interval: Literal["day", "week", "month", "year"] | Unset | None = UNSET,
        interval_count: int | Unset | None = UNSET,
        trial_days: int | Unset | None = UNSET,
        access_days: int | Unset | None = UNSET,
        plan_group: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Price:
        """Publish a price.

        A price never changes its amount: publish another, then end the old one.

        An amount that some enabled provider can't charge exactly is a VALIDATION_ERROR (`not_chargeable`).

        Raises:
            NotFound, Conflict, InvalidState: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _PUBLISH_PRICE,
            Given(
                {"product_id": product_id},
                {},
                body={
                    "unitAmount": unit_amount,
                    "type": type,
                    "interval": interval,
                    "intervalCount": interval_count,
                    "trialDays": trial_days,
                    "accessDays": access_days,
                    "planGroup": plan_group,
                },
                key=idempotency_key,
            ),
        )

    def deactivate_price(self, product_id: UUID | str, price_id: UUID | str) -> None:
        """End a price's offer.

        Nobody buys by it any more; what was bought is as it was. Again: still 204.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        self._caller.call(_DEACTIVATE_PRICE, Given({"product_id": product_id, "price_id": price_id}, {}))

    def plans(
        self,
        *,
        seller_id: str | Unset = UNSET,
        currency: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> Pages[models.PlanGroup]:
        """What can be subscribed to.

        Recurring prices on offer with their product, by group: of a group's plans a subscriber has one at a time.

        `seller_id`: A seller's id, or `platform` for the platform's own.

        `currency`: With a price on offer in it.

        `limit`: Rows per page.
        """
        return self._pages(
            _LIST_PLANS, Given({}, {"sellerId": seller_id, "currency": currency, "limit": limit, "cursor": cursor})
        )


class AsyncCatalog(AsyncGroup):
    """Products, prices and plans."""

    def products(
        self,
        *,
        seller_id: str | Unset = UNSET,
        kind: Literal["physical", "digital", "service"] | Unset = UNSET,
        currency: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> AsyncPages[models.ProductSummary]:
        """What is for sale.

        Products on the shelf, newest first, each with its prices on offer. `ETag` and `If-None-Match` spare the body.

        `seller_id`: A seller's id, or `platform` for the platform's own.

        `currency`: With a price on offer in it.

        `limit`: Rows per page.
        """
        return self._pages(
            _LIST_PRODUCTS,
            Given({}, {"sellerId": seller_id, "kind": kind, "currency": currency, "limit": limit, "cursor": cursor}),
        )

    async def product(self, product_id: UUID | str) -> models.Product:
        """Read a product.

        With its prices on offer. An archived one still answers, with none. `If-None-Match` spares the body.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_PRODUCT, Given({"product_id": product_id}, {}))

    async def create_product(
        self,
        *,
        name: str,
        kind: Literal["physical", "digital", "service"],
        description: str | Unset = UNSET,
        image_urls: Sequence[str] | Unset = UNSET,
        platform: bool | Unset = UNSET,
        price: models.NewPrice | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Product:
        """Sell something.

        A product of the caller's, or with `platform` (admins) of the platform itself. Answers with its `ETag`.

        `kind`: Decides which providers can sell it; it stays.

        `price`: The first price, if it is known already.

        Raises:
            Forbidden, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CREATE_PRODUCT,
            Given(
                {},
                {},
                body={
                    "name": name,
                    "description": description,
                    "imageUrls": image_urls,
                    "kind": kind,
                    "platform": platform,
                    "price": price,
                },
                key=idempotency_key,
            ),
        )

    async def change_product(
        self,
        product_id: UUID | str,
        *,
        name: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        image_urls: Sequence[str] | Unset | None = UNSET,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Product:
        """Change a product.

        Absent fields stay; prices have their own calls. Another's product is NOT_FOUND.

        With `If-Match`, a product that has changed meanwhile (its prices included) is a CONFLICT and stays as it is.

        Raises:
            NotFound, Conflict, InvalidState: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CHANGE_PRODUCT,
            Given(
                {"product_id": product_id},
                {},
                body={"name": name, "description": description, "imageUrls": image_urls},
                key=idempotency_key,
                if_match=if_match,
            ),
        )

    async def archive_product(self, product_id: UUID | str) -> None:
        """Take a product off the shelf.

        It leaves the lists and can't be bought; who bought it can still read it. Again: still 204.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        await self._caller.call(_ARCHIVE_PRODUCT, Given({"product_id": product_id}, {}))

    async def publish_price(
        self,
        product_id: UUID | str,
        *,
        unit_amount: Money,
        type: Literal["one_time", "recurring"] | Unset = UNSET,
        interval: Literal["day", "week", "month", "year"] | Unset | None = UNSET,
        interval_count: int | Unset | None = UNSET,
        trial_days: int | Unset | None = UNSET,
        access_days: int | Unset | None = UNSET,
        plan_group: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Price:
        """Publish a price.

        A price never changes its amount: publish another, then end the old one.

        An amount that some enabled provider can't charge exactly is a VALIDATION_ERROR (`not_chargeable`).

        Raises:
            NotFound, Conflict, InvalidState: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _PUBLISH_PRICE,
            Given(
                {"product_id": product_id},
                {},
                body={
                    "unitAmount": unit_amount,
                    "type": type,
                    "interval": interval,
                    "intervalCount": interval_count,
                    "trialDays": trial_days,
                    "accessDays": access_days,
                    "planGroup": plan_group,
                },
                key=idempotency_key,
            ),
        )

    async def deactivate_price(self, product_id: UUID | str, price_id: UUID | str) -> None:
        """End a price's offer.

        Nobody buys by it any more; what was bought is as it was. Again: still 204.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        await self._caller.call(_DEACTIVATE_PRICE, Given({"product_id": product_id, "price_id": price_id}, {}))

    def plans(
        self,
        *,
        seller_id: str | Unset = UNSET,
        currency: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> AsyncPages[models.PlanGroup]:
        """What can be subscribed to.

        Recurring prices on offer with their product, by group: of a group's plans a subscriber has one at a time.

        `seller_id`: A seller's id, or `platform` for the platform's own.

        `currency`: With a price on offer in it.

        `limit`: Rows per page.
        """
        return self._pages(
            _LIST_PLANS, Given({}, {"sellerId": seller_id, "currency": currency, "limit": limit, "cursor": cursor})
        )
