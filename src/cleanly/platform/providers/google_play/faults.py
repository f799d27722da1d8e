"""What an answer of Google's says about whether it happened, and about the token. Pure.

Source: https://developers.google.com/android-publisher/errors; the reasons are those that the API is seen to give.
"""

from collections.abc import Mapping
from typing import Final, cast

from cleanly.kernel.net import Answer, NetError, NetForbidden, NetRefused
from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.purchases import TokenGone, TokenUnknown
from cleanly.platform.providers.reading import parse_object, within

_RETRY_SECONDS_MAX: Final = 3600
# Google tells a spent quota by 403 as well as by 429.
_QUOTA: Final = {"quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded"}
# These speak of our settings, not of the buyer's token.
_OURS: Final = {"applicationNotFound", "packageNotFound", "permissionDenied", "projectNotLinked", "accessNotConfigured"}


def of_net(error: NetError) -> NotSent | Unknown:
    """No answer came."""
    return NotSent(str(error)) if isinstance(error, NetRefused | NetForbidden) else Unknown(str(error))


def of_answer(answer: Answer) -> Refused | Unknown | NotSent:
    """An answer that is no success."""
    code, message = _said(answer)
    if answer.status == 429 or (answer.status == 403 and code in _QUOTA):
        return NotSent("Google asks for patience", retry_after_seconds=retry_after(answer) or 1)
    if not 400 <= answer.status < 500 or answer.status in {408, 409}:
        return Unknown(f"Google answered {answer.status} {code}".rstrip())
    return Refused(code or f"status_{answer.status}", message=message)


def of_token(answer: Answer) -> Refused | Unknown | NotSent:
    """As `of_answer`, for a look by a purchase token: there is nothing else in it that Google could object to."""
    fault = of_answer(answer)
    if not isinstance(fault, Refused) or fault.code in _OURS:
        return fault
    if not _has_words(answer):
        return Unknown(f"somebody answered {answer.status}, and not in Google's words")
    if answer.status == 410:
        return TokenGone(fault.code, message=fault.message)
    if answer.status in {400, 404}:
        return TokenUnknown(fault.code, message=fault.message)
    return fault


def _has_words(answer: Answer) -> bool:
    """Whether it is the API that speaks: a purchase must not be lost to the 404 of something on the way."""
    try:
        return isinstance(within(parse_object(answer.body), "error"), Mapping)
    except ValueError:
        return False


def retry_after(answer: Answer) -> int | None:
    """How many seconds Google wants us to wait; None: it does not say."""
    text = answer.headers.get("retry-after", "")
    readable = text.isascii() and text.isdigit() and len(text) < 9
    return min(max(1, int(text)), _RETRY_SECONDS_MAX) if readable else None


def _said(answer: Answer) -> tuple[str, str]:
    """The finest reason there is, and Google's message."""
    try:
        said = parse_object(answer.body)
    except ValueError:
        return "", ""
    error = said.get("error")
    if isinstance(error, str):  # OAuth's own shape
        return error[:100], str(said.get("error_description", ""))[:500]
    listed = within(error, "errors")
    first = cast("list[object]", listed)[0] if isinstance(listed, list) and listed else None
    code = within(first, "reason") or within(error, "status") or ""
    return str(code)[:100], str(within(error, "message") or "")[:500]
