"""Hands one message to one endpoint: signed with every key in force, past the guard, within the deadline."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple

import structlog

from cleanly.kernel.clock import Clock
from cleanly.kernel.net import Http, NetBroken, NetError, NetForbidden, NetTimeout, called_address
from cleanly.platform.webhooks.outbound import signing
from cleanly.platform.webhooks.outbound.dispatch import rules
from cleanly.platform.webhooks.outbound.dispatch.names import Names
from cleanly.platform.webhooks.outbound.endpoints.rules import guard
from cleanly.platform.webhooks.outbound.rules import Outcome
from cleanly.platform.webhooks.outbound.settings import OutboundSettings

_log = structlog.get_logger(__name__)
_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "cleanly-webhooks",
    # Packed bytes would be unpacked here before they are counted.
    "Accept-Encoding": "identity",
}
_ERROR_LENGTH_MAX = 300


class Tried(NamedTuple):  # a tuple: made for every delivery
    """How one try ended. `body`: the first 16 KiB of the answer; `error`: why there is none, without a secret."""

    outcome: Outcome
    status: int | None
    headers: Mapping[str, str] | None
    body: bytes | None
    address: str | None
    error: str | None
    started_at: datetime
    duration_ms: int

    @property
    def is_success(self) -> bool:
        """2xx."""
        return self.outcome == "succeeded"


class Letter(NamedTuple):
    """What is sent where. `keys`: the newest first."""

    message_id: str
    url: str
    body: bytes
    keys: Sequence[signing.SigningKey]


class Courier:
    """One pool of connections to strangers: a part of the Context. `close` it."""

    def __init__(
        self,
        clock: Clock,
        settings: OutboundSettings,
        *,
        http: Http | None = None,
        deadline: Callable[[], AbstractContextManager[object]] | None = None,
    ) -> None:
        """`http` replaces the guarded one, `deadline` the timer of each call (see `Http.hand_over`)."""
        self._names = Names()
        # Without bounds of its own: the lanes bound it, and by endpoint, since one host may serve many accounts.
        self._http = http or Http(
            guard(loopback=settings.outbound_loopback == "on"),
            resolver=self._names,
            connections_max=0,
            connections_per_host_max=0,
        )
        self._clock = clock
        self._deadline = deadline
        self._deadline_seconds = settings.outbound_deadline_seconds

    async def bring(self, letter: Letter) -> Tried:
        """Send it once. Whatever goes wrong is told by the result."""
        loop = asyncio.get_running_loop()
        began, started_at = loop.time(), self._clock.now()
        if not letter.keys:
            return _failed("forbidden", "there is no key to sign with", None, started_at, 0)
        headers = signing.signed_headers(letter.keys, message_id=letter.message_id, at=started_at, body=letter.body)
        try:
            receipt = await self._http.hand_over(
                letter.url,
                body=letter.body,
                headers=_HEADERS | headers,
                deadline_seconds=self._deadline_seconds,
                head_bytes=rules.ANSWER_BYTES_MAX,
                within=self._deadline() if self._deadline is not None else None,
            )
        except NetError as error:
            return _failed(_outcome(error), str(error), called_address(), started_at, loop.time() - began)
        except Exception as error:  # noqa: BLE001 - of any kind: one address must not end the deliveries to all others
            _log.exception("outbound_call_failed", message_id=letter.message_id)
            return _failed("broken", type(error).__name__, called_address(), started_at, loop.time() - began)
        return Tried(
            "succeeded" if rules.is_success(receipt.status) else "refused",
            receipt.status,
            rules.headers_to_keep(receipt.headers),
            receipt.head,
            receipt.address,
            None,
            started_at,
            rules.milliseconds(loop.time() - began),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()
        await self._names.close()


def _outcome(error: NetError) -> Outcome:
    match error:
        case NetForbidden():
            return "forbidden"
        case NetTimeout():
            return "timeout"
        case NetBroken():
            return "broken"
        case _:
            return "unreachable"


def _failed(outcome: Outcome, error: str, address: str | None, started_at: datetime, seconds: float) -> Tried:
    return Tried(
        outcome=outcome,
        status=None,
        headers=None,
        body=None,
        address=address,
        error=error[:_ERROR_LENGTH_MAX],
        started_at=started_at,
        duration_ms=rules.milliseconds(seconds),
    )
