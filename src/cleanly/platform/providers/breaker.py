"""A deadline, a circuit breaker and metrics around the calls to one provider, whatever its protocol.

The breaker opens after faults in a row, so that a provider that is down costs a refusal and not a timeout each; after
a pause one call goes through to see. It never repeats a call.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import Any, TypeVar

from cleanly.kernel import tracing
from cleanly.platform.providers import metrics
from cleanly.platform.providers.errors import NotSent, Refused, Underway, Unknown

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


class Guard:
    """Lets calls to one provider through. `breaker` is what it knows of the provider's health."""

    def __init__(self, provider: str, *, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._provider = provider
        self._limits = limits
        self._monotonic = monotonic
        self.breaker = Breaker(provider, limits=limits, monotonic=monotonic)

    async def call(self, operation: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do one operation. Raises what it raises; NotSent while the breaker is open, Unknown after the deadline."""
        began = self._monotonic()
        outcome = "short_circuited"
        try:
            probe = self.breaker.enter()
            outcome = "cancelled"
            try:
                result = await self._within_the_deadline(operation, ask)
            except Refused:
                outcome = "refused"
                self.breaker.succeeded(probe=probe)
                raise
            except Underway:
                # Whoever asks for the same thing many times at once must not shut the provider for everybody.
                outcome = "underway"
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
            metrics.ended(self._provider, operation, outcome, self._monotonic() - began)

    async def _within_the_deadline(self, operation: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                with tracing.span(f"{self._provider} {operation}"):
                    return await ask()
        except TimeoutError as error:
            raise _TooLate(f"{self._provider} did not finish {operation} in time") from error


class _TooLate(Unknown):
    """Our own deadline passed: whether anything was sent by then is not known here."""


def _outcome(error: Unknown | NotSent) -> str:
    if isinstance(error, NotSent):
        return "not_sent"
    return "timeout" if isinstance(error, _TooLate) else "unknown"
