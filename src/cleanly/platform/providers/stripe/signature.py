"""Stripe's webhook signature, by our own rules. Pure.

`Stripe-Signature: t=…,v1=…[,v1=…]`; v1 is HMAC-SHA256 of `t.body`. The SDK's check accepts times far ahead, so it is
not used; the format is the same. Source: https://docs.stripe.com/webhooks/signature.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cleanly.platform.providers.errors import BadSignature

SKEW_SECONDS: Final = 300
HEADER: Final = "stripe-signature"
_HEADER_LENGTH_MAX: Final = 4096
_TIME: Final = re.compile(r"[0-9]{1,12}")
_V1: Final = re.compile(r"[0-9a-f]{64}")


def verify(header: str | None, body: bytes, secrets: Mapping[str, bytes], *, now: datetime) -> str:
    """The name of the secret that signed this. `secrets`: by a name that may be logged.

    Raises:
        BadSignature: missing, malformed, too old, too new, or made with no secret of ours.
    """
    time, signatures = _parse(header)
    if abs(int(now.timestamp()) - int(time)) > SKEW_SECONDS:
        raise BadSignature("the time is too far from ours")
    signed = time.encode() + b"." + body
    for name, secret in secrets.items():
        if not secret:
            continue  # HMAC takes an empty key, and anybody could sign
        expected = hmac.new(secret, signed, hashlib.sha256).hexdigest().encode()
        if any(hmac.compare_digest(expected, signature) for signature in signatures):
            return name
    raise BadSignature("no secret of ours made this signature")


def sign(body: bytes, secret: bytes, *, at: datetime) -> str:
    """The header that `verify` accepts."""
    time = str(int(at.timestamp()))
    return f"t={time},v1={hmac.new(secret, time.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def _parse(header: str | None) -> tuple[str, list[bytes]]:
    if not header:
        raise BadSignature("there is no signature")
    if len(header) > _HEADER_LENGTH_MAX:
        raise BadSignature("the signature is too long")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = {value for name, _, value in parts if name == "t"}
    if len(times) != 1 or not _TIME.fullmatch(time := times.pop()):
        raise BadSignature("the signature has no time")
    # v0 and whatever else is there has no meaning for live pushes.
    signatures = [value.encode() for name, _, value in parts if name == "v1" and _V1.fullmatch(value)]
    if not signatures:
        raise BadSignature("the signature has no v1")
    return time, signatures
