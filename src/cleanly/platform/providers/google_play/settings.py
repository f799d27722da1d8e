"""The knobs of Google Play: none of them, and it is off; or all, and each is checked at boot."""

import re
from typing import Final, Self

from pydantic import SecretStr, model_validator

from cleanly.kernel.settings import Group, Url
from cleanly.platform.providers.google_play import service_account

ADDRESS: Final = "https://androidpublisher.googleapis.com"
# https://developer.android.com/build/configure-app-module#set-application-id
_PACKAGE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+")


class GooglePlaySettings(Group):
    """`google_play_service_account`: the key file's JSON, or base64 of it; the account may see and change orders.

    `google_play_push_audience`, `google_play_push_email`: what the Pub/Sub subscription was told to write into the
    tokens of its pushes. `google_play_base_url` is for tests.
    """

    google_play_package: str | None = None
    google_play_service_account: SecretStr | None = None
    google_play_push_audience: str | None = None
    google_play_push_email: str | None = None
    google_play_base_url: Url | None = None

    @property
    def google_play_is_on(self) -> bool:
        """Whether it is set up."""
        return self.google_play_package is not None

    @property
    def google_play_address(self) -> str:
        """Where its API is, without a slash at the end."""
        return (self.google_play_base_url or ADDRESS).rstrip("/")

    @model_validator(mode="after")
    def _google_play_is_whole(self) -> Self:
        secret = self.google_play_service_account
        needed = {
            "GOOGLE_PLAY_PACKAGE": self.google_play_package,
            "GOOGLE_PLAY_SERVICE_ACCOUNT": None if secret is None else secret.get_secret_value(),
            "GOOGLE_PLAY_PUSH_AUDIENCE": self.google_play_push_audience,
            "GOOGLE_PLAY_PUSH_EMAIL": self.google_play_push_email,
        }
        for name, value in needed.items():
            # An empty audience or e-mail would be met by whoever says nothing.
            if value is not None and not value.strip():
                raise ValueError(f"{name}: is empty")
        missing = [name for name, value in needed.items() if value is None]
        if not missing:
            self._check_google_play()
        elif len(missing) < len(needed):
            raise ValueError(f"{missing[0]}: Google Play is set up by half, these are missing: {', '.join(missing)}")
        return self

    def _check_google_play(self) -> None:
        if not _PACKAGE.fullmatch(self.google_play_package or ""):
            raise ValueError("GOOGLE_PLAY_PACKAGE: is no package name, such as com.example.app")
        try:
            self.google_play_key()
        except ValueError as error:
            raise ValueError(f"GOOGLE_PLAY_SERVICE_ACCOUNT: {error}") from error
        if not service_account.is_service_account(self.google_play_push_email or ""):
            raise ValueError("GOOGLE_PLAY_PUSH_EMAIL: is no service account's address")

    def google_play_key(self) -> service_account.ServiceAccount:
        """The service account's key.

        Raises:
            ValueError: there is none, or it can't be read.
        """
        if self.google_play_service_account is None:
            raise ValueError("is missing")
        return service_account.read(self.google_play_service_account.get_secret_value())

    def google_play_refused_in_production(self) -> dict[str, str]:
        """What must not be so where purchases are real: reasons by the variable's name."""
        faults: dict[str, str] = {}
        if not self.google_play_is_on:
            return faults
        if self.google_play_base_url is not None:
            faults["GOOGLE_PLAY_BASE_URL"] = "is for tests: whoever answers there gives purchases away"
        if not self.google_play_key().token_uri.startswith("https://"):
            faults["GOOGLE_PLAY_SERVICE_ACCOUNT"] = "its token_uri must be an https address in production"
        return faults
