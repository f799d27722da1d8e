"""Idempotency at the HTTP edge: the header, the route's dependencies, what the exception handlers answer.

The application registers `on_replayed` for `Replayed` and `on_collided` for `Collided`, and sends every refusal
through `remembered` before it answers.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request, Response

from cleanly.kernel.clock import Clock
from cleanly.kernel.db import Database
from cleanly.kernel.errors import AppError
from cleanly.kernel.http import SCOPE_ONCE, OnceHandle, Replayed, envelope
from cleanly.platform.idempotency import rules
from cleanly.platform.idempotency.errors import IdempotencyKeyInvalid, IdempotencyKeyRequired
from cleanly.platform.idempotency.keyed import KeyedCall
from cleanly.platform.idempotency.means import Means
from cleanly.platform.idempotency.once import OncePerCall
from cleanly.platform.idempotency.sealing import Vault
from cleanly.platform.idempotency.settings import IdempotencySettings


class Idempotency:
    """Opens keys: the Context's part for `OnceOpener`. Of the secrets the first seals, all open.

    A secret must stay in the list for as long as an answer is kept (24 h) after a new one stands before it. Where it
    is gone, the keys used under it answer 409 CONFLICT: what they did is done and must not be repeated.
    """

    def __init__(self, db: Database, clock: Clock, secrets: Sequence[bytes], settings: IdempotencySettings) -> None:
        self._means = Means(db=db, clock=clock, vault=Vault(secrets), settings=settings)

    def open(self, request: Request, route: str, body: bytes) -> OnceHandle | None:
        """Read the Idempotency-Key header; None without one. `route`: the template, `body`: the bytes as sent.

        Raises:
            IdempotencyKeyInvalid: empty, too long, given twice, or not visible ASCII.
        """
        values = request.headers.getlist("idempotency-key")
        if not values:
            return None
        key = rules.parse_key(values)
        if key is None:
            raise IdempotencyKeyInvalid
        query: bytes = request.scope.get("query_string", b"")
        return KeyedCall(
            self._means,
            request,
            key=key,
            route=rules.route_name(request.method, route, request.scope["path"]),
            message=rules.request_bytes(request.method, route, query, body),
        )


def once_of(request: Request) -> OncePerCall:
    """What the call's key asks for; without one, that everything simply runs."""
    once = request.scope.get(SCOPE_ONCE)
    return once if isinstance(once, OncePerCall) else OncePerCall()


async def _once(request: Request) -> OncePerCall:
    return once_of(request)


Once = Annotated[OncePerCall, Depends(_once)]


async def _required(request: Request) -> None:
    if request.scope.get(SCOPE_ONCE) is None:
        raise IdempotencyKeyRequired


# For `dependencies=[KeyRequired]` of a route that moves money.
KeyRequired = Depends(_required)


async def on_replayed(request: Request, replayed: Exception) -> Response:
    """Exception handler of `Replayed`: the stored answer, completed where the route says how."""
    if not isinstance(replayed, Replayed):
        raise replayed
    once = request.scope.get(SCOPE_ONCE)
    if not isinstance(once, KeyedCall):
        return replayed.response
    try:
        return await once.replay(replayed.response)
    except AppError as refusal:
        return envelope(refusal)


async def on_collided(request: Request, collided: Exception) -> Response:
    """Exception handler of `Collided`, after the rollback: the winner's answer."""
    once = request.scope.get(SCOPE_ONCE)
    if not isinstance(once, KeyedCall):
        raise collided
    try:
        return await once.look_again()
    except AppError as refusal:
        return envelope(refusal)


async def remembered(request: Request, refusal: AppError, response: Response) -> Response:
    """What to send for a refusal: `response`, unless this key's answer is another one by now.

    Faults (5xx) belong here too: they let go of a flow's lease. A database that is gone changes nothing.
    """
    once: OnceHandle | None = request.scope.get(SCOPE_ONCE)
    return response if once is None else await once.remember(refusal, response)
