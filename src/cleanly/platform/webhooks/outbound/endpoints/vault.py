"""Signing keys at rest: sealed under a key derived from the server's secret, bound to their endpoint."""

from collections.abc import Sequence
from uuid import UUID

from cleanly.kernel.crypto import Unsealable, derive, seal, unseal


class KeyVault:
    """Seals and opens signing keys: a part of the Context. Of the server's secrets the first seals, all open."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._keys = tuple(derive(secret, "cleanly/outbound-keys/v1") for secret in secrets)

    def close(self, endpoint_id: UUID, key: str) -> bytes:
        """A key as it is stored."""
        return seal(self._keys[0], key.encode(), _purpose(endpoint_id))

    def open(self, endpoint_id: UUID, sealed: bytes) -> str:
        """The key again.

        Raises:
            Unsealable: no secret of ours opens it, or it is another endpoint's.
        """
        for key in self._keys:
            try:
                return unseal(key, sealed, _purpose(endpoint_id)).decode()
            except Unsealable:  # sealed before the secret was changed: an older one may open it
                continue
        raise Unsealable(f"no secret opens the key of the endpoint {endpoint_id}")


def _purpose(endpoint_id: UUID) -> bytes:
    return b"outbound-key\0" + endpoint_id.bytes
