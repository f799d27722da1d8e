"""Signatures of the Standard Webhooks specification: keys, signing, verifying. Pure but for the chance in new keys.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cleanly.kernel.crypto import mac, same

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64
TOLERANCE = timedelta(minutes=5)
_NEW_SECRET_BYTES = 32
_SEED_BYTES = 32
_HMAC, _PRIVATE, _PUBLIC = "whsec_", "whsk_", "whpk_"
# A header with more is no rotation but an attempt to make us compute.
_SIGNATURES_MAX = 16


class BadKey(ValueError):
    """No key of the specification. The text says what is wrong, never the key."""


class BadSignature(Exception):
    """The message is not from who holds the key, or it is not fresh."""


@dataclass(frozen=True)
class HmacKey:
    """A shared secret of 24 to 64 bytes: `v1`."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not SECRET_BYTES_MIN <= len(self.secret) <= SECRET_BYTES_MAX:
            raise BadKey(f"a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes")

    def sign(self, content: bytes) -> str:
        """One signature as it stands in the header."""
        return f"v1,{_base64(mac(self.secret, content))}"

    def fits(self, signature: str, content: bytes) -> bool:
        """Whether this very signature is ours; in constant time."""
        return same(signature.encode(), self.sign(content).encode())


@dataclass(frozen=True)
class PublicKey:
    """What a receiver needs to verify `v1a`: 32 bytes of Ed25519 (RFC 8032)."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != _SEED_BYTES:
            raise BadKey(f"a public key has {_SEED_BYTES} bytes")

    def fits(self, signature: str, content: bytes) -> bool:
        """Whether the holder of the private key signed this."""
        version, _, text = signature.partition(",")
        if version != "v1a":
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(base64.b64decode(text, validate=True), content)
        except (InvalidSignature, binascii.Error):
            return False
        return True

    def __str__(self) -> str:
        return f"{_PUBLIC}{_base64(self.raw)}"


@dataclass(frozen=True)
class PrivateKey:
    """The seed of an Ed25519 pair, 32 bytes: `v1a`. Only the sender has it."""

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != _SEED_BYTES:
            raise BadKey(f"a private key has {_SEED_BYTES} bytes")

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public(self) -> PublicKey:
        """Its other half."""
        return PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, content: bytes) -> str:
        """One signature as it stands in the header."""
        return f"v1a,{_base64(self._key.sign(content))}"

    def fits(self, signature: str, content: bytes) -> bool:
        """Whether this key signed this."""
        return self.public.fits(signature, content)


SigningKey = HmacKey | PrivateKey
Key = SigningKey | PublicKey


def read_key(text: str) -> Key:
    """A key as people hand it on: `whsec_`, `whsk_` or `whpk_` and base64. `whsk_` may hold the public half as well.

    Raises:
        BadKey: none of these, or of the wrong length.
    """
    prefix, _, rest = text.partition("_")
    try:
        raw = base64.b64decode(rest, validate=True)
    except (binascii.Error, ValueError):
        raise BadKey("what follows the prefix is not base64") from None  # its text may hold a part of the key
    match f"{prefix}_":
        case "whsec_":
            return HmacKey(raw)
        case "whpk_":
            return PublicKey(raw)
        case "whsk_":
            return _private(raw)
        case _:
            raise BadKey(f"a key begins with {_HMAC}, {_PRIVATE} or {_PUBLIC}")


def _private(raw: bytes) -> PrivateKey:
    key = PrivateKey(raw[:_SEED_BYTES])
    if raw[_SEED_BYTES:] not in {b"", key.public.raw}:
        raise BadKey("the second half is not the public key of the first")
    return key


def read_signing_key(text: str) -> SigningKey:
    """A key that can sign.

    Raises:
        BadKey: not one, or a public one.
    """
    key = read_key(text)
    if isinstance(key, PublicKey):
        raise BadKey("a public key signs nothing")
    return key


def new_secret() -> str:
    """A fresh `whsec_` secret of 32 bytes."""
    return f"{_HMAC}{_base64(secrets.token_bytes(_NEW_SECRET_BYTES))}"


def new_private_key() -> str:
    """A fresh `whsk_` key; `str(read_signing_key(it).public)` is what its receiver gets."""
    return f"{_PRIVATE}{_base64(secrets.token_bytes(_SEED_BYTES))}"


def signed_headers(keys: Sequence[SigningKey], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one try. Every key signs, the newest first; `at` is the try's time, not the event's.

    Raises:
        ValueError: no key, or an id that would let two contents look the same.
    """
    if not keys:
        raise ValueError("nothing to sign with")
    if not message_id or "." in message_id:
        raise ValueError("an id is not empty and has no full stop")
    timestamp = str(int(at.timestamp()))
    content = _content(message_id, timestamp, body)
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: " ".join(key.sign(content) for key in keys)}


def verify(
    keys: Sequence[Key], headers: Mapping[str, str], body: bytes, *, now: datetime, tolerance: timedelta = TOLERANCE
) -> str:
    """The id of a message that one of these keys signed a moment ago. `headers`: lower-case names.

    Raises:
        BadSignature: forged, changed, stale, from the future, or a header is missing.
    """
    try:
        message_id, timestamp, signatures = headers[ID], headers[TIMESTAMP], headers[SIGNATURE]
    except KeyError as error:
        raise BadSignature(f"the header {error} is missing") from None
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("the timestamp is no number of seconds")
    if abs(now.timestamp() - int(timestamp)) > tolerance.total_seconds():
        raise BadSignature("the timestamp is too far from now")
    content = _content(message_id, timestamp, body)
    offered = signatures.split(" ")[:_SIGNATURES_MAX]
    if not any(key.fits(signature, content) for key in keys for signature in offered):
        raise BadSignature("no signature fits")
    return message_id


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
