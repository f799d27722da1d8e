"""Standard Webhooks a second time, from the specification and RFC 8032 alone: what a receiver's own code would be.

Nothing of the service is imported, and nothing beyond hashes: Ed25519 is written out (RFC 8032 section 5.1).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 300
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
Point = tuple[int, int]


class Refused(Exception):
    """Not to be trusted."""


def sign_v1(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, _content(message_id, timestamp, body), hashlib.sha256)).decode()


def sign_v1a(seed: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    scalar, prefix = _expand(seed)
    public, message = public_key(seed), _content(message_id, timestamp, body)
    r = _number(hashlib.sha512(prefix + message).digest()) % _ORDER
    commitment = _encode(_times(r, _BASE))
    challenge = _number(hashlib.sha512(commitment + public + message).digest()) % _ORDER
    s = (r + challenge * scalar) % _ORDER
    return "v1a," + base64.b64encode(commitment + s.to_bytes(32, "little")).decode()


def public_key(seed: bytes) -> bytes:
    return _encode(_times(_expand(seed)[0], _BASE))


def verify(key: str, headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """The webhook-id, if one signature in the header is by this `whsec_` secret or `whpk_` key, and fresh."""
    message_id, timestamp = headers["webhook-id"], int(headers["webhook-timestamp"])
    if abs(now - timestamp) > TOLERANCE_SECONDS:
        raise Refused("stale")
    for signature in headers["webhook-signature"].split():
        if key.startswith("whsec_"):
            if hmac.compare_digest(signature, sign_v1(key, message_id, timestamp, body)):
                return message_id
        elif signature.startswith("v1a,") and is_signed(
            base64.b64decode(key.removeprefix("whpk_")),
            base64.b64decode(signature[4:]),
            _content(message_id, timestamp, body),
        ):
            return message_id
    raise Refused("forged")


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """RFC 8032 section 5.1.7."""
    commitment, s = signature[:32], _number(signature[32:])
    if len(signature) != 64 or s >= _ORDER:
        return False
    challenge = _number(hashlib.sha512(commitment + public + message).digest()) % _ORDER
    return _times(s, _BASE) == _plus(_decode(commitment), _times(challenge, _decode(public)))


def _content(message_id: str, timestamp: int, body: bytes) -> bytes:
    return b".".join((message_id.encode(), str(timestamp).encode(), body))


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _expand(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    return _number(digest[:32]) & ((1 << 254) - 8) | (1 << 254), digest[32:]


def _plus(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    twist = _D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + twist, -1, _P)
    y = (y1 * y2 + x1 * x2) * pow(1 - twist, -1, _P)
    return x % _P, y % _P


def _times(count: int, point: Point) -> Point:
    total = (0, 1)
    while count:
        if count & 1:
            total = _plus(total, point)
        point, count = _plus(point, point), count >> 1
    return total


def _x_of(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P:
        raise Refused("no point of the curve")
    return _P - x if x & 1 != sign else x


def _encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def _decode(data: bytes) -> Point:
    number = _number(data)
    y = number & ((1 << 255) - 1)
    return _x_of(y, number >> 255), y


_BASE_Y = 4 * pow(5, -1, _P) % _P
_BASE = (_x_of(_BASE_Y, 0), _BASE_Y)
