"""The knobs of the sandbox provider."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from cleanly.kernel.settings import Group, Secrets, Url

DEVELOPMENT_SECRET = "whsec_sandbox_for_development"  # noqa: S105 - guards play money only
SECRET_LENGTH_MIN = 16


class SandboxSettings(Group):
    """`sandbox`: unset means on outside production. Of the secrets the first signs, all verify.

    `sandbox_webhook_url` is where its events go: unset means this process's own `/api/v1/webhooks/sandbox`.
    `sandbox_available_days` is how long a charge waits before the sandbox holds it as available.
    """

    sandbox: Literal["on", "off"] | None = None
    sandbox_webhook_secret: Secrets = (SecretStr(DEVELOPMENT_SECRET),)
    sandbox_webhook_url: Url | None = None
    sandbox_available_days: Annotated[int, Field(ge=0, le=90)] = 2

    @field_validator("sandbox_webhook_secret")
    @classmethod
    def _secrets_are_secrets(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not value or any(len(secret.get_secret_value()) < SECRET_LENGTH_MIN for secret in value):
            raise ValueError(f"SANDBOX_WEBHOOK_SECRET: each secret needs at least {SECRET_LENGTH_MIN} characters")
        return value

    @field_validator("sandbox_webhook_url")
    @classmethod
    def _url_is_http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("SANDBOX_WEBHOOK_URL must be an http:// or https:// address")
        return value
