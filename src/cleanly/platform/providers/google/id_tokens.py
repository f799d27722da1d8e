"""Verifies Google's ID tokens: the key from Google's published set only, then every claim."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final, cast

from cleanly.kernel import crypto
from cleanly.platform.providers.google import claims
from cleanly.platform.providers.google.claims import GoogleIdentity
from cleanly.platform.providers.google.errors import GoogleSignInOff, GoogleTokenInvalid
from cleanly.platform.providers.google.keyset import Fetch, KeySet
from cleanly.platform.providers.google.settings import GoogleSettings

TOKEN_LENGTH_MAX: Final = 8192  # Google's have about 1200 characters
_HEADER_LENGTH_MAX: Final = 512

_log = logging.getLogger(__name__)


class IdTokens:
    """Build one per process: it holds Google's keys."""

    def __init__(self, settings: GoogleSettings, *, fetch: Fetch, monotonic: Callable[[], float]) -> None:
        self._client_ids = frozenset(settings.google_client_ids)
        self._keys = KeySet(
            url=settings.google_jwks_url,
            fetch=fetch,
            monotonic=monotonic,
            timeout_seconds=settings.google_jwks_timeout_seconds,
        )

    async def verify(self, id_token: str, *, nonce: str | None, now: datetime) -> GoogleIdentity:
        """Who signed in, if Google says so to our app. May fetch Google's keys: no transaction may be open.

        `email_verified` is told, not demanded: what an unproven address may do is the caller's to decide.

        Raises:
            GoogleSignInOff: no client id is configured.
            GoogleTokenInvalid: whatever else is wrong with the token.
            Unavailable: Google's keys can't be had; the token was not judged.
        """
        if not self._client_ids:
            raise GoogleSignInOff
        try:
            found = await self.open(id_token)
            return claims.judge(found, client_ids=self._client_ids, nonce=nonce, now=now)
        except ValueError as error:
            # For the operator: a forgotten client id looks to the app like any other refusal.
            _log.info("google.id_token_refused", extra={"reason": str(error)})
            raise GoogleTokenInvalid from error

    async def open(self, token: str) -> dict[str, object]:
        """The claims of a token that Google signed, for people or for its own services: not yet judged.

        Raises:
            ValueError: it is not Google's, or not this kind of token. The text holds nothing of it.
            Unavailable: Google's keys can't be had; the token was not judged.
        """
        # Before decoding: what cannot be Google's must not cost us by its length.
        if len(token) > TOKEN_LENGTH_MAX or not token.isascii():
            raise ValueError("too long, or not ASCII")
        encoded, dot, _ = token.partition(".")
        if not dot or len(encoded) > _HEADER_LENGTH_MAX:
            raise ValueError("not a signed token")
        header = _object(crypto.b64url_decode(encoded))
        # Google signs messages of other kinds with the same keys, and says so here (RFC 8725 section 3.11).
        if header.get("typ", "JWT") != "JWT":
            raise ValueError("typ is another kind of token")
        if "crit" in header or "b64" in header:
            raise ValueError("the header asks for an extension")
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise ValueError("kid is missing or no text")
        key = await self._keys.find(kid)
        if key is None:
            raise ValueError("kid is not a key of Google's")
        if header.get("alg") != key.algorithm:
            raise ValueError("alg is not that of the key")
        return _object(key.open(token))


def _object(data: bytes) -> dict[str, object]:
    """A JSON object. Raises ValueError."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  to the caller every broken token is the same
    return cast("dict[str, object]", value)
