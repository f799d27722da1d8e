"""The door of this machine: check a chosen password, hash it, verify it. Call it with no transaction open."""

from cleanly.platform.passwords import commonest, pwned
from cleanly.platform.passwords.errors import WeakPassword
from cleanly.platform.passwords.hashing import Hasher, Verdict
from cleanly.platform.passwords.pwned import Fetch
from cleanly.platform.passwords.rules import BREACHED, weakness
from cleanly.platform.passwords.settings import PasswordSettings

__all__ = ["Fetch", "Passwords", "Verdict"]


class Passwords:
    """What a process holds to deal with passwords. Owns a thread pool: `close` it."""

    def __init__(self, settings: PasswordSettings, *, product: str = "cleanly", fetch: Fetch | None = None) -> None:
        if settings.hibp_check and fetch is None:
            raise ValueError("HIBP_CHECK is on, but there is nothing to fetch with")
        self._settings = settings
        self._product = product
        self._fetch = fetch
        self._hasher = Hasher(settings)

    async def check(self, password: str, *, email: str, field: str = "password") -> None:
        """Refuse a weak choice. `field` is the name that the refusal shows, such as `newPassword`.

        Raises:
            WeakPassword: one of `rules.Reason`, with the field.
        """
        found = weakness(
            password,
            email=email,
            product=self._product,
            min_length=self._settings.password_min_length,
            is_common=commonest.is_common,
        )
        if found is None and await self._is_breached(password):
            found = BREACHED
        if found is not None:
            raise WeakPassword.of(field, found.reason, found.message)

    async def hash(self, password: str) -> str:
        """A hash to store.

        Raises:
            Unavailable: too many hashes wait already.
        """
        return await self._hasher.hash(password)

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Compare; hand in None for a user who is unknown or has no password, so that it costs the same.

        Raises:
            Unavailable: too many hashes wait already.
        """
        return await self._hasher.verify(stored, password)

    def close(self) -> None:
        """Take no more work; what is queued is still finished."""
        self._hasher.close()

    async def _is_breached(self, password: str) -> bool:
        if not self._settings.hibp_check or self._fetch is None:
            return False
        return await pwned.is_breached(
            password,
            fetch=self._fetch,
            url=self._settings.hibp_url,
            timeout_seconds=self._settings.hibp_timeout_seconds,
        )
