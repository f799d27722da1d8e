"""The two tokens of a session: made, read and verified. No I/O; the clock and the chance are arguments."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

from pydantic import SecretStr
from pydantic_core import to_json

from cleanly.domain.auth.sessions import keys
from cleanly.domain.auth.sessions.keys import AccessKey
from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.kernel import crypto, ids
from cleanly.kernel.principal import TokenExpired, TokenInvalid

SELECTOR_BYTES: Final = 16
_VERSION: Final = "rt1."
_GENERATION_BYTES: Final = 4
_BODY_BYTES: Final = SELECTOR_BYTES + _GENERATION_BYTES
_REFRESH_PURPOSE: Final = "cleanly refresh token v1"
_REFRESH_LENGTH: Final = len(_VERSION) + len(crypto.b64url(bytes(_BODY_BYTES + 32)))
_ACCESS_LENGTH_MAX: Final = 2048
_LEEWAY_SECONDS: Final = 5
_JITTER: Final = 0.05
_CLAIMS: Final = frozenset({"iss", "aud", "sub", "sid", "jti", "epoch", "iat", "nbf", "exp"})


@dataclass(frozen=True, slots=True)
class RefreshClaim:
    """What a refresh token of ours says: whose session, which generation, and which secret vouches for it."""

    selector: bytes
    generation: int
    key_id: str


class RefreshCodec:
    """Makes and reads refresh tokens. The same arguments give the same token, so none need be stored."""

    def __init__(self, secrets: Mapping[str, bytes], *, signing: str) -> None:
        self._keys = {key_id: crypto.derive(secret, _REFRESH_PURPOSE) for key_id, secret in secrets.items()}
        if signing not in self._keys:
            raise ValueError("the signing key is not among the keys")
        self.signing = signing

    @classmethod
    def of(cls, settings: SessionSettings) -> "RefreshCodec":
        """The first JWT secret signs, all are read."""
        secrets = [_bytes(secret) for secret in settings.jwt_secret]
        return cls({keys.fingerprint(secret): secret for secret in secrets}, signing=keys.fingerprint(secrets[0]))

    def make(self, selector: bytes, generation: int, key_id: str | None = None) -> str:
        """`rt1.` and base64url of selector, generation and MAC; under the signing key if `key_id` is gone."""
        if len(selector) != SELECTOR_BYTES:
            raise ValueError("a selector has 16 bytes")
        body = selector + generation.to_bytes(_GENERATION_BYTES, "big")
        key = self._keys.get(key_id or self.signing, self._keys[self.signing])
        return _VERSION + crypto.b64url(body + _refresh_mac(key, body))

    def read(self, text: str) -> RefreshClaim | None:
        """The claim, or None for everything that `make` did not write, byte for byte."""
        if len(text) != _REFRESH_LENGTH or not text.startswith(_VERSION):
            return None
        try:
            data = crypto.b64url_decode(text.removeprefix(_VERSION))
        except ValueError:
            return None
        body, given = data[:_BODY_BYTES], data[_BODY_BYTES:]
        for key_id, key in self._keys.items():
            if crypto.same(_refresh_mac(key, body), given):
                return RefreshClaim(body[:SELECTOR_BYTES], int.from_bytes(body[SELECTOR_BYTES:], "big"), key_id)
        return None


def row_key(selector: bytes) -> str:
    """What `refresh_tokens.token` holds: finds the row, and lets nobody log in."""
    return crypto.sha256(selector).hex()


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """A verified access token: whose it is, and until when."""

    user_id: UUID
    session_id: UUID
    epoch: int
    expires_at: datetime


class ClaimsCache:
    """Claims of tokens verified before, by the token's SHA-256. Full: the one longest unused goes.

    For one event loop: it has no lock.
    """

    def __init__(self, entries_max: int = 10_000) -> None:
        if entries_max < 1:
            raise ValueError("a cache holds at least one entry")
        self._entries: OrderedDict[bytes, AccessClaims] = OrderedDict()
        self._entries_max = entries_max
        # Bound once: these run at every request.
        self.find = self._entries.get
        self.touch = self._entries.move_to_end

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, digest: bytes, claims: AccessClaims) -> None:
        """Remember."""
        self._entries[digest] = claims
        if len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def drop(self, digest: bytes) -> None:
        """Forget, if known."""
        self._entries.pop(digest, None)


class AccessSigner:
    """Signs and verifies access tokens (JWT, RFC 9068's `at+jwt`, checked as RFC 8725 asks)."""

    def __init__(
        self,
        access_keys: Sequence[AccessKey],
        *,
        issuer: str,
        audience: str,
        expiry_seconds: int,
        cache: ClaimsCache | None = None,
    ) -> None:
        self._signing = access_keys[0]
        self._keys = tuple(access_keys)
        # A header is trusted only when it is, letter for letter, one that we write. So the key and its algorithm are
        # ours to choose, and `none`, `crit`, `jwk`, `jku`, `x5u`, `x5c` or another `typ` have no way in.
        self._by_header = {key.sign(b"{}").partition(".")[0]: key for key in access_keys}
        self._issuer = issuer
        self._audience = audience
        self._expiry_seconds = expiry_seconds
        # Not `or`: an empty cache is falsy.
        self._cache = ClaimsCache() if cache is None else cache

    @classmethod
    def of(cls, settings: SessionSettings, cache: ClaimsCache | None = None) -> "AccessSigner":
        """Private keys sign when there are any; else the first secret. All of both verify."""
        private = [keys.from_private(value.get_secret_value()) for value in settings.jwt_private_keys]
        shared = [keys.from_secret(_bytes(value)) for value in settings.jwt_secret]
        return cls(
            [*private, *shared],
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            expiry_seconds=settings.jwt_access_token_expiry,
            cache=cache,
        )

    def sign(self, *, user_id: UUID, session_id: UUID, epoch: int, now: datetime, jitter: float) -> tuple[str, int]:
        """A token and its life in seconds. `jitter`, from 0 to 1, takes off up to 5 % of it.

        The role is not in it: a role that is taken away must not live on in a token.
        """
        if not 0 <= jitter <= 1:
            raise ValueError("jitter is from 0 to 1")
        life = max(1, self._expiry_seconds - int(self._expiry_seconds * _JITTER * jitter))
        issued = int(now.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": user_id,
            "sid": session_id,
            "jti": ids.new_id(),
            "epoch": epoch,
            "iat": issued,
            "nbf": issued,
            "exp": issued + life,
        }
        return self._signing.sign(to_json(claims)), life

    def verify(self, token: str, now: datetime) -> AccessClaims:
        """What the token says. The session's own state is the gate's to check.

        Raises:
            TokenInvalid: not ours, or not for here, or not yet.
            TokenExpired: ours, but its time is over.
        """
        # Before hashing: what cannot be ours must not cost us by its length.
        if len(token) > _ACCESS_LENGTH_MAX or not token.isascii():
            raise TokenInvalid
        digest = hashlib.sha256(token.encode("ascii")).digest()
        claims = self._cache.find(digest)
        if claims is None:
            claims = self._read(token, now)
            if claims.expires_at > now:
                self._cache.put(digest, claims)
                return claims
        elif claims.expires_at > now:
            self._cache.touch(digest)
            return claims
        self._cache.drop(digest)
        raise TokenExpired

    def read(self, token: str, now: datetime) -> AccessClaims:
        """Whose token this is, even if its time is over: enough to log out with, and for nothing else.

        Raises:
            TokenInvalid: not ours.
        """
        if len(token) > _ACCESS_LENGTH_MAX or not token.isascii():
            raise TokenInvalid
        return self._read(token, now)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public keys (RFC 7517 section 5); none while only shared secrets sign."""
        return {"keys": [public for key in self._keys if (public := key.public()) is not None]}

    def _read(self, token: str, now: datetime) -> AccessClaims:
        key = self._by_header.get(token.partition(".")[0])
        if key is None:
            raise TokenInvalid
        try:
            return self._claims(json.loads(key.open(token)), int(now.timestamp()))
        except (ValueError, OverflowError) as error:
            raise TokenInvalid from error

    def _claims(self, claims: object, now: int) -> AccessClaims:
        """Check each claim but `exp`'s moment. Raises ValueError."""
        if not isinstance(claims, dict) or cast("dict[object, object]", claims).keys() != _CLAIMS:
            raise ValueError("other claims than ours")
        found = cast("dict[str, object]", claims)
        if found["iss"] != self._issuer or found["aud"] != self._audience:
            raise ValueError("another issuer or audience")
        if not isinstance(found["jti"], str) or not found["jti"]:
            raise ValueError("jti")
        if max(_whole(found["nbf"]), _whole(found["iat"])) > now + _LEEWAY_SECONDS:
            raise ValueError("not yet valid")
        return AccessClaims(
            user_id=_uuid(found["sub"]),
            session_id=_uuid(found["sid"]),
            epoch=_whole(found["epoch"]),
            expires_at=datetime.fromtimestamp(_whole(found["exp"]), UTC),
        )


def _bytes(secret: SecretStr) -> bytes:
    return secret.get_secret_value().encode()


def _refresh_mac(key: bytes, body: bytes) -> bytes:
    return crypto.mac(key, _VERSION.encode() + body)


def _whole(value: object) -> int:
    # `True` is an int to Python, and no time to anybody.
    if type(value) is not int or value < 0:
        raise ValueError("not a whole number")
    return value


def _uuid(value: object) -> UUID:
    if not isinstance(value, str) or str(found := UUID(value)) != value:
        raise ValueError("not a canonical UUID")
    return found
