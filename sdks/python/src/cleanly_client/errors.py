"""Everything that can go wrong with a call, in one tree. The refusals by their codes are in `refusals.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast


class CleanlyError(Exception):
    """The root: catch it to catch all."""


class NotSignedIn(CleanlyError):
    """The call needs a session and there is none: nothing was sent. Show the login."""


class ClientClosed(CleanlyError):
    """The client was closed while the call waited."""


class NoAnswer(CleanlyError):
    """No whole answer came, after every retry: it may or may not have happened.

    To repeat the same act, call again with the same `idempotency_key`. `attempts`: how many requests were sent.
    """

    def __init__(self, message: str, *, attempts: int, idempotency_key: str | None = None) -> None:
        super().__init__(message)
        self.attempts = attempts
        self.idempotency_key = idempotency_key


class DeadlineExceeded(NoAnswer):
    """As NoAnswer: the time for the whole call, retries included, was over."""


class BadAnswer(NoAnswer):
    """As NoAnswer: something answered that does not speak for the service, such as a hotel's login page.

    `retry_after`: seconds, where it named them, as an edge does that holds back a flood.
    """

    def __init__(
        self, message: str, *, attempts: int, idempotency_key: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, attempts=attempts, idempotency_key=idempotency_key)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A field that the service did not accept, and why."""

    field: str
    reason: str
    message: str


class Refused(CleanlyError):
    """The service said no. `code` decides, `action` says what to do about it, `message` may be shown.

    A code that this library does not know is a plain `Refused`. `retry_after`: seconds, where the service named them.
    """

    code: str = ""
    status: int = 0
    action: ClassVar[str] = "stop"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int = 0,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.details: Mapping[str, Any] = details or {}
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.code} ({self.status}): {self.message} [request {self.request_id}]"

    @property
    def fields(self) -> tuple[FieldFault, ...]:
        """Every field that was not accepted; empty if it was not about fields."""
        several: Any = self.details.get("errors")
        rows = cast("list[Mapping[str, Any]]", several if isinstance(several, list) else [self.details])
        return tuple(
            FieldFault(str(row["field"]), str(row.get("reason", "")), str(row.get("message", self.message)))
            for row in rows
            if "field" in row
        )
