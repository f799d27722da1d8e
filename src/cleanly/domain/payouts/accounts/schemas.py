"""Wire shapes of sellers' accounts."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from cleanly.domain.payouts.accounts.rules import payee_of
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.money import EXPONENTS
from cleanly.kernel.wire import Wire

CURRENCIES_MAX = 20
Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


def _payee(text: str) -> str:
    found = payee_of(text)
    if found is None:
        raise ValueError("is neither an e-mail address nor a PayPal merchant id")
    return found


def _currency(code: str) -> str:
    if code not in EXPONENTS:
        raise ValueError("is no currency that we know")
    return code


Payee = Annotated[str, Field(max_length=127, examples=["ada@example.com"]), AfterValidator(_payee)]
Currency = Annotated[str, Field(min_length=3, max_length=3, examples=["EUR"]), AfterValidator(_currency)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2", examples=["DE"])]


class PayoutAccountIn(Wire):
    """Where a seller wants to be paid. `payee`: PayPal's, an e-mail address or a merchant id, and only there."""

    provider: Literal["stripe", "paypal", "sandbox"]
    country: Country
    currencies: Annotated[
        tuple[Currency, ...],
        Field(max_length=CURRENCIES_MAX, description="In which the seller will sell; others may come", strict=False),
    ] = ()
    payee: Payee | None = None

    @model_validator(mode="after")
    def _payee_is_paypals(self) -> Self:
        if (self.provider == "paypal") is not (self.payee is not None):
            raise ValueError("payee is needed for paypal, and only there")
        return self


class PayoutAccountChangeIn(Wire):
    """Absent fields stay. All that leads money elsewhere asks for the current password."""

    payee: Payee | None = None
    is_default: Literal[True] | None = None
    current_password: Annotated[str, Field(max_length=1024)]


class DestinationOut(Wire):
    """Where the money goes, as the seller recognises it. `changedAt`: null for the first that was ever given."""

    hint: str = Field(examples=["6789", "a…@example.com"])
    changed_at: Moment | None


class PayoutAccountOut(Wire):
    """A seller's account at a provider."""

    id: UUID
    provider: str = Field(examples=["stripe"])
    country: str = Field(examples=["DE"])
    status: Literal["pending", "enabled", "restricted", "disabled"]
    charges_enabled: bool
    payouts_enabled: bool
    requirements: list[str] = Field(
        description="What the provider still wants to know", examples=[["external_account", "individual.dob.day"]]
    )
    disabled_reason: str | None
    destination: DestinationOut | None
    is_default: bool = Field(description="By which payouts go")
    is_verified: bool = Field(description="It was shown that somebody receives what is sent there")
    onboarding_url: str | None = Field(
        description="A page of the provider's, for a single visit; null when there is nothing to do",
        examples=["https://connect.stripe.com/setup/e/acct_1/abc"],
    )
    created_at: Moment
    updated_at: Moment


class PayoutAccountsOut(Wire):
    """A seller's accounts, the default one first."""

    items: list[PayoutAccountOut]


class PayoutAccountSeen(PayoutAccountOut):
    """As an operator sees it."""

    seller_id: UUID
    provider_account: str
    reference: str | None
    looked_at: Moment | None
    enabled_at: Moment | None
    ended_at: Moment | None


class PayoutAccountsSeen(Wire):
    """A page of accounts, newest first."""

    items: list[PayoutAccountSeen]
    next_cursor: str | None = None
