"""JSON at the edge: camelCase out, nothing unexpected in. Limits on depth, no duplicate keys, no NUL."""

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from cleanly.kernel.errors import MalformedRequest, ValidationFailed

DEPTH_MAX = 32
KEYS_MAX = 1000
# Possessive, and content with no closing quote: whatever is sent, each byte is looked at once.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# A body of a megabyte may be wrong in a hundred thousand places, and name its fields with ten thousand letters.
_FAULTS_MAX = 20
_FIELD_LENGTH_MAX = 100
_REASONS = {
    "missing": ("missing", "is required"),
    "extra_forbidden": ("unknown_field", "is not a known field"),
    "string_too_long": ("too_long", "is too long"),
    "string_too_short": ("too_short", "is too short"),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), ("not_an_object", "must be an object")),
}


class Wire(BaseModel):
    """A body, in or out: snake_case here, camelCase there; unknown fields are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    def __repr__(self) -> str:
        # Bodies hold passwords and tokens, and a log or a traceback may print anything.
        return f"<{type(self).__name__}>"

    __str__ = __repr__


def parse_json(raw: bytes) -> Any:
    """Read a body more strictly than `json.loads`.

    Raises:
        MalformedRequest: broken JSON, NaN, a key given twice, nested deeper than 32, more than 1000 keys in an
            object, NUL or half a surrogate pair in a string (PostgreSQL stores neither).
    """
    _check_depth(raw)
    try:
        # As text: json.loads would take UTF-16 too, and lone surrogates in UTF-8's clothes.
        value = _DECODER.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise MalformedRequest("The body is not valid JSON") from error
    if b"\\u" in raw:  # only an escape can smuggle these in
        _check_text(value)
    return value


def _check_depth(raw: bytes) -> None:
    # Counting is cheap and settles nearly every body; only one with many brackets is looked at closely.
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_MAX:
        return
    depth = 0
    for byte in _STRING.sub(b"", raw):
        if byte in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                raise MalformedRequest(f"The body is nested deeper than {DEPTH_MAX}")
        elif byte in b"]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > KEYS_MAX:  # each unknown one would cost an error message
        raise MalformedRequest(f"An object has more than {KEYS_MAX} keys")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedRequest("The body gives a key twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise MalformedRequest(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        if not storable(value):
            raise MalformedRequest("A string holds a NUL or half a surrogate pair")
    elif isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            _check_text(key)
            _check_text(item)
    elif isinstance(value, list):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            _check_text(item)


def storable(text: str) -> bool:
    """Whether PostgreSQL can keep this text: no NUL, no lone surrogate."""
    return _UNSTORABLE.search(text) is None


def invalid(faults: Sequence[Any]) -> ValidationFailed:
    """The refusal that tells what pydantic found. Each fault's `loc` begins with the place: `body`, `query`."""
    rows = [_fault(fault) for fault in faults[:_FAULTS_MAX]]
    first = rows[0] if rows else {"field": "body", "reason": "invalid", "message": "The request is not valid"}
    details: dict[str, Any] = {"field": first["field"], "reason": first["reason"]}
    if len(rows) > 1:
        details["errors"] = rows
    return ValidationFailed(first["message"], details=details)


def _fault(fault: Any) -> dict[str, str]:
    place = [str(part) for part in fault["loc"][1:]] or [str(part) for part in fault["loc"]]
    field = ".".join(place)[:_FIELD_LENGTH_MAX]
    label = field[:1].upper() + field[1:]
    if fault["type"] in _REASONS:
        reason, words = _REASONS[fault["type"]]
        return {"field": field, "reason": reason, "message": f"{label} {words}"}
    message = str(fault["msg"]).removeprefix("Value error, ")
    # pydantic's own words never hold the input: `hide_input_in_errors` and this form see to that.
    return {"field": field, "reason": "invalid", "message": f"{label}: {message}"}
