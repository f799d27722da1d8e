"""Plays Google: keys of our own making, tokens signed with them, and an address that serves them, or fails."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from cleanly.kernel.crypto import b64url
from cleanly.platform.providers.google.claims import GoogleIdentity
from cleanly.platform.providers.google.id_tokens import IdTokens
from cleanly.platform.providers.google.keyset import FetchedJson
from cleanly.platform.providers.google.settings import GoogleSettings

WEB = "1008719970978-web.apps.googleusercontent.com"
ANDROID = "1008719970978-android.apps.googleusercontent.com"
STRANGER = "2222222222222-web.apps.googleusercontent.com"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
ABSENT = object()

Key = RSAKey | ECKey


@cache
def rsa(kid: str = "rsa-1") -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": kid, "use": "sig", "alg": "RS256"})


@cache
def ec(kid: str = "ec-1") -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": kid, "use": "sig", "alg": "ES256"})


def public(*keys: Key) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def claims(**changed: Any) -> dict[str, Any]:
    """A good token's claims; a change to ABSENT leaves one out."""
    good = {
        "iss": "https://accounts.google.com",
        "aud": WEB,
        "azp": ANDROID,
        "sub": "110169484474386276334",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada",
        "picture": "https://pictures.example/ada",
        "iat": AT - 10,
        "exp": AT + 3590,
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not ABSENT}


def token(key: Key | None = None, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
    key = key or rsa()
    full = {"alg": key.alg, "kid": key.kid, "typ": "JWT", **(header or {})}
    full = {name: value for name, value in full.items() if value is not ABSENT}
    return jws.serialize_compact(full, json.dumps(claims(**changed)), key, algorithms=[str(key.alg)])


def raw_token(header: Mapping[str, Any] | bytes, payload: bytes, signature: bytes) -> str:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return ".".join(b64url(part) for part in (head, payload, signature))


class Google:
    """The key address, its clock, and a verifier that reads both."""

    def __init__(self, *keys: Key, client_ids: tuple[str, ...] = (WEB,)) -> None:
        self.body = public(*(keys or (rsa(), ec())))
        self.max_age_seconds: int | None = 3600
        self.fault: Exception | None = None
        self.calls = 0
        self.seconds = 1000.0
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        self.settings = GoogleSettings(google_client_ids=client_ids, google_jwks_url="https://keys.example/certs")
        self.id_tokens = IdTokens(self.settings, fetch=self.fetch, monotonic=lambda: self.seconds)

    async def fetch(self, url: str) -> FetchedJson:
        assert url == "https://keys.example/certs"
        self.calls += 1
        self.asked.set()
        await self.open.wait()
        if self.fault is not None:
            raise self.fault
        return FetchedJson(self.body, self.max_age_seconds)

    async def verify(self, id_token: str | None = None, nonce: str | None = None) -> GoogleIdentity:
        return await self.id_tokens.verify(id_token or token(), nonce=nonce, now=NOW)
