"""Keys derived from the server's secret, MACs, sealing, comparing. Nothing here invents an algorithm."""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Unsealable(ValueError):
    """The sealed bytes were made under another key, for another purpose, or were changed."""


def derive(secret: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA-256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt or None, info=purpose.encode()).derive(secret)


def mac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256 of the message, 32 bytes (RFC 2104)."""
    return hmac.digest(key, message, "sha256")


def same(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


def seal(key: bytes, plain: bytes, purpose: bytes) -> bytes:
    """Encrypt and authenticate with AES-256-GCM; `purpose` is bound but not stored. Nonce first."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, purpose)


def unseal(key: bytes, sealed: bytes, purpose: bytes) -> bytes:
    """Undo `seal`.

    Raises:
        Unsealable: another key or purpose, or the bytes were changed.
    """
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose)
    except (InvalidTag, ValueError) as error:
        raise Unsealable from error


def b64url(data: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode()


def b64url_decode(text: str) -> bytes:
    """Undo `b64url`, strictly: one text for one value.

    Raises:
        ValueError: not canonical, unpadded base64url.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if b64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


def new_secret() -> str:
    """A random one-time token: 256 bits, base64url."""
    return b64url(secrets.token_bytes(32))
