"""Who calls, and the door that decides it. The `auth` slice implements the gate; lower slices only know `Caller`."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cleanly.kernel.errors import AppError


@dataclass(frozen=True, slots=True)
class Caller:
    """A user whose access token was verified and whose session is live."""

    user_id: UUID
    session_id: UUID
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call came from, as the audit record and the list of devices keep it."""

    address: str | None
    bucket: str
    request_id: str | None
    user_agent: str | None = None
    device_name: str | None = None


SYSTEM = Origin(address=None, bucket="system", request_id=None)


class SessionGate(Protocol):
    """Turns an Authorization header into a caller."""

    async def admit(self, authorization: str | None) -> Caller:
        """Verify the token, its session and its epoch.

        Raises:
            TokenMissing, TokenInvalid, TokenExpired, TokenSuperseded, SessionRevoked, SessionExpired: 401.
            Unavailable: the session's state could not be read; never a 401.
        """
        ...


class Unauthorized(AppError):
    """What every 401 of an access token shares: the RFC 6750 challenge."""

    status = 401
    token_was_sent = True

    def __init__(self, message: str | None = None) -> None:
        challenge = 'Bearer error="invalid_token"' if self.token_was_sent else "Bearer"
        super().__init__(message, headers={"WWW-Authenticate": challenge})


class TokenMissing(Unauthorized):
    """No Bearer token in the Authorization header."""

    code = "TOKEN_MISSING"
    message = "Send an access token"
    action = "log in"
    token_was_sent = False


class TokenInvalid(Unauthorized):
    """Not one of our tokens."""

    code = "TOKEN_INVALID"
    message = "The access token is not valid"
    action = "log in"


class TokenExpired(Unauthorized):
    """The token's time is over."""

    code = "TOKEN_EXPIRED"
    message = "The access token has expired"
    action = "refresh, then retry once"


class TokenSuperseded(Unauthorized):
    """A newer token was given out because this one was thought lost."""

    code = "TOKEN_SUPERSEDED"
    message = "The access token was replaced by a newer one"
    action = "refresh, then retry once"


class SessionRevoked(Unauthorized):
    """The session was ended: logout, password change, reuse of a token, an admin, a deleted user."""

    code = "SESSION_REVOKED"
    message = "The session was ended"
    action = "log in"


class SessionExpired(Unauthorized):
    """The session's idle or absolute time is over."""

    code = "SESSION_EXPIRED"
    message = "The session has expired"
    action = "log in"


SIGNED_IN: tuple[type[AppError], ...] = (
    TokenMissing,
    TokenInvalid,
    TokenExpired,
    TokenSuperseded,
    SessionRevoked,
    SessionExpired,
)
