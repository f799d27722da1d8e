"""What the table may hold of a key, a request and an answer: hashes and sealed bytes, nothing to read or to guess.

A request may carry a password, so its fingerprint is keyed with the server's secret and the client's key: from a plain
hash a weak password could be guessed as fast as a machine can count.
"""

from collections.abc import Sequence

from cleanly.kernel.crypto import Unsealable, b64url, derive, mac, same, seal, sha256, unseal

_ID_BYTES = 4


def key_hash(key: str) -> str:
    """How the table names a key. Under no secret, because a look-up must survive the rotation of secrets."""
    return b64url(sha256(b"idempotency key\0" + key.encode()))


class Vault:
    """The server's secrets: the first seals, all open."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("idempotency needs a server secret")
        self._secrets = {derive(secret, "idempotency secret id")[:_ID_BYTES]: secret for secret in reversed(secrets)}
        self._first = secrets[0]
        self._first_id = derive(self._first, "idempotency secret id")[:_ID_BYTES]

    def fingerprint(self, key: str, request: bytes) -> bytes:
        """What tells this request from another with the same key: the secret's id, then a MAC."""
        return self._first_id + _mac(self._first, key, request)

    def is_same(self, fingerprint: bytes, key: str, request: bytes) -> bool | None:
        """Whether the fingerprint is this request's. None: made under a secret that this process does not have."""
        secret = self._secrets.get(fingerprint[:_ID_BYTES])
        return None if secret is None else same(fingerprint[_ID_BYTES:], _mac(secret, key, request))

    def seal(self, key: str, body: bytes, purpose: bytes) -> bytes:
        """Encrypt an answer so that only this server, shown this key again, can read it."""
        return self._first_id + seal(_sealing_key(self._first, key), body, purpose)

    def open(self, key: str, sealed: bytes, purpose: bytes) -> bytes:
        """Undo `seal`.

        Raises:
            Unsealable: the secret is gone, or the bytes are another row's.
        """
        secret = self._secrets.get(sealed[:_ID_BYTES])
        if secret is None:
            raise Unsealable("sealed under a secret that is gone")
        return unseal(_sealing_key(secret, key), sealed[_ID_BYTES:], purpose)


def _mac(secret: bytes, key: str, request: bytes) -> bytes:
    return mac(derive(secret, "idempotency fingerprint", salt=key.encode()), request)


def _sealing_key(secret: bytes, key: str) -> bytes:
    return derive(secret, "idempotency answer", salt=key.encode())
