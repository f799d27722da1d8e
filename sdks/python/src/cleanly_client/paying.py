"""What a provider's own SDK takes while the buyer must act, ready to hand over. Store and log none of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self
from uuid import UUID


class Waiting(Protocol):
    """A payment or a subscription, while its buyer must act."""

    @property
    def id(self) -> UUID: ...  # noqa: D102
    @property
    def client(self) -> Mapping[str, str]: ...  # noqa: D102


class NothingToConfirm(ValueError):
    """The buyer has nothing to do with this provider now: read the payment again and go by its state."""


@dataclass(frozen=True, slots=True)
class PaymentSheet:
    """Stripe's PaymentSheet: `client_secret` presents it, the others configure it."""

    client_secret: str = field(repr=False)
    publishable_key: str
    customer: str | None = None
    ephemeral_key: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, payment: Waiting) -> Self:
        """Of a payment or subscription by Stripe, or by the sandbox, which plays Stripe.

        Raises:
            NothingToConfirm: it does not wait for its buyer, or for one of another provider.
        """
        client = payment.client
        try:
            return cls(
                client["clientSecret"], client["publishableKey"], client.get("customer"), client.get("ephemeralKey")
            )
        except KeyError as error:
            raise NothingToConfirm(f"{payment.id} has nothing for PaymentSheet") from error


@dataclass(frozen=True, slots=True)
class PayPalOrder:
    """PayPal: `order_id` for its SDK, or `approve_url` for a browser tab."""

    order_id: str
    approve_url: str

    @classmethod
    def of(cls, payment: Waiting) -> Self:
        """Of a payment or subscription by PayPal.

        Raises:
            NothingToConfirm: it does not wait for its buyer, or for one of another provider.
        """
        try:
            return cls(payment.client["orderId"], payment.client["approveUrl"])
        except KeyError as error:
            raise NothingToConfirm(f"{payment.id} has nothing for PayPal") from error
