"""Wire shapes of a seller's hold terms."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from cleanly.domain.payments.holds.rules import BASIS_POINTS_MAX
from cleanly.kernel.wire import Wire

Days = Annotated[int, Field(strict=True, ge=0, le=90, examples=[14])]
BasisPoints = Annotated[int, Field(strict=True, ge=0, le=BASIS_POINTS_MAX, examples=[500])]


class HoldTermsIn(Wire):
    """What is agreed with one seller; what is left out, or null, stays the platform's usual."""

    hold_days: Days | None = None
    reserve_basis_points: BasisPoints | None = None


class HoldTerms(Wire):
    """How long a seller's money rests after a capture, and what part of it rests longer, in basis points.

    `isAgreed`: with this seller; else the platform's usual terms.
    """

    seller_id: UUID
    hold_days: Days
    reserve_basis_points: BasisPoints
    is_agreed: bool
