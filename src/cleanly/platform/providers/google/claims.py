"""What an ID token of Google's must say before we believe it. Pure: claims, clock and expectations in, identity out.

Sources: OpenID Connect Core section 3.1.3.7 and https://developers.google.com/identity/openid-connect/openid-connect
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cleanly.kernel import crypto

ISSUERS: Final = frozenset({"accounts.google.com", "https://accounts.google.com"})
LEEWAY_SECONDS: Final = 30
LIFE_SECONDS_MAX: Final = 24 * 3600  # Google's live for an hour
_SUBJECT_LENGTH_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class GoogleIdentity:
    """Who signed in. `subject` is the account's lasting name; e-mail, name and picture are as Google holds them."""

    subject: str
    email: str
    email_verified: bool
    name: str | None
    picture: str | None


def judge(
    claims: Mapping[str, object], *, client_ids: Collection[str], nonce: str | None, now: datetime
) -> GoogleIdentity:
    """The identity in the claims of a token whose signature was checked.

    Raises:
        ValueError: a claim is missing or wrong. The text names the claim and no value.
    """
    if text(claims, "iss") not in ISSUERS:
        raise ValueError("iss is not Google")
    _check_audience(claims, client_ids)
    check_times(claims, now=now)
    _check_nonce(claims, nonce)
    subject = text(claims, "sub")
    if len(subject) > _SUBJECT_LENGTH_MAX or not subject.isascii():
        raise ValueError("sub is no account id")
    return GoogleIdentity(
        subject=subject,
        email=text(claims, "email"),
        # Some of Google's answers write it as text.
        email_verified=claims.get("email_verified") in (True, "true"),
        name=_text_or_none(claims, "name"),
        picture=_text_or_none(claims, "picture"),
    )


def _check_audience(claims: Mapping[str, object], client_ids: Collection[str]) -> None:
    audience = text(claims, "aud")
    if audience not in client_ids:
        raise ValueError("aud is not one of our client ids")
    if "azp" not in claims:
        return
    # The app that asked. On Android it has a client id of its own, in the project of the one in `aud`.
    presenter = text(claims, "azp")
    if presenter not in client_ids and _project(presenter) != _project(audience):
        raise ValueError("azp is of another Google project")


def _project(client_id: str) -> str:
    """The project's number, with which Google begins a client id."""
    return client_id.partition(".")[0].partition("-")[0]


def check_times(claims: Mapping[str, object], *, now: datetime) -> None:
    """Whether the token lives now, with some leeway for clocks, and not for unreasonably long.

    Raises:
        ValueError: it does not.
    """
    issued, expires, at = _whole(claims, "iat"), _whole(claims, "exp"), int(now.timestamp())
    if expires + LEEWAY_SECONDS <= at:
        raise ValueError("exp is past")
    not_before = _whole(claims, "nbf") if "nbf" in claims else issued
    if max(issued, not_before) > at + LEEWAY_SECONDS:
        raise ValueError("iat or nbf is in the future")
    if not issued < expires <= issued + LIFE_SECONDS_MAX:
        raise ValueError("exp does not fit iat")


def _check_nonce(claims: Mapping[str, object], nonce: str | None) -> None:
    """Android's Credential Manager hands the app's nonce on as it is, unhashed.

    A token with a nonce is bound to the app's request that chose it. If leaving the nonce out were enough, a thief
    of the token alone could get in with it: so the caller must name it.
    """
    if "nonce" not in claims:
        if nonce is not None:
            raise ValueError("nonce is missing")
        return
    given = text(claims, "nonce")
    if nonce is None:
        raise ValueError("nonce is in the token, but not in the request")
    if not crypto.same(given.encode(errors="surrogatepass"), nonce.encode(errors="surrogatepass")):
        raise ValueError("nonce is another")


def text(claims: Mapping[str, object], name: str) -> str:
    """A claim that is some text.

    Raises:
        ValueError: it is missing, empty or something else.
    """
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing or no text")
    return value


def _text_or_none(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None


def _whole(claims: Mapping[str, object], name: str) -> int:
    value = claims.get(name)
    # `True` is an int to Python, and no time to anybody.
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is missing or no whole number")
    return value
