"""The door of this machine: count a hit, say where its key stands, refuse what is too much."""

from collections.abc import Mapping
from typing import Any, cast

from pydantic import SecretStr

from cleanly.kernel.clock import Clock
from cleanly.kernel.crypto import derive
from cleanly.kernel.errors import RateLimited
from cleanly.platform.cache.service import Store, StoreDown
from cleanly.platform.ratelimit import rules
from cleanly.platform.ratelimit.metrics import REFUSED, STORE_ERRORS
from cleanly.platform.ratelimit.rules import Policy, Standing, Windows
from cleanly.platform.ratelimit.settings import RateLimitSettings

__all__ = ["Limiter", "Policy", "Standing"]

# Count and remaining time in one round trip. A key without an end (a crash between the two calls of another version)
# gets one, or it would refuse for ever.
_HIT = """
local count = redis.call('INCR', KEYS[1])
local left_ms = redis.call('PTTL', KEYS[1])
if left_ms < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left_ms = tonumber(ARGV[1])
end
return {count, left_ms}
"""


class Limiter:
    """What a process holds to limit its callers: windows in memory, or shared in Redis or Valkey. `close` it."""

    def __init__(
        self,
        settings: RateLimitSettings,
        *,
        clock: Clock,
        secret: bytes,
        redis_url: SecretStr | None = None,
    ) -> None:
        """`secret`: the server's; from it comes the key that hides e-mail addresses. Connects on first use."""
        self._clock = clock
        self._account_secret = derive(secret, "ratelimit account")
        self.policies: Mapping[str, Policy] = settings.policies()
        self._windows = {name: Windows(policy, settings.rate_limit_keys_max) for name, policy in self.policies.items()}
        self._store: Store | None = None
        if redis_url is not None:
            self._store = Store(redis_url.get_secret_value(), purpose="ratelimit")
            self._script = self._store.client.register_script(_HIT)

    async def hit(self, policy: str, key: str) -> Standing:
        """Count one call of `key`; look at `allowed`. If the store is down, the call passes and is counted as such.

        Raises:
            KeyError: no such policy: a fault of the program.
        """
        if self._store is None:
            found = self._windows[policy].hit(key, self._clock.seconds())
        else:
            found = await self._hit_shared(self._store, self.policies[policy], key)
        if not found.allowed:
            REFUSED.add(1, {"policy": policy})
        return found

    async def require(self, policy: str, key: str) -> Standing:
        """Count one call and refuse it if it is too much.

        Raises:
            RateLimited: with the Retry-After after which the next call passes.
        """
        found = await self.hit(policy, key)
        if not found.allowed:
            raise RateLimited(retry_after_seconds=found.reset_after_seconds)
        return found

    async def require_account(self, policy: str, email: str) -> Standing:
        """As `require`, by account, whether there is one or not. No address is stored, only its MAC.

        Raises:
            RateLimited: too many calls for this account, from wherever they came.
        """
        return await self.require(policy, rules.account_key(self._account_secret, email))

    async def close(self) -> None:
        """Close the connections."""
        if self._store is not None:
            await self._store.close()

    async def _hit_shared(self, store: Store, policy: Policy, key: str) -> Standing:
        # The window is part of the name: a changed setting must not wait for the old window's end.
        name = f"cleanly:limit:{policy.name}:{policy.window_seconds}:{key}"
        try:
            count, left_ms = cast(
                "tuple[int, int]",
                await store.run(lambda client: self._call(client, name, policy.window_seconds)),
            )
        except StoreDown:
            STORE_ERRORS.add(1)
            return rules.standing(policy, 0, policy.window_seconds)
        # The server drops a key when its time is past, not when it is reached.
        return rules.standing(policy, count, (left_ms + 1) / 1000)

    async def _call(self, client: Any, name: str, window_seconds: int) -> Any:
        return await self._script(keys=[name], args=[window_seconds * 1000], client=client)
