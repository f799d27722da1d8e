"""Keys that sign access tokens: one algorithm each, named by what they are, never by what a token says."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey

from cleanly.kernel import crypto

TYPE = "at+jwt"
_FINGERPRINT = "cleanly key fingerprint"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key, the only algorithm it may be used with, and the header of every token it signs."""

    kid: str
    algorithm: Literal["HS256", "Ed25519", "ES256"]
    key: OctKey | OKPKey | ECKey = field(repr=False)
    secret: bytes = field(default=b"", repr=False)
    encoded_header: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        encoded = crypto.b64url(json.dumps(self.header, separators=(",", ":")).encode())
        object.__setattr__(self, "encoded_header", encoded)

    @property
    def header(self) -> dict[str, str]:
        """The JOSE header, in the order in which we write it."""
        return {"alg": self.algorithm, "kid": self.kid, "typ": TYPE}

    def sign(self, payload: bytes) -> str:
        """A compact JWS (RFC 7515 section 7.1)."""
        if self.secret:  # a MAC is three lines, and is made at every refresh; the library reads them all
            text = f"{self.encoded_header}.{crypto.b64url(payload)}"
            return f"{text}.{crypto.b64url(crypto.mac(self.secret, text.encode()))}"
        return jws.serialize_compact(self.header, payload, self.key, algorithms=[self.algorithm])

    def open(self, token: str) -> bytes:
        """The payload of a token whose signature is this key's.

        Raises:
            ValueError: it is not.
        """
        try:
            return jws.deserialize_compact(token, self.key, algorithms=[self.algorithm]).payload
        except JoseError as error:
            raise ValueError("not signed by this key") from error

    def public(self) -> dict[str, Any] | None:
        """The JWK that others verify with (RFC 7517), or None: a shared secret has no public half."""
        if isinstance(self.key, OctKey):
            return None
        return {**self.key.as_dict(private=False), "kid": self.kid, "alg": self.algorithm, "use": "sig"}


def fingerprint(secret: bytes) -> str:
    """A secret's short public name. It is made from a derived value, so it says nothing of the secret itself."""
    return crypto.sha256(crypto.derive(secret, _FINGERPRINT)).hex()[:8]


def from_secret(secret: bytes) -> AccessKey:
    """HS256 under the secret as it stands, so that any JWT library can check our tokens with it."""
    return AccessKey(kid=fingerprint(secret), algorithm="HS256", key=OctKey.import_key(secret), secret=secret)


def from_private(text: str) -> AccessKey:
    """Read base64 of a PEM or JWK private key. Its kid is the RFC 7638 thumbprint.

    Raises:
        ValueError: anything but an Ed25519 or P-256 private key. The text of it names no part of the key.
    """
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
        key = _from_jwk(data) if data.lstrip().startswith(b"{") else _from_pem(data)
    # The cause may quote the key: it stays here.
    except (binascii.Error, JoseError, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        raise ValueError("not base64 of a PEM or JWK private key, Ed25519 or P-256") from None
    algorithm: Literal["Ed25519", "ES256"] = "Ed25519" if isinstance(key, OKPKey) else "ES256"
    return AccessKey(kid=key.thumbprint(), algorithm=algorithm, key=key)


def _from_pem(data: bytes) -> OKPKey | ECKey:
    raw = load_pem_private_key(data, password=None)
    if isinstance(raw, ed25519.Ed25519PrivateKey):
        return OKPKey.import_key(raw)
    if isinstance(raw, ec.EllipticCurvePrivateKey) and isinstance(raw.curve, ec.SECP256R1):
        return ECKey.import_key(raw)
    raise ValueError("another kind of key")


def _from_jwk(data: bytes) -> OKPKey | ECKey:
    # Only the numbers are taken: a `kid`, `alg` or `use` in the file must not steer us.
    given = json.loads(data)
    numbers = {name: given[name] for name in ("kty", "crv", "x", "y", "d") if name in given}
    key = JWKRegistry.import_key(numbers)
    if not key.is_private:
        raise ValueError("a public key cannot sign")
    if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        return key
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return key
    raise ValueError("another kind of key")
