"""Our service account at Google: its key file, and the signed assertion that Google changes into an access token.

Source: https://developers.google.com/identity/protocols/oauth2/service-account and RFC 7523. Pure.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, cast
from urllib.parse import urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

SCOPE: Final = "https://www.googleapis.com/auth/androidpublisher"
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE_SECONDS: Final = 3600  # the longest that Google allows
_EMAIL_END: Final = ".gserviceaccount.com"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The parts of a key file that are of use. `token_uri`: where assertions are changed into access tokens."""

    email: str
    key_id: str
    token_uri: str
    key: RSAKey = field(repr=False)

    def assertion(self, *, now: datetime) -> str:
        """Signed: this account wants an access token for the Play Developer API."""
        at = int(now.timestamp())
        claims = {"iss": self.email, "scope": SCOPE, "aud": self.token_uri, "iat": at, "exp": at + LIFE_SECONDS}
        header = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        return jws.serialize_compact(header, json.dumps(claims), self.key, algorithms=["RS256"])


def read(text: str) -> ServiceAccount:
    """Read a key file: the JSON that Google's console gives, or the same in base64 for where lines are a trouble.

    Raises:
        ValueError: it is no such file. The text holds nothing of it.
    """
    found = _object(text.strip())
    if found.get("type") != "service_account":
        raise ValueError('is no key file of a service account ("type" says so)')
    email, key_id, token_uri = (_text(found, name) for name in ("client_email", "private_key_id", "token_uri"))
    if not is_service_account(email):
        raise ValueError("its client_email is no service account's")
    if urlsplit(token_uri).scheme not in {"http", "https"}:
        raise ValueError("its token_uri is no web address")
    return ServiceAccount(email, key_id, token_uri, _key(_text(found, "private_key")))


def is_service_account(email: str) -> bool:
    """Whether an address can be a service account's. Nobody's mailbox ends so."""
    name, at, domain = email.partition("@")
    return bool(name and at) and f".{domain}".endswith(_EMAIL_END)


@lru_cache(maxsize=2)  # to prove that its numbers are primes takes a tenth of a second
def _key(pem: str) -> RSAKey:
    try:
        key = RSAKey.import_key(pem)
        is_private = key.is_private
    except (JoseError, ValueError, TypeError) as error:
        raise ValueError("its private_key is no RSA key") from error
    if not is_private:
        raise ValueError("its private_key is a public one")
    return key


def _object(text: str) -> dict[str, Any]:
    try:
        plain = text if text.startswith("{") else base64.b64decode(text, validate=True)
        found: object = json.loads(plain)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise ValueError("is neither JSON nor base64 of it") from error
    if not isinstance(found, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004 - one kind of fault for one kind of caller
    return cast("dict[str, Any]", found)


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"its {name} is missing")
    return value
