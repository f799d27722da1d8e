"""Google's public keys as it publishes them (RFC 7517), each fixed to one algorithm. Pure: bytes in, keys out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from cleanly.kernel import crypto

BODY_BYTES_MAX: Final = 64 * 1024  # Google's own document has about 2 KB
_RSA_BITS_MIN: Final = 2048
_RSA_BITS_MAX: Final = 8192  # each doubling of the size makes a check four times as dear


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key and the only algorithm that it may be used with, whatever a token says (RFC 8725 section 3.1)."""

    algorithm: Literal["RS256", "ES256"]
    key: RSAKey | ECKey = field(repr=False)

    def open(self, token: str) -> bytes:
        """The payload of a compact JWS (RFC 7515 section 7.1) whose signature is this key's.

        Raises:
            ValueError: it is not.
        """
        try:
            return jws.deserialize_compact(token, self.key, algorithms=[self.algorithm]).payload
        except (JoseError, ValueError) as error:
            raise ValueError("not signed by the key that it names") from error


def read(body: bytes) -> Mapping[str, PublicKey]:
    """The keys that can sign ID tokens, by `kid`. Others in the document are passed over.

    Raises:
        ValueError: not a key set, or none of its keys is of use.
    """
    if len(body) > BODY_BYTES_MAX:
        raise ValueError(f"the key set has more than {BODY_BYTES_MAX} bytes")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("the key set is not JSON") from error
    listed = cast("dict[object, object]", document).get("keys") if isinstance(document, dict) else None
    found: dict[str, PublicKey] = {}
    for entry in cast("list[object]", listed) if isinstance(listed, list) else ():
        if isinstance(entry, dict):
            given = cast("dict[object, object]", entry)
            kid, key = given.get("kid"), _key(given)
            if isinstance(kid, str) and kid and key is not None:
                found.setdefault(kid, key)
    if not found:
        raise ValueError("the key set has no key for signatures")
    return found


def _key(given: dict[object, object]) -> PublicKey | None:
    """The key, or None: for another use or algorithm, weak, or broken."""
    if given.get("use", "sig") != "sig":
        return None
    try:
        if given.get("kty") == "RSA" and given.get("alg", "RS256") == "RS256":
            modulus = int.from_bytes(crypto.b64url_decode(_text(given, "n")), "big")
            if not _RSA_BITS_MIN <= modulus.bit_length() <= _RSA_BITS_MAX:
                return None
            return PublicKey("RS256", RSAKey.import_key(_numbers(given, "kty", "n", "e")))
        if given.get("kty") == "EC" and given.get("alg", "ES256") == "ES256" and given.get("crv") == "P-256":
            return PublicKey("ES256", ECKey.import_key(_numbers(given, "kty", "crv", "x", "y")))
    except (JoseError, ValueError):
        return None
    return None


def _numbers(given: dict[object, object], *names: str) -> dict[str, str | list[str]]:
    # Only these are handed on: a private half or `key_ops` in the document must not steer the library.
    return {name: _text(given, name) for name in names}


def _text(given: dict[object, object], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is not text")  # noqa: TRY004  to the caller every broken key is the same
    return value
