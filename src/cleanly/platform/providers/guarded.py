"""A provider behind a deadline, a circuit breaker and metrics: what the rest of the service holds.

The breaker opens after faults in a row, so that a provider that is down costs a refusal and not a timeout each; after
a pause one call goes through to see. It never repeats a call: that is for the jobs, with the same key.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from math import ceil
from typing import Any, Literal, TypeVar
from uuid import UUID

from cleanly.kernel.money import Money
from cleanly.platform.providers import metrics
from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.protocol import (
    Balance,
    Capability,
    DisputeSnapshot,
    Listing,
    NewPayment,
    PaymentSnapshot,
    Provider,
    RefundSnapshot,
    Snapshot,
    VerifiedEvent,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """`timeout_seconds` is for the whole operation, which may be several calls of the adapter's."""

    timeout_seconds: float = 25.0
    faults_max: int = 5
    pause_seconds: float = 30.0


class _State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class Breaker:
    """Counts faults in a row. For one event loop: it has no lock. `monotonic` gives seconds that never run back."""

    def __init__(self, provider: str, *, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._provider = provider
        self._limits = limits
        self._monotonic = monotonic
        self._state = _State.CLOSED
        self._faults = 0
        self._opened_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are refused, but for one that looks."""
        return self._state is not _State.CLOSED

    def enter(self) -> bool:
        """Ask to call; True: this call is the probe.

        Raises:
            NotSent: the breaker is open.
        """
        if self._state is _State.CLOSED:
            return False
        waits = self._opened_at + self._limits.pause_seconds - self._monotonic()
        if self._state is _State.PROBING or waits > 0:
            raise NotSent(f"{self._provider} keeps failing", retry_after_seconds=max(1, ceil(waits)))
        self._state = _State.PROBING
        return True

    def succeeded(self, *, probe: bool) -> None:
        """The provider answered, be it with a refusal. Stragglers from before it opened don't close it."""
        if self._state is _State.CLOSED:
            self._faults = 0
        elif probe:
            self._close()

    def failed(self, *, probe: bool) -> None:
        """The provider had a fault."""
        self._faults += 1
        if probe:
            self._reopen()
        elif self._state is _State.CLOSED and self._faults >= self._limits.faults_max:
            metrics.BREAKERS.add(1, {"provider": self._provider})
            self._reopen()

    def gave_up(self, *, probe: bool) -> None:
        """The call ended without a word about the provider (cancelled, a bug of ours): another may probe at once."""
        if probe:
            self._state = _State.OPEN

    def _reopen(self) -> None:
        self._state = _State.OPEN
        self._opened_at = self._monotonic()

    def _close(self) -> None:
        metrics.BREAKERS.add(-1, {"provider": self._provider})
        self._state = _State.CLOSED
        self._faults = 0


class Guarded:
    """Any provider, guarded. Verifying a push is not: it must work while the provider's API is down."""

    def __init__(self, provider: Provider, *, monotonic: Callable[[], float], limits: Limits | None = None) -> None:
        self._provider = provider
        self._limits = limits or Limits()
        self._monotonic = monotonic
        self.breaker = Breaker(provider.name, limits=self._limits, monotonic=monotonic)

    @property
    def name(self) -> str:
        """The provider's."""
        return self._provider.name

    @property
    def account(self) -> str:
        """The provider's."""
        return self._provider.account

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The provider's."""
        return self._provider.capabilities

    async def ensure_customer(self, user_id: UUID, email: str, *, key: str) -> str:
        """See `Provider`."""
        return await self._call("ensure_customer", lambda it: it.ensure_customer(user_id, email, key=key))

    async def create_payment(self, new: NewPayment, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("create_payment", lambda it: it.create_payment(new, key=key))

    async def client_parameters(self, reference: str, *, customer: str | None) -> Mapping[str, str]:
        """See `Provider`."""
        return await self._call("client_parameters", lambda it: it.client_parameters(reference, customer=customer))

    async def get_payment(self, reference: str) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("get_payment", lambda it: it.get_payment(reference))

    async def find_payment(self, our_id: UUID) -> PaymentSnapshot | None:
        """See `Provider`."""
        return await self._call("find_payment", lambda it: it.find_payment(our_id))

    async def complete_payment(
        self, reference: str, *, capture: Literal["automatic", "manual"], key: str
    ) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("complete_payment", lambda it: it.complete_payment(reference, capture=capture, key=key))

    async def capture_payment(self, reference: str, money: Money, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("capture_payment", lambda it: it.capture_payment(reference, money, key=key))

    async def cancel_payment(self, reference: str, *, key: str) -> PaymentSnapshot:
        """See `Provider`."""
        return await self._call("cancel_payment", lambda it: it.cancel_payment(reference, key=key))

    async def refund(self, reference: str, charge: str, money: Money, *, our_id: UUID, key: str) -> RefundSnapshot:
        """See `Provider`."""
        return await self._call("refund", lambda it: it.refund(reference, charge, money, our_id=our_id, key=key))

    async def get_refund(self, reference: str) -> RefundSnapshot:
        """See `Provider`."""
        return await self._call("get_refund", lambda it: it.get_refund(reference))

    async def find_refund(self, payment_reference: str, our_id: UUID) -> RefundSnapshot | None:
        """See `Provider`."""
        return await self._call("find_refund", lambda it: it.find_refund(payment_reference, our_id))

    async def get_dispute(self, reference: str) -> DisputeSnapshot:
        """See `Provider`."""
        return await self._call("get_dispute", lambda it: it.get_dispute(reference))

    async def list_entries(self, since: datetime, cursor: str | None) -> Listing:
        """See `Provider`."""
        return await self._call("list_entries", lambda it: it.list_entries(since, cursor))

    async def list_events(self, since: datetime, cursor: str | None) -> Listing:
        """See `Provider`."""
        return await self._call("list_events", lambda it: it.list_events(since, cursor))

    async def get_balance(self) -> Balance:
        """See `Provider`."""
        return await self._call("get_balance", lambda it: it.get_balance())

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """See `Provider`."""
        return await self._provider.verify_webhook(headers, body, now=now)

    async def fetch_object(self, event: VerifiedEvent) -> Snapshot | None:
        """See `Provider`."""
        return await self._call("fetch_object", lambda it: it.fetch_object(event))

    async def close(self) -> None:
        """See `Provider`."""
        await self._provider.close()

    async def _call(self, operation: str, call: Callable[[Provider], Coroutine[Any, Any, T]]) -> T:
        began = self._monotonic()
        outcome = "short_circuited"
        try:
            probe = self.breaker.enter()
            outcome = "cancelled"
            try:
                result = await self._within_the_deadline(operation, call)
            except Refused:
                outcome = "refused"
                self.breaker.succeeded(probe=probe)
                raise
            except (Unknown, NotSent) as error:
                outcome = _outcome(error)
                self.breaker.failed(probe=probe)
                raise
            except Exception:
                outcome = "fault"
                self.breaker.gave_up(probe=probe)
                raise
            except BaseException:
                self.breaker.gave_up(probe=probe)
                raise
            outcome = "ok"
            self.breaker.succeeded(probe=probe)
            return result
        finally:
            told = {"provider": self.name, "operation": operation, "outcome": outcome}
            metrics.CALLS.add(1, told)
            metrics.SECONDS.record(self._monotonic() - began, told)

    async def _within_the_deadline(self, operation: str, call: Callable[[Provider], Coroutine[Any, Any, T]]) -> T:
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                return await call(self._provider)
        except TimeoutError as error:
            raise _TooLate(f"{self.name} did not finish {operation} in time") from error


class _TooLate(Unknown):
    """Our own deadline passed: whether anything was sent by then is not known here."""


def _outcome(error: Unknown | NotSent) -> str:
    if isinstance(error, NotSent):
        return "not_sent"
    return "timeout" if isinstance(error, _TooLate) else "unknown"
