"""The knobs of PayPal: none of them, and it is off; or all."""

from typing import Final, Literal, Self

from pydantic import SecretStr, model_validator

from cleanly.kernel.settings import Group, Url

_HOSTS: Final = {"sandbox": "https://api-m.sandbox.paypal.com", "live": "https://api-m.paypal.com"}


class PayPalSettings(Group):
    """`paypal_webhook_id`: the endpoint's id in PayPal's console; it is part of what every push's signature covers.

    `paypal_return_url`, `paypal_cancel_url`: where the buyer's browser comes back to; the app's SDK may set its own.
    `paypal_base_url` is for tests.
    """

    paypal_client_id: str | None = None
    paypal_client_secret: SecretStr | None = None
    paypal_webhook_id: str | None = None
    paypal_env: Literal["sandbox", "live"] = "sandbox"
    paypal_return_url: Url | None = None
    paypal_cancel_url: Url | None = None
    paypal_base_url: Url | None = None

    @property
    def paypal_is_on(self) -> bool:
        """Whether it is set up."""
        return self.paypal_client_id is not None

    @property
    def paypal_is_live(self) -> bool:
        """Whether its money is real."""
        return self.paypal_is_on and self.paypal_env == "live"

    @property
    def paypal_address(self) -> str:
        """Where its API is, without a slash at the end."""
        return (self.paypal_base_url or _HOSTS[self.paypal_env]).rstrip("/")

    @model_validator(mode="after")
    def _paypal_is_whole(self) -> Self:
        secret = self.paypal_client_secret
        needed = {
            "PAYPAL_CLIENT_ID": self.paypal_client_id,
            "PAYPAL_CLIENT_SECRET": None if secret is None else secret.get_secret_value(),
            "PAYPAL_WEBHOOK_ID": self.paypal_webhook_id,
        }
        for name, value in needed.items():
            if value is not None and not value.strip():
                raise ValueError(f"{name}: is empty")
        missing = [name for name, value in needed.items() if value is None]
        if missing and len(missing) < len(needed):
            raise ValueError(f"{missing[0]}: PayPal is set up by half, these are missing: {', '.join(missing)}")
        if (self.paypal_return_url is None) is not (self.paypal_cancel_url is None):
            raise ValueError("PAYPAL_RETURN_URL: PayPal wants it and PAYPAL_CANCEL_URL together")
        return self
