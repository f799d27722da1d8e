"""The cache's knobs: where the shared store is, how much is kept in the process."""

from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from cleanly.kernel.settings import Group

# Valkey speaks Redis's protocol; the client knows only Redis's names for it.
_SCHEMES = {"redis": "redis", "rediss": "rediss", "unix": "unix", "valkey": "redis", "valkeys": "rediss"}


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


class CacheSettings(Group):
    """`redis_url` absent: everything stays in the process, and other processes learn of a change by the TTL alone."""

    redis_url: Annotated[SecretStr | None, BeforeValidator(_blank_is_none)] = None
    cache_entries_max: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    # A larger value is loaded each time: few big ones must not be able to eat the process's memory.
    cache_value_bytes_max: Annotated[int, Field(ge=1, le=1024 * 1024)] = 64 * 1024

    @field_validator("redis_url")
    @classmethod
    def _known_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        scheme, separator, rest = value.get_secret_value().strip().partition("://")
        known = _SCHEMES.get(scheme.lower())
        if not separator or not rest or known is None:
            raise ValueError("REDIS_URL must begin with redis://, rediss://, valkey://, valkeys:// or unix://")
        return SecretStr(f"{known}://{rest}")
