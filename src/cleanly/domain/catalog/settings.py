"""The catalogue's knobs: the platform's fee, how long public reads are kept, how much one seller may list."""

from typing import Annotated

from pydantic import Field, field_validator

from cleanly.domain.catalog import rules
from cleanly.kernel.settings import Group, Seconds, Words


class CatalogSettings(Group):
    """`platform_fee_fixed` is written `EUR:30,USD:30`: minor units, added to the share of a sale in that currency."""

    platform_fee_basis_points: Annotated[int, Field(ge=0, le=rules.BASIS_POINTS_MAX)] = 1000
    platform_fee_fixed: Words = ()
    catalog_cache_seconds: Seconds = 600
    catalog_products_per_seller_max: Annotated[int, Field(ge=1)] = 10_000

    @field_validator("platform_fee_fixed")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        rules.fixed_fees(value)
        return value
