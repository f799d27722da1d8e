"""One call without a session: tries, waits, the deadline, what counts as an answer. Does no I/O."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from cleanly_client import retries
from cleanly_client.calls import Answer, Call, Request
from cleanly_client.errors import BadAnswer, CleanlyError, DeadlineExceeded, NoAnswer, Refused
from cleanly_client.hooks import Attempted, Hook, Waited, tell
from cleanly_client.refusals import BY_CODE
from cleanly_client.steps import Lost, Send, Sleep, Steps

_NOT_MODIFIED = 304
_NO_CONTENT = 204
DONE = Answer(_NO_CONTENT, {}, b"")


@dataclass(frozen=True, slots=True)
class Pace:
    """Time and chance. `now`: seconds since 1970; `monotonic`: seconds that never jump; `chance`: 0 to 1."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Exchange:
    """How calls are made."""

    pace: Pace
    hooks: tuple[Hook, ...]

    def run(
        self,
        call: Call[Any],
        request: Request,
        *,
        ends_at: float,
        tries_max: int = 4,
        look: Callable[[], Steps[None]] | None = None,
    ) -> Steps[Answer]:
        """Send until there is an answer that counts. `look` comes before each further try, and may end it.

        Raises:
            Refused: the service's last word.
            NoAnswer: there was none, or no time for another try.
        """
        attempt, was_lost = 0, False
        key = request.headers.get("Idempotency-Key")
        while True:
            attempt += 1
            left = ends_at - self.pace.monotonic()
            if left <= 0:
                raise DeadlineExceeded("the deadline has passed", attempts=attempt - 1, idempotency_key=key)
            outcome = yield from self._try(call, request, attempt, left)
            if isinstance(outcome, Answer):
                return outcome
            # The first try got through, and its answer did not: what it did is what this one is told.
            if was_lost and call.role == "erase" and isinstance(outcome, Refused) and outcome.code == "SESSION_REVOKED":
                return DONE
            was_lost = was_lost or isinstance(outcome, NoAnswer)
            wait = retries.wait_seconds(outcome, attempt, chance=self.pace.chance()) if attempt < tries_max else None
            if wait is None:
                raise outcome
            if self.pace.monotonic() + wait >= ends_at:
                if isinstance(outcome, Refused):
                    raise outcome
                raise DeadlineExceeded("no time for another try", attempts=attempt, idempotency_key=key) from outcome
            tell(self.hooks, Waited(call.operation, attempt, wait))
            yield Sleep(wait)
            if look is not None:
                yield from look()

    def _try(self, call: Call[Any], request: Request, attempt: int, left: float) -> Steps[Answer | Refused | NoAnswer]:
        request_id = f"{request.headers['X-Request-ID']}.{attempt}"
        sent = Request(request.verb, request.target, {**request.headers, "X-Request-ID": request_id}, request.body)
        key, began = request.headers.get("Idempotency-Key"), self.pace.monotonic()
        outcome: Answer | Refused | NoAnswer
        status: int | None = None
        try:
            answer = cast("Answer", (yield Send(sent, left)))
            status = answer.status
            outcome = self._judge(call, answer, attempt, key)
        except Lost as lost:
            outcome = NoAnswer(str(lost), attempts=attempt, idempotency_key=key)
            outcome.__cause__ = lost
        if self.hooks:
            code = outcome.code if isinstance(outcome, Refused) else None
            fault = str(outcome) if isinstance(outcome, NoAnswer) else None
            seconds = self.pace.monotonic() - began
            event = Attempted(
                call.operation, call.verb, call.path, attempt, seconds, status, code, request_id, fault
            )  # fmt: skip
            tell(self.hooks, event)
        return outcome

    def _judge(self, call: Call[Any], answer: Answer, attempt: int, key: str | None) -> Answer | Refused | NoAnswer:
        if answer.status in {_NOT_MODIFIED, _NO_CONTENT}:
            return answer
        is_good = 200 <= answer.status < 300
        kind = answer.headers.get("content-type", "")
        if is_good and call.is_text and kind.startswith("text/csv"):
            return answer
        try:
            body = answer.json() if kind.startswith("application/json") else None
        except ValueError:
            body = None
        if is_good and body is not None and not call.is_text:
            return answer
        refusal = None if is_good else _refusal(answer, body, now=self.pace.now())
        return refusal or BadAnswer(
            f"status {answer.status} with a body that is not the service's",
            attempts=attempt,
            idempotency_key=key,
            retry_after=retries.retry_after(answer.headers, now=self.pace.now()),
        )


def _refusal(answer: Answer, body: Any, *, now: float) -> Refused | None:
    """The refusal in the envelope; None if this is no envelope."""
    error: Any = cast("Mapping[str, Any]", body).get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not isinstance(cast("Mapping[str, Any]", error).get("code"), str):
        return None
    told = cast("Mapping[str, Any]", error)
    details: Any = told.get("details")
    return BY_CODE.get(told["code"], Refused)(
        str(told.get("message", "")),
        code=told["code"],
        status=answer.status,
        details=cast("Mapping[str, Any]", details) if isinstance(details, dict) else {},
        request_id=answer.headers.get("x-request-id"),
        retry_after=retries.retry_after(answer.headers, now=now),
    )


def can_wait(error: CleanlyError) -> bool:
    """Whether it says nothing about the session: a renewal ahead of time may go without."""
    return retries.passes(error)
