"""Wire shapes of the platform's fee."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from cleanly.domain.catalog import rules
from cleanly.domain.catalog.schemas import Currency
from cleanly.kernel.wire import Wire

BasisPoints = Annotated[int, Field(strict=True, ge=0, le=rules.BASIS_POINTS_MAX, examples=[850])]
Fixed = Annotated[
    dict[Currency, Annotated[int, Field(strict=True, ge=0, le=rules.UNIT_AMOUNT_MAX)]],
    Field(description="Minor units by currency; none for a currency that is absent", examples=[{"EUR": 30}]),
]


class SellerFeeIn(Wire):
    """What is agreed with one seller."""

    basis_points: BasisPoints
    fixed: Fixed = Field(default_factory=dict[str, int])


class SellerFee(Wire):
    """What a seller's sales cost: `isAgreed` with this seller, or else the platform's usual fee."""

    seller_id: UUID
    basis_points: BasisPoints
    fixed: Fixed
    is_agreed: bool
