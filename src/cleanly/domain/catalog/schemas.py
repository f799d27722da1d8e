"""Wire shapes of products, prices and plans."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, PlainSerializer

from cleanly.domain.catalog import rules
from cleanly.domain.catalog.rules import Interval, Kind, PriceType, Status
from cleanly.domain.users.queries import AvatarUrl
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
Name = Annotated[
    str,
    Field(max_length=2 * rules.NAME_LENGTH_MAX, examples=["A pot of honey"]),
    AfterValidator(rules.normal_name),
]
Description = Annotated[
    str,
    Field(max_length=2 * rules.DESCRIPTION_LENGTH_MAX, examples=["500 g, from the roof of the house"]),
    AfterValidator(rules.normal_description),
]
GroupName = Annotated[
    str,
    Field(max_length=2 * rules.GROUP_LENGTH_MAX, examples=["membership"]),
    AfterValidator(partial(rules.normal_name, length_max=rules.GROUP_LENGTH_MAX)),
]
# A picture's address is judged as a profile's is.
ImageUrls = Annotated[tuple[AvatarUrl, ...], Field(max_length=rules.IMAGES_MAX)]
Currency = Annotated[str, Field(max_length=3, examples=["EUR"]), AfterValidator(rules.known_currency)]


class UnitAmount(Wire):
    """What one piece, or one period, costs: an integer of the currency's minor unit (ISO 4217), tax included."""

    amount: Annotated[int, Field(strict=True, gt=0, le=rules.UNIT_AMOUNT_MAX, examples=[1250])]
    currency: Currency


class PriceIn(Wire):
    """A new price. `interval`, `intervalCount`, `trialDays` and `planGroup` belong to a recurring one.

    `planGroup` names the seller's plans of which a subscriber has one at a time; a new name makes a new group.
    `accessDays` belongs to something digital that is bought once: how long a piece may be used; for good if absent.
    """

    unit_amount: UnitAmount
    type: PriceType = "one_time"
    interval: Interval | None = None
    interval_count: Annotated[int, Field(strict=True, ge=1, le=365, description="1 if absent")] | None = None
    trial_days: Annotated[int, Field(strict=True, ge=1, le=rules.TRIAL_DAYS_MAX)] | None = None
    access_days: Annotated[int, Field(strict=True, ge=1, le=rules.ACCESS_DAYS_MAX)] | None = None
    plan_group: GroupName | None = None


class ProductIn(Wire):
    """A new product of the caller, or with `platform` (admins only) of the platform itself."""

    name: Name
    description: Description = ""
    image_urls: ImageUrls = ()
    kind: Kind = Field(description="Decides which providers can sell it; it stays")
    platform: bool = False
    price: PriceIn | None = Field(default=None, description="The first price, if it is known already")


class ProductChangeIn(Wire):
    """What changes; what is absent stays."""

    name: Name | None = None
    description: Description | None = None
    image_urls: ImageUrls | None = None


class Price(Wire):
    """A price: what it costs never changes once it was used, only whether it is on offer (`active`)."""

    id: UUID
    product_id: UUID
    unit_amount: UnitAmount
    type: PriceType
    interval: Interval | None
    interval_count: int | None
    trial_days: int | None
    access_days: int | None = Field(default=None, description="How long a piece may be used; null: for good")
    plan_group_id: UUID | None
    plan_group: str | None = Field(examples=["membership"])
    tax_behavior: Literal["inclusive"] = "inclusive"
    active: bool
    created_at: Moment


class ProductSummary(Wire):
    """A product as lists show it. `sellerId` is null for the platform's own; `prices` are those on offer."""

    id: UUID
    seller_id: UUID | None
    name: str = Field(examples=["A pot of honey"])
    image_urls: list[str] = Field(examples=[["https://example.com/honey.jpg"]])
    kind: Kind
    status: Status
    prices: list[Price]
    created_at: Moment
    updated_at: Moment


class Product(ProductSummary):
    """The whole product: the frozen value that crosses the slice's border, and the body that everybody reads."""

    description: str = Field(examples=["500 g, from the roof of the house"])


class ProductsOut(Wire):
    """A page of products, newest first."""

    items: list[ProductSummary]
    next_cursor: str | None


class PlanProduct(Wire):
    """What a plan is a price of."""

    id: UUID
    name: str = Field(examples=["Gold"])
    kind: Kind
    image_urls: list[str]


class Plan(Wire):
    """A recurring price on offer, with its product."""

    price: Price
    product: PlanProduct


class PlanGroup(Wire):
    """Plans of which a subscriber has one at a time."""

    id: UUID
    seller_id: UUID | None
    name: str = Field(examples=["membership"])
    plans: list[Plan]


class PlansOut(Wire):
    """A page of groups, newest first."""

    items: list[PlanGroup]
    next_cursor: str | None
