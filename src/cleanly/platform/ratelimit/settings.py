"""The knobs of rate limits and of whose word on the client's address is taken."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from cleanly.kernel.address import network
from cleanly.kernel.settings import Group, Secrets, Words
from cleanly.platform.ratelimit.rules import Policy, parse_rate

_PREFIX = "rate_limit_"
_RATES = ("default", "auth", "refresh", "account", "mail", "webhooks")
_EDGE_SECRET_LENGTH_MIN = 16


class RateLimitSettings(Group):
    """Each as `100/minute` or `20 per 5 minutes`.

    By address: `default` for every call; `auth` for register, login and password mail, since each costs a hash or a
    mail; `refresh` between the two, since a mobile carrier puts many phones behind one address and each must refresh a
    few times an hour. By account, whatever the address: `account` for the calls that hash (slow guessing is the
    backoff's work, and a stranger's flood must not keep the owner out for long, so the window is short), `mail` for
    mails that anybody can have sent (the last one stays good for an hour). By address again: `webhooks` for providers.
    """

    rate_limit_default: str = "100/minute"
    rate_limit_auth: str = "10/minute"
    rate_limit_refresh: str = "60/minute"
    rate_limit_account: str = "20/minute"
    rate_limit_mail: str = "5/hour"
    rate_limit_webhooks: str = "6000/minute"
    rate_limit_keys_max: Annotated[int, Field(ge=100, le=10_000_000)] = 50_000

    @field_validator(*(_PREFIX + name for name in _RATES))
    @classmethod
    def _is_a_rate(cls, value: str, info: ValidationInfo) -> str:
        try:
            parse_rate(value)
        except ValueError as error:
            raise ValueError(f"{(info.field_name or '').upper()} must look like 100/minute: {error}") from error
        return value

    def policies(self) -> Mapping[str, Policy]:
        """Every policy by its name."""
        return {name: Policy(name, *parse_rate(getattr(self, _PREFIX + name))) for name in _RATES}


class EdgeSettings(Group):
    """Nobody is trusted by default: the client's address is the socket's.

    `edge_secret` lists the values of X-Edge-Secret that prove the way through the edge, the newest first; with
    `edge_enforce` on, every other way is refused.
    """

    trusted_proxies: Words = ()
    edge_secret: Secrets = ()
    edge_enforce: Literal["off", "on"] = "off"

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                network(text)
            except ValueError:
                raise ValueError("TRUSTED_PROXIES: each must be an address or a network in CIDR form") from None
        return value

    @field_validator("edge_secret")
    @classmethod
    def _are_long(cls, value: Secrets) -> Secrets:
        if any(len(secret.get_secret_value()) < _EDGE_SECRET_LENGTH_MIN for secret in value):
            raise ValueError(f"EDGE_SECRET: each value needs at least {_EDGE_SECRET_LENGTH_MIN} characters")
        return value

    @field_validator("edge_enforce")
    @classmethod
    def _has_a_secret(cls, value: str, info: ValidationInfo) -> str:
        if value == "on" and not info.data.get("edge_secret"):
            raise ValueError("EDGE_ENFORCE is on, but EDGE_SECRET is empty: every call would be refused")
        return value
