"""What a client tells an app's logs and metrics. No event can hold a token, a body or a query."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeAlias

_log = logging.getLogger("cleanly_client")


@dataclass(frozen=True, slots=True)
class Attempted:
    """A request ended. `path` is the template; `status` is None if no answer came, and `fault` says why."""

    operation: str
    verb: str
    path: str
    attempt: int
    seconds: float
    status: int | None
    code: str | None
    request_id: str
    fault: str | None


@dataclass(frozen=True, slots=True)
class Waited:
    """A pause before the next try."""

    operation: str
    attempt: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Renewed:
    """The session has a new pair, and it is stored."""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over and its tokens are forgotten; `code` is None after a logout."""

    code: str | None


Event: TypeAlias = Attempted | Waited | Renewed | SessionEnded
Hook: TypeAlias = Callable[[Event], None]


def log_events(event: Event) -> None:
    """A hook that writes each event to the logger `cleanly_client`."""
    _log.info("%s %s", type(event).__name__, asdict(event))


def tell(hooks: tuple[Hook, ...], event: Event) -> None:
    """Call every hook; a hook's own fault is logged and harms no call."""
    for hook in hooks:
        try:
            hook(event)
        except Exception:  # noqa: BLE001 - whatever it was
            _log.exception("a hook failed")
