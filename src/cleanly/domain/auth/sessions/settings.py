"""The knobs of sessions and their tokens."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from cleanly.domain.auth.sessions import keys
from cleanly.kernel.settings import Group, Seconds, Secrets

# Known to everybody who has read this line: production refuses it.
DEVELOPMENT_SECRET = "cleanly-development-secret-never-in-production"  # noqa: S105


class SessionSettings(Group):
    """Secrets are comma-separated: the first signs, all verify; a new one, known to all by then, is put in front."""

    jwt_secret: Annotated[Secrets, Field(min_length=1)] = (SecretStr(DEVELOPMENT_SECRET),)
    jwt_access_token_expiry: Seconds = 900
    # The idle time: counted again from each refresh, never beyond the absolute expiry.
    jwt_refresh_token_expiry: Seconds = 1_209_600
    session_absolute_expiry: Seconds = 2_592_000
    jwt_issuer: Annotated[str, Field(min_length=1, max_length=200)] = "cleanly"
    jwt_audience: Annotated[str, Field(min_length=1, max_length=200)] = "cleanly-app"
    # Each: base64 of a PEM or JWK private key, Ed25519 or P-256. With one, HS256 only verifies.
    jwt_private_keys: Secrets = ()
    # 0 here and `off` below: every token works once, as RFC 9700 section 4.14.2 has it.
    refresh_grace_seconds: Annotated[int, Field(ge=0, le=300)] = 15
    refresh_recovery: bool = True
    refresh_answers_max: Annotated[int, Field(ge=1)] = 20
    # One more login ends the session longest unused.
    sessions_per_user_max: Annotated[int, Field(ge=1)] = 50

    @field_validator("jwt_private_keys")
    @classmethod
    def _are_keys(cls, values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        # At start, beside the other faults, and not at the first login.
        for value in values:
            keys.from_private(value.get_secret_value())
        return values
