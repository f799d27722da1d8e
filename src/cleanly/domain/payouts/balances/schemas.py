"""Wire shapes of balances."""

from pydantic import Field

from cleanly.kernel.wire import Wire


class AmountOut(Wire):
    """An amount in minor units, and its ISO 4217 currency."""

    amount: int = Field(examples=[1250])
    currency: str = Field(examples=["EUR"])


class BalanceOut(Wire):
    """What a seller has in one currency. `pending` is the sum of `held`, `reserve` and `disputed`."""

    currency: str = Field(examples=["EUR"])
    pending: AmountOut = Field(description="The seller's, but not yet free")
    held: AmountOut = Field(description="Kept back after sales, for refunds and disputes")
    reserve: AmountOut = Field(description="Kept back longer, where that was agreed")
    disputed: AmountOut = Field(description="The part of disputes that are undecided")
    available: AmountOut = Field(description="Free to be paid out")
    in_transit: AmountOut = Field(description="On its way to the seller")
    receivable: AmountOut = Field(description="What the seller owes; what is released next pays it first")


class BalancesOut(Wire):
    """One balance for each currency in which the seller has sold. There is no total across currencies."""

    items: list[BalanceOut]
