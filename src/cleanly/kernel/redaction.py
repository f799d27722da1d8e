"""No secret reaches the log: hidden by the name of its field, and by the shape of the text around it."""

import re
from collections.abc import MutableMapping
from typing import Any, cast

from structlog.typing import EventDict, WrappedLogger

_HIDDEN = "[hidden]"
_NAMES = (
    r"authorization|cookie|password|passwd|secret|token|api[-_]?key|access[-_]?key|otp|code[-_]?verifier"
    r"|iban|account[-_]?number|card[-_]?number|cvc|cvv"
)
_SECRET_NAMES = re.compile(_NAMES, re.IGNORECASE)
# Names that look secret and are not.
_OPEN_NAMES = {"token_count", "error_code"}
_SECRET_SHAPES = re.compile(
    r"rt1\.[A-Za-z0-9_-]{10,}"  # refresh tokens
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # JWTs
    r"|(?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|(?<=://)[^/@\s]*:[^/@\s]+(?=@)"  # credentials in a URL
    r"|\b(?:sk|rk|pk|ek|whsec)_(?:live|test)?_?[A-Za-z0-9+/=_-]{12,}"  # a provider's keys
    r"|\b[a-z]{2,8}_[A-Za-z0-9]+_secret_[A-Za-z0-9]+"  # what a phone finishes a payment with
    r"|\bya29\.[A-Za-z0-9._-]{10,}|\bA21AA[A-Za-z0-9_-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # Google, PayPal, S3
    r"|(?i:(?:" + _NAMES + r")=[^&\s\"']+)|\b(?i:otp|code)=\d{4,10}\b"  # a query, a connection string
    # A field of JSON, or of something printed: the value ends where its quotes do, or with a broken body.
    r"|(?i:[\"'][\w-]*(?:" + _NAMES + r")[\w-]*\\?[\"']\s*[:,]\s*b?\\?[\"'][^\"'\\]*)"
    r"|(?i:[\"'](?:otp|code)\\?[\"']\s*:\s*\\?[\"']?\d{4,10}\b)"
    r"|(?i:\b(?:authorization|cookie|set-cookie|x-edge-secret|x-api-key):[^\r\n]+)"  # a header
    # The values that an error's text repeats: pydantic's, PostgreSQL's.
    r"|(?<=input_value=).+?(?=, input_type=)|(?<=DETAIL:)[^\n]+|(?<= = )'[^'\n]*'"
    r"|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"  # an IBAN
)
_POSTGRES_VALUE = re.compile(r"(invalid input [^:\"\n]*: )\"[^\"\n]*\"")
# A provider's message may quote whatever it was sent. In a stack the kind of its error stays, what it said does not.
_VENDORS_WORD = re.compile(r"(\bstripe\._error\.\w+: ).+?(?=\n[ |]*\n|\n[ |]*\+-|\Z)", re.DOTALL)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_HARMLESS_LENGTH = 11  # shorter than any of these shapes


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide secrets by the name of the field and by the shape of the text."""
    return _redact_mapping(event)


def without_secrets(text: str) -> str:
    """The text, with `[hidden]` where something stands that looks like a secret."""
    if len(text) <= _HARMLESS_LENGTH:
        return text
    for pattern in (_VENDORS_WORD, _POSTGRES_VALUE):
        text = pattern.sub(rf"\1{_HIDDEN}", text)
    return _CARD.sub(_hide_card, _SECRET_SHAPES.sub(_HIDDEN, text))


def _hide_card(found: re.Match[str]) -> str:
    """A card's number fulfils Luhn's sum; of other numbers one in ten does."""
    digits = [int(digit) for digit in reversed(found[0]) if digit.isdigit()]
    total = sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return found[0] if total % 10 else _HIDDEN


def _redact_mapping(mapping: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in mapping.items():
        if value is None or isinstance(value, int | float):
            continue
        named = str(name)
        if named not in _OPEN_NAMES and _SECRET_NAMES.search(named):
            mapping[name] = _HIDDEN
        else:
            mapping[name] = _redact_value(value)
    return mapping


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, bytes):
        return _redact_value(value.decode(errors="replace"))
    if isinstance(value, dict):
        return _redact_mapping(dict(cast("dict[str, Any]", value)))
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_value(item) for item in cast("list[Any]", value)]
    return value
