"""Wire shapes of the development endpoints."""

from pydantic import Field

from cleanly.kernel.wire import Wire


class PlayedPayment(Wire):
    """The payment after the buyer has acted."""

    reference: str = Field(examples=["py_000001"])
    state: str = Field(examples=["captured"])
    decline_code: str | None = Field(examples=[None])
