"""Hashes that came with accounts from elsewhere: bcrypt, and scrypt in passlib's text form. Verified, never made.

bcrypt: `$2a$`, `$2b$`, `$2y$`. scrypt: `$scrypt$ln=16,r=8,p=1$<salt>$<hash>`, where ln is log2 of N, and salt and hash
are base64 without padding (passlib's adapted alphabet, with `.` for `+`, is read too).
"""

import base64
import hashlib
import hmac
import re

import bcrypt

_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
_SCRYPT = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/.]{0,128})\$([A-Za-z0-9+/.]{22,86})", re.ASCII
)
# bcrypt reads 72 bytes, so the system that made the hash ignored the rest; the re-hash after the login counts it all.
_BCRYPT_BYTES_MAX = 72
_BCRYPT_COST_MAX = 16
_SCRYPT_MEMORY_BYTES_MAX = 256 * 1024 * 1024
_SCRYPT_PARALLELISM_MAX = 16


class CorruptHash(ValueError):
    """The stored text is no hash that we can verify, or asks for more work than we allow."""


def is_imported(stored: str) -> bool:
    """Whether the stored text claims to be one of these schemes."""
    return stored.startswith(("$2a$", "$2b$", "$2y$", "$scrypt$"))


def matches(stored: str, password: bytes) -> bool:
    """Whether the password (NFC, UTF-8) made the stored hash. Slow: call it in the pool.

    Raises:
        CorruptHash: not in one of the forms above, or too costly.
    """
    return _scrypt_matches(stored, password) if stored.startswith("$scrypt$") else _bcrypt_matches(stored, password)


def _bcrypt_matches(stored: str, password: bytes) -> bool:
    found = _BCRYPT.fullmatch(stored)
    if found is None or int(found[1]) > _BCRYPT_COST_MAX:
        raise CorruptHash("bcrypt")
    try:
        return bcrypt.checkpw(password[:_BCRYPT_BYTES_MAX], stored.encode())
    except ValueError as error:
        raise CorruptHash("bcrypt") from error


def _scrypt_matches(stored: str, password: bytes) -> bool:
    found = _SCRYPT.fullmatch(stored)
    if found is None:
        raise CorruptHash("scrypt")
    log_n, blocks, lanes = int(found[1]), int(found[2]), int(found[3])
    # 128 bytes * r * (N + p + 2), RFC 7914 section 2 and 6; N is bounded first so that the power stays small.
    memory = 128 * blocks * ((1 << log_n) + lanes + 2)
    if memory > _SCRYPT_MEMORY_BYTES_MAX or lanes > _SCRYPT_PARALLELISM_MAX:
        raise CorruptHash("scrypt")
    try:
        expected = _unpadded(found[5])
        actual = hashlib.scrypt(
            password,
            salt=_unpadded(found[4]),
            n=1 << log_n,
            r=blocks,
            p=lanes,
            maxmem=memory + 1024 * 1024,
            dklen=len(expected),
        )
    except ValueError as error:
        raise CorruptHash("scrypt") from error
    return hmac.compare_digest(actual, expected)


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4), validate=True)
