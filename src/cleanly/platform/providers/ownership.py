"""Whose a purchase is: the account id that the app hands to the store, made from our user's id. Pure.

The store tells it back with the purchase, so a token that was stolen or shared is of no use to another user.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from cleanly.kernel import crypto

LENGTH_MAX: Final = 64  # Google Play's, for an obfuscated account id
_PURPOSE: Final = "google-play account id"


class AccountIds:
    """Makes and knows account ids. They say nothing of the user to whoever has not the server's secret."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """`secrets`: the server's; the first makes new ids, all are known.

        Raises:
            ValueError: there is none.
        """
        if not secrets:
            raise ValueError("account ids need a secret")
        self._keys = tuple(crypto.derive(secret, _PURPOSE) for secret in secrets)

    def of(self, user_id: UUID) -> str:
        """What the app hands to the store when this user buys: HMAC-SHA-256 of the user's id, base64url."""
        return _made(self._keys[0], user_id)

    def owns(self, user_id: UUID, account_id: str | None) -> bool:
        """Whether the account id is this user's. A purchase without one is nobody's."""
        if account_id is None or len(account_id) > LENGTH_MAX:
            return False
        given = account_id.encode(errors="surrogatepass")
        # No early end: how long it takes must not tell which secret made it, or how much of a guess was right.
        return sum(crypto.same(_made(key, user_id).encode(), given) for key in self._keys) > 0


def _made(key: bytes, user_id: UUID) -> str:
    return crypto.b64url(crypto.mac(key, user_id.bytes))
