"""The limiter in front of a route, and how one request's standing reaches its answer's headers."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import Request

from cleanly.kernel.errors import RateLimited
from cleanly.kernel.http import client_of, context_of
from cleanly.platform.ratelimit.rules import Standing
from cleanly.platform.ratelimit.service import Limiter

# The web process hits `default`, notes it here, and writes `rules.raw_headers` of what is noted when the answer starts.
SCOPE_STANDING = "cleanly.ratelimit"


def note(scope: MutableMapping[str, Any], found: Standing) -> None:
    """Remember the standing that binds first: a refusal, else the one with the fewest calls left."""
    noted = standing_of(scope)
    if noted is None or (found.allowed, found.remaining) <= (noted.allowed, noted.remaining):
        scope[SCOPE_STANDING] = found


def standing_of(scope: MutableMapping[str, Any]) -> Standing | None:
    """What is noted so far."""
    found: Standing | None = scope.get(SCOPE_STANDING)
    return found


async def limit(request: Request, policy: str) -> None:
    """Count the call by the client's bucket.

    Raises:
        RateLimited: too many calls from there.
    """
    found = await context_of(request).part(Limiter).hit(policy, client_of(request).bucket)
    note(request.scope, found)
    if not found.allowed:
        raise RateLimited(retry_after_seconds=found.reset_after_seconds)


def limited(policy: str) -> Callable[[Request], Awaitable[None]]:
    """`limit` as a dependency. Put it in the route's `dependencies`: it runs first."""

    async def limits(request: Request) -> None:
        await limit(request, policy)

    return limits
