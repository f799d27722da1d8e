"""Wire shapes of accounts and sessions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, PlainSerializer

from cleanly.domain.users.queries import AvatarUrl, Email, Name, User
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
# Bounded here, so that nobody makes us normalise a megabyte; what is too short or too long for a password is told by
# WEAK_PASSWORD.
Password = Annotated[str, Field(max_length=1024, examples=["correct horse battery staple"])]
OneTimeToken = Annotated[
    str, Field(min_length=1, max_length=128, examples=["b7Hh0X0j9kQm6YqPp1vY3l9rYy8m3i2s1o0n_mlkjih"])
]
RefreshToken = Annotated[str, Field(max_length=512, examples=["rt1.AAAA..."])]


class RegisterIn(Wire):
    """A new account."""

    email: Email
    password: Password
    name: Name


class LoginIn(Wire):
    """An e-mail and its password."""

    email: Email
    password: Password


class GoogleIn(Wire):
    """What Android's Credential Manager hands over."""

    id_token: Annotated[str, Field(min_length=1, max_length=8192, examples=["eyJhbGciOiJSUzI1NiIs..."])]
    nonce: Annotated[str, Field(min_length=1, max_length=255)] | None = None


class RefreshIn(Wire):
    """The newest refresh token that the device holds."""

    refresh_token: RefreshToken


class LogoutIn(Wire):
    """Which sessions to end; `others` and `all` need a live session to speak for the account."""

    refresh_token: RefreshToken | None = None
    scope: Literal["current", "others", "all"] = "current"


class TokensOut(Wire):
    """A pair of tokens. Store it before using it."""

    access_token: str = Field(examples=["eyJhbGciOiJIUzI1NiIs..."])
    refresh_token: str = Field(examples=["rt1.AAAA..."])
    expires_in: int = Field(description="Seconds that the access token lives", examples=[873])
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a name of RFC 6750


class SignedInOut(TokensOut):
    """A new session and whose it is."""

    user: User


class AcceptedOut(Wire):
    """Heard. What follows comes by mail."""

    status: Literal["accepted"] = "accepted"


class VerifyIn(Wire):
    """The token from the mail's link."""

    token: OneTimeToken


class VerifiedOut(Wire):
    """The e-mail that is now known to be the user's."""

    email: str = Field(examples=["ada@example.com"])
    email_verified: Literal[True] = True


class ForgotIn(Wire):
    """Where to send the link."""

    email: Email


class ResetIn(Wire):
    """The token from the mail's link, and the new password."""

    token: OneTimeToken
    password: Password


class PasswordChangeIn(Wire):
    """The old password proves who asks."""

    current_password: Password
    new_password: Password


class ProfileIn(Wire):
    """What changes; what is absent stays. `avatarUrl: null` removes the picture."""

    name: Name | None = None
    avatar_url: AvatarUrl | None = None
    email: Email | None = None
    current_password: Password | None = None


class SessionOut(Wire):
    """One device's session."""

    id: UUID
    name: str | None = Field(examples=["Pixel 9"], description="X-Device-Name, or the User-Agent, at login")
    address: str | None = Field(examples=["203.0.113.9"])
    created_at: Moment
    last_used_at: Moment
    current: bool


class SessionsOut(Wire):
    """A page of sessions, newest first."""

    items: list[SessionOut]
    next_cursor: str | None
