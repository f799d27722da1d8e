"""Who pushed: the token of Google's own that Cloud Pub/Sub puts before each message. Pure but for Google's keys.

It is an ID token of the service account that the Pub/Sub subscription was told to push as. It does not cover the body,
so whoever has got hold of one can make us look for an hour: news is never more than a hint. Source:
https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from cleanly.platform.providers.errors import BadSignature
from cleanly.platform.providers.google import claims

_SCHEME: Final = "bearer"

Open = Callable[[str], Awaitable[dict[str, object]]]


async def verify(headers: Mapping[str, str], *, open_token: Open, audience: str, email: str, now: datetime) -> str:
    """As whom this was pushed. `open_token` gives the claims of a token that Google signed.

    Raises:
        BadSignature: no such token, a forged or old one, or one for somebody else.
        Unavailable: Google's keys can't be had just now.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != _SCHEME or not token:
        raise BadSignature("there is no bearer token")
    try:
        found = await open_token(token.strip())
        _judge(found, audience=audience, email=email, now=now)
    except ValueError as error:
        raise BadSignature(f"the push's token: {error}") from error
    return f"push:{email}"


def _judge(found: Mapping[str, object], *, audience: str, email: str, now: datetime) -> None:
    if claims.text(found, "iss") not in claims.ISSUERS:
        raise ValueError("iss is not Google")
    if claims.text(found, "aud") != audience:
        raise ValueError("aud is not ours")
    # Anybody with a Google account of his own can have a token made for our audience.
    if claims.text(found, "email") != email:
        raise ValueError("email is another's")
    if found.get("email_verified") not in (True, "true"):
        raise ValueError("email_verified is not true")
    claims.check_times(found, now=now)
