"""What an error of Stripe's says about whether it happened.

A card error or a refused request did not happen; a conflict, a 5xx or silence may have; a 429, a 401 or no connection
did not. Sources: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-low-level.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import stripe

from cleanly.kernel.net import NetForbidden, NetRefused
from cleanly.platform.providers.errors import NotSent, NotThere, NotYet, Refused, Underway, Unknown

_RETRY_SECONDS_MAX: Final = 3600
# Of a balance, ours or a seller's; a card without funds is a card error.
_NOT_YET: Final = {"balance_insufficient", "insufficient_funds"}


@contextmanager
def translated() -> Generator[None]:
    """Let nothing of the SDK's out but our three errors."""
    try:
        yield
    except stripe.StripeError as error:
        raise translate(error) from error


def translate(error: stripe.StripeError) -> Refused | Unknown | NotSent:
    """One of our three errors. Messages of Stripe's are kept for the operator; keys and bodies are not."""
    if isinstance(error, stripe.APIConnectionError):
        if isinstance(error.__cause__, NetRefused | NetForbidden):
            return NotSent(f"Stripe: {error.user_message}")
        return Unknown(f"Stripe: {error.user_message}")
    return _answered(error, error.http_status or 0)


def _answered(error: stripe.StripeError, status: int) -> Refused | Unknown | NotSent:
    kind, code, decline = _said(error)
    if status in {401, 429} or isinstance(error, stripe.RateLimitError):
        why = "Stripe refuses our key" if status == 401 else "Stripe asks for patience"
        return NotSent(why, retry_after_seconds=_retry_after(error))
    # The key was used with other parameters, or its first use is still running: either way that first use may have
    # happened, so no other key may follow. The type tells; the statuses differ.
    is_underway = code == "idempotency_key_in_use"
    if is_underway or kind == "idempotency_error" or isinstance(error, stripe.IdempotencyError):
        return (Underway if is_underway else Unknown)(f"Stripe: idempotency_error {code or ''}".rstrip())
    if isinstance(error, stripe.CardError):
        return Refused(code or "card_error", decline_code=decline or code or "card_error", message=_message(error))
    if 400 <= status < 500 and status not in {408, 409}:
        if code in _NOT_YET:
            return NotYet(code or "", message=_message(error))
        refusal = NotThere if status == 404 or code == "resource_missing" else Refused
        return refusal(code or kind or f"status_{status}", message=_message(error))
    return Unknown(f"Stripe answered {status or 'something unreadable'}")


def _said(error: stripe.StripeError) -> tuple[str | None, str | None, str | None]:
    said = error.error
    if said is None:
        return None, error.code, None
    told = said.to_dict()
    return told.get("type"), told.get("code"), told.get("decline_code")


def _message(error: stripe.StripeError) -> str:
    return str(error.user_message or "")[:500]


def _retry_after(error: stripe.StripeError) -> int:
    text = (error.headers or {}).get("retry-after", "")
    return min(max(1, int(text)), _RETRY_SECONDS_MAX) if text.isascii() and text.isdigit() and len(text) < 9 else 1
