"""What a key is, what makes two requests the same, what a row says about a request. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Literal
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from cleanly.kernel.crypto import b64url, sha256
from cleanly.kernel.wire import storable

KEY_LENGTH_MAX = 255
# Above the first, an answer that can be rendered again is; above the second, none is kept.
RENDERED_ABOVE_BYTES = 64 * 1024
KEPT_BYTES_MAX = 1024 * 1024
_PATH_BYTES_MAX = 512
_VISIBLE = re.compile(r"[\x21-\x7e]+")
# RFC 9651 section 3.3.3: only the quote and the backslash are escaped, and only they need it.
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_HEADERS_KEPT = ("content-type", "cache-control", "etag", "location")
# Refused callers: judged anew each time.
STATUSES_NOT_KEPT = frozenset({401, 403, 429})
# Refusals of the request's form: the work never began.
_NEVER_BEGAN = frozenset(
    {
        "MALFORMED_REQUEST",
        "VALIDATION_ERROR",
        "WEAK_PASSWORD",
        "METHOD_NOT_ALLOWED",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
    }
)


def parse_key(values: Sequence[str]) -> str | None:
    """The key that the header's values name, or None: malformed. `"abc"` and `abc` are the same key."""
    if len(values) != 1:
        return None
    text = values[0].strip(" \t")
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        if quoted is None:
            return None
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    return text if len(text) <= KEY_LENGTH_MAX and _VISIBLE.fullmatch(text) else None


def route_name(method: str, template: str, path: str) -> str:
    """What a record is bound to beside its caller: method and concrete path.

    A path that is too long for an index or that PostgreSQL can't store stands there as its hash.
    """
    raw = path.encode("utf-8", "surrogatepass")
    if len(raw) > _PATH_BYTES_MAX or not storable(path):
        return f"{method} {template} {b64url(sha256(raw))}"
    return f"{method} {path}"


def request_bytes(method: str, template: str, query: bytes, body: bytes) -> bytes:
    """Everything that makes a request this one and no other. The query's order counts only within one name."""
    # Latin-1 has a character for every byte, so that a query of any bytes is told apart from any other.
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    told = urlencode(sorted(pairs, key=lambda pair: pair[0]), encoding="latin-1")
    return json.dumps([method, template, told, sha256(body).hex()]).encode()


def is_kept(status: int, code: str | None = None) -> bool:
    """Whether an answer is stored. Faults, refused callers and malformed calls are judged anew each time."""
    return status < 500 and status not in STATUSES_NOT_KEPT and code not in _NEVER_BEGAN


def kept_headers(headers: Mapping[str, str], *, with_body: bool) -> dict[str, str]:
    """The headers that belong to the answer. A list of what may be kept, so that no cookie or token ever is.

    Without the body its tag is not kept: what is rendered again may have other bytes.
    """
    return {name: headers[name] for name in _HEADERS_KEPT if name in headers and (with_body or name != "etag")}


@dataclass(frozen=True, slots=True)
class Known:
    """A row that has not expired."""

    fingerprint: bytes
    state: Literal["running", "done"]
    lease_until: datetime | None
    resource_id: UUID | None
    status: int | None
    headers: Mapping[str, str]
    body: bytes | None


class Verdict(Enum):
    """What a row, or its absence, says about a request."""

    FREE = auto()
    BUSY = auto()
    OTHER_REQUEST = auto()
    ILLEGIBLE = auto()
    ANSWERED = auto()
    ABANDONED = auto()


def judge(known: Known | None, *, is_same: bool | None, is_locked: bool, now: datetime) -> Verdict:
    """`is_same`: whether the row is of this very request; None when the secret that could tell is gone."""
    if known is None:
        return Verdict.FREE if is_locked else Verdict.BUSY
    if is_same is None:
        return Verdict.ILLEGIBLE
    if not is_same:
        return Verdict.OTHER_REQUEST
    if known.state == "done":
        return Verdict.ANSWERED
    has_live_lease = known.lease_until is not None and known.lease_until > now
    return Verdict.BUSY if has_live_lease or not is_locked else Verdict.ABANDONED
