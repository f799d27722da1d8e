"""Wire shapes of the development endpoints."""

from typing import Annotated

from pydantic import Field

from cleanly.kernel.wire import Wire


class PlayedPayment(Wire):
    """The payment after the buyer has acted."""

    reference: str = Field(examples=["py_000001"])
    state: str = Field(examples=["captured"])
    decline_code: str | None = Field(examples=[None])


class AdvanceIn(Wire):
    """How far the sandbox's clock goes ahead."""

    seconds: Annotated[int, Field(ge=1, le=90 * 86_400, examples=[86_400])]


class AdvancedOut(Wire):
    """How many events found an ear."""

    told: int = Field(examples=[2])
