"""The knobs of Stripe: none of them, and it is off; or all, and each is checked at boot."""

import re
from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, model_validator

from cleanly.kernel.settings import Group, Secrets, Url

_SECRET_KEY: Final = re.compile(r"(?:sk|rk)_(live|test)_\S+")
_PUBLISHABLE_KEY: Final = re.compile(r"pk_(live|test)_\S+")


class StripeSettings(Group):
    """`stripe_webhook_secret`, `stripe_connect_webhook_secret`: comma-separated, all verify, so that one can be rolled.

    `stripe_mobile_api_version`: the one that the app's Stripe SDK was built for, not ours: ephemeral keys are made
    with it. `stripe_api_base` is for tests.
    """

    stripe_secret_key: SecretStr | None = None
    stripe_publishable_key: str | None = None
    stripe_webhook_secret: Secrets = ()
    stripe_connect_webhook_secret: Secrets = ()
    stripe_mobile_api_version: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$")] | None = None
    stripe_api_base: Url | None = None

    @property
    def stripe_is_on(self) -> bool:
        """Whether it is set up."""
        return self.stripe_secret_key is not None

    @property
    def stripe_is_live(self) -> bool:
        """Whether its money is real."""
        key = self.stripe_secret_key
        return key is not None and _mode(_SECRET_KEY, key.get_secret_value()) == "live"

    @model_validator(mode="after")
    def _stripe_is_whole(self) -> Self:
        secrets = (*self.stripe_webhook_secret, *self.stripe_connect_webhook_secret)
        # An empty secret would let anybody sign.
        if any(not secret.get_secret_value().strip() for secret in secrets):
            raise ValueError("STRIPE_WEBHOOK_SECRET: a secret is empty")
        needed = {
            "STRIPE_SECRET_KEY": self.stripe_secret_key,
            "STRIPE_PUBLISHABLE_KEY": self.stripe_publishable_key,
            "STRIPE_WEBHOOK_SECRET": self.stripe_webhook_secret,
            "STRIPE_MOBILE_API_VERSION": self.stripe_mobile_api_version,
        }
        missing = [name for name, value in needed.items() if not value]
        if not missing:
            self._check_keys()
        elif len(missing) < len(needed) or self.stripe_connect_webhook_secret:
            raise ValueError(f"{missing[0]}: Stripe is set up by half, these are missing: {', '.join(missing)}")
        return self

    def _check_keys(self) -> None:
        secret = _mode(_SECRET_KEY, self.stripe_secret_key.get_secret_value() if self.stripe_secret_key else "")
        if secret is None:
            raise ValueError("STRIPE_SECRET_KEY: is no secret or restricted key of Stripe's")
        if _mode(_PUBLISHABLE_KEY, self.stripe_publishable_key or "") != secret:
            raise ValueError(f"STRIPE_PUBLISHABLE_KEY: is no publishable {secret} key, as the secret one is")


def _mode(pattern: re.Pattern[str], key: str) -> str | None:
    found = pattern.fullmatch(key)
    return None if found is None else found[1]
