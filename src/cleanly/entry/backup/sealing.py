"""A stream under AES-256-GCM, chunk by chunk: nothing is handed out that was not proven, and no end can be cut off.

Each copy has a random key of its own, sealed for a public key (HPKE, RFC 9180: X25519, HKDF-SHA-256, AES-256-GCM), so
who makes copies can't read them. Header: magic, which key opens it, the sealed key. A chunk's nonce is its number and
whether it is the last (the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizár 2015). Header and name are bound
to every chunk: a copy can't be passed off as another.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from cleanly.kernel.crypto import Unsealable, same, sha256

KEY_BYTES = 32
CHUNK_BYTES = 1024 * 1024
_TAG_BYTES = 16
_MAGIC = b"CLEANLY1"
_ID_BYTES = 8
_WRAPPED_BYTES = KEY_BYTES + KEY_BYTES + _TAG_BYTES
_HEADER_BYTES = len(_MAGIC) + _ID_BYTES + _WRAPPED_BYTES
_PURPOSE = b"cleanly backup copy "
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class Sums:
    """What went in and what came out: bytes, and SHA-256 in hex."""

    plain_bytes: int
    plain_sha256: str
    sealed_bytes: int
    sealed_sha256: str


def public(key: bytes) -> bytes:
    """The public half of a private key."""
    return X25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()


def key_id(recipient: bytes) -> bytes:
    """Tells public keys apart, in short."""
    return sha256(b"cleanly backup key id" + recipient)[:_ID_BYTES]


def seal(source: BinaryIO, target: BinaryIO, *, recipient: bytes, name: str) -> Sums:
    """Read `source` to its end and write it sealed for a public key."""
    own = secrets.token_bytes(KEY_BYTES)
    wrapped = _SUITE.encrypt(own, X25519PublicKey.from_public_bytes(recipient), _PURPOSE + name.encode())
    header = _MAGIC + key_id(recipient) + wrapped
    cipher = AESGCM(own)
    plain_sum, sealed_sum = hashlib.sha256(), hashlib.sha256(header)
    plain_bytes, sealed_bytes = 0, target.write(header)
    number, chunk = 0, source.read(CHUNK_BYTES)
    while True:
        # One is read ahead: the last must be known as such, an empty one if nothing came.
        following = source.read(CHUNK_BYTES)
        sealed = cipher.encrypt(_nonce(number, is_last=not following), chunk, header + name.encode())
        plain_sum.update(chunk)
        sealed_sum.update(sealed)
        plain_bytes += len(chunk)
        sealed_bytes += target.write(sealed)
        if not following:
            return Sums(plain_bytes, plain_sum.hexdigest(), sealed_bytes, sealed_sum.hexdigest())
        number, chunk = number + 1, following


def unseal(source: BinaryIO, *, keys: Sequence[bytes], name: str) -> Iterator[bytes]:
    """The plain chunks, each proven before it is handed out. `keys` are private halves.

    Raises:
        Unsealable: none of the keys, another name, changed bytes, or an end that is not the end.
    """
    header = source.read(_HEADER_BYTES)
    if len(header) != _HEADER_BYTES or not header.startswith(_MAGIC):
        raise Unsealable("not a sealed copy")
    wanted = header[len(_MAGIC) : len(_MAGIC) + _ID_BYTES]
    key = next((one for one in keys if same(key_id(public(one)), wanted)), None)
    if key is None:
        raise Unsealable(f"sealed for the key {wanted.hex()}, whose private half is not here")
    cipher = _cipher(header, key=key, name=name)
    number, chunk = 0, source.read(CHUNK_BYTES + _TAG_BYTES)
    while True:
        following = source.read(CHUNK_BYTES + _TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, is_last=not following), chunk, header + name.encode())
        except (InvalidTag, ValueError) as error:
            raise Unsealable("changed, cut off, or another copy under this name") from error
        if not following:
            return
        number, chunk = number + 1, following


def _cipher(header: bytes, *, key: bytes, name: str) -> AESGCM:
    private = X25519PrivateKey.from_private_bytes(key)
    try:
        return AESGCM(_SUITE.decrypt(header[-_WRAPPED_BYTES:], private, _PURPOSE + name.encode()))
    except InvalidTag as error:
        raise Unsealable("its key was changed, or it is another copy under this name") from error


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])
