"""The knobs of mail: where it goes, who it is from, where its links point."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from cleanly.kernel.settings import Group, Seconds, Url
from cleanly.platform.mail.rules import SmtpServer, parse_sender, parse_smtp_url


class MailSettings(Group):
    """Without MAIL_URL mails stay in this process: see `/dev/mail`.

    `smtps://` is TLS from the first byte (port 465), `smtp+starttls://` insists on STARTTLS (587), `smtp://` is an
    open line (25) for a relay on a private network: with a password it becomes STARTTLS, except to this machine.
    `mail_per_minute_max` holds per process.
    """

    mail_url: SecretStr | None = None
    mail_from: str = "Cleanly <no-reply@cleanly.invalid>"
    mail_timeout_seconds: Seconds = 10
    mail_per_minute_max: Annotated[int, Field(ge=1, le=1_000_000)] = 600
    app_link_base: Url = "http://localhost:3000/app"

    @field_validator("mail_url", mode="before")
    @classmethod
    def _mail_url_may_be_empty(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("mail_url")
    @classmethod
    def _mail_url_is_smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_smtp_url(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_from_is_one_sender(cls, value: str) -> str:
        try:
            parse_sender(value)
        except ValueError as error:
            raise ValueError(f"MAIL_FROM: {error}") from error
        return value

    @field_validator("app_link_base")
    @classmethod
    def _app_link_base_is_an_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")) or any(sign in value for sign in "?#<>\"' \r\n"):
            raise ValueError("APP_LINK_BASE must be an http:// or https:// address without query or fragment")
        return value.rstrip("/")

    @property
    def mail_server(self) -> SmtpServer | None:
        """The SMTP server of `mail_url`."""
        return None if self.mail_url is None else parse_smtp_url(self.mail_url.get_secret_value())
