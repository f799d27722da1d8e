"""A stream under AES-256-GCM, chunk by chunk: nothing is handed out that was not proven, and no end can be cut off.

Header: magic, the key's id, a salt. Each copy has a key of its own, derived from the salt, so a counter is nonce
enough (the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizár 2015). A nonce is the chunk's number and whether
it is the last. Header and name are bound to every chunk: a copy can't be passed off as another.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cleanly.kernel.crypto import Unsealable, derive, same, sha256

CHUNK_BYTES = 1024 * 1024
_TAG_BYTES = 16
_MAGIC = b"CLEANLY1"
_ID_BYTES = 8
_SALT_BYTES = 32
_HEADER_BYTES = len(_MAGIC) + _ID_BYTES + _SALT_BYTES


@dataclass(frozen=True, slots=True)
class Sums:
    """What went in and what came out: bytes, and SHA-256 in hex."""

    plain_bytes: int
    plain_sha256: str
    sealed_bytes: int
    sealed_sha256: str


def key_id(key: bytes) -> bytes:
    """Tells keys apart and tells nothing of them."""
    return sha256(b"cleanly backup key id" + key)[:_ID_BYTES]


def seal(source: BinaryIO, target: BinaryIO, *, key: bytes, name: str) -> Sums:
    """Read `source` to its end and write it sealed."""
    header = _MAGIC + key_id(key) + secrets.token_bytes(_SALT_BYTES)
    cipher = _cipher(key, header)
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
    """The plain chunks, each proven before it is handed out.

    Raises:
        Unsealable: none of the keys, another name, changed bytes, or an end that is not the end.
    """
    header = source.read(_HEADER_BYTES)
    if len(header) != _HEADER_BYTES or not header.startswith(_MAGIC):
        raise Unsealable("not a sealed copy")
    wanted = header[len(_MAGIC) : len(_MAGIC) + _ID_BYTES]
    key = next((one for one in keys if same(key_id(one), wanted)), None)
    if key is None:
        raise Unsealable(f"sealed under the key {wanted.hex()}, which is not here")
    cipher = _cipher(key, header)
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


def _cipher(key: bytes, header: bytes) -> AESGCM:
    return AESGCM(derive(key, "backup copy", salt=header[-_SALT_BYTES:]))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])
