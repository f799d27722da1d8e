"""What an answer of PayPal's says about whether it happened. Pure.

Source: https://developer.paypal.com/api/rest/responses/; the issues are those of the Orders v2 and Payments v2
specifications.
"""

import json
import re
from typing import Any, Final

from cleanly.kernel.net import Answer, NetError, NetForbidden, NetRefused
from cleanly.platform.providers.errors import NotSent, NotThere, NotYet, Refused, Underway, Unknown
from cleanly.platform.providers.reading import Json, parse_object, within

_RETRY_SECONDS_MAX: Final = 3600
# The same call is running elsewhere, or ran with other content: it may have happened.
_UNDERWAY: Final = {"PREVIOUS_REQUEST_IN_PROGRESS", "ORDER_COMPLETION_IN_PROGRESS"}
_MAYBE: Final = {"DUPLICATE_REQUEST_ID"}
# Of our own balance there.
_NOT_YET: Final = {"INSUFFICIENT_FUNDS"}
_BATCH: Final = re.compile(r'"href": "[^"]*/v1/payments/payouts/([A-Za-z0-9_-]{1,64})"')
_DECLINES: Final = {
    "ALIAS_DECLINED_BY_PROCESSOR",
    "COMPLIANCE_VIOLATION",
    "DECLINED_DUE_TO_RELATED_TXN",
    "INSTRUMENT_DECLINED",
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",
    "PAYEE_BLOCKED_TRANSACTION",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
    "PAYER_ACCOUNT_RESTRICTED",
    "PAYER_CANNOT_PAY",
    "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
    "TRANSACTION_REFUSED",
}


class AlreadySent(Refused):
    """This very batch was sent before, as `reference`."""

    def __init__(self, reference: str) -> None:
        super().__init__("duplicate_batch")
        self.reference = reference


def of_net(error: NetError) -> NotSent | Unknown:
    """No answer came."""
    return NotSent(str(error)) if isinstance(error, NetRefused | NetForbidden) else Unknown(str(error))


def of_answer(answer: Answer) -> Refused | Unknown | NotSent:
    """An answer that is no success."""
    if answer.status in {401, 429}:
        why = "PayPal asks for patience" if answer.status == 429 else "PayPal refuses our credentials"
        return NotSent(why, retry_after_seconds=_retry_after(answer))
    said = _parsed(answer)
    code, message = _told(said)
    if 400 <= answer.status < 500 and _is_duplicate(said):
        first = _BATCH.search(json.dumps(said))
        return Unknown("PayPal has such a batch and does not say which") if first is None else AlreadySent(first[1])
    if not 400 <= answer.status < 500 or answer.status in {408, 409} or code in _MAYBE | _UNDERWAY:
        return (Underway if code in _UNDERWAY else Unknown)(f"PayPal answered {answer.status} {code}".rstrip())
    if code in _NOT_YET:
        return NotYet(code, message=message)
    if answer.status == 404:
        return NotThere(code or "RESOURCE_NOT_FOUND", message=message)
    return Refused(code or f"status_{answer.status}", decline_code=code if code in _DECLINES else None, message=message)


def _parsed(answer: Answer) -> Json:
    try:
        return parse_object(answer.body)
    except ValueError:
        return {}


def _is_duplicate(said: Json) -> bool:
    """By the field that it complains of: the words differ. No other fault of that field can be ours."""
    details = said.get("details")
    return isinstance(details, list) and "sender_batch_id" in json.dumps(details).lower()


def _told(said: Json) -> tuple[str, str]:
    """The finest code there is, and PayPal's message with the id by which its support finds the call."""
    if not said:
        return "", ""
    code = _issue(said) or said.get("name") or said.get("error") or ""
    return str(code)[:100], f"{said.get('message', '')} (debug id {said.get('debug_id', 'none')})"[:500]


def _issue(said: Json) -> Any:
    try:
        return within(said["details"][0], "issue")
    except (KeyError, IndexError, TypeError):
        return None  # not every error has details


def _retry_after(answer: Answer) -> int:
    text = answer.headers.get("retry-after", "")
    return min(max(1, int(text)), _RETRY_SECONDS_MAX) if text.isascii() and text.isdigit() and len(text) < 9 else 1
