"""The signature of a push: `t=<seconds>,v1=<hex>`, HMAC-SHA256 of `t.body` (the scheme of Stripe's webhooks).

Source: https://docs.stripe.com/webhooks#verify-manually
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cleanly.kernel.crypto import mac, same
from cleanly.platform.providers.errors import BadSignature

HEADER: Final = "Sandbox-Signature"
TOLERANCE_SECONDS: Final = 300
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_LENGTH_MAX: Final = 4096


def sign(secret: str, body: bytes, *, now: datetime) -> str:
    """The header's value for a body sent now."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def verify(secrets: Sequence[str], header: str | None, body: bytes, *, now: datetime) -> str:
    """Which secret signed: `secret 1` is the first.

    Raises:
        BadSignature: no header, one that can't be read, too old, too new, or signed with none of the secrets.
    """
    if header is None or len(header) > _LENGTH_MAX:
        raise BadSignature("the signature header is missing or too long")
    seconds: int | None = None
    signatures: list[str] = []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t" and _SECONDS.fullmatch(value):
            seconds = int(value)
        elif name == "v1":
            signatures.append(value)
    if seconds is None or not signatures:
        raise BadSignature("the signature header has no time or no v1")
    # Both ways: a time far ahead would stay good until it is reached.
    if abs(now.timestamp() - seconds) > TOLERANCE_SECONDS:
        raise BadSignature("the signature's time is too far from ours")
    for number, secret in enumerate(secrets, start=1):
        expected = _digest(secret, seconds, body).encode()
        if secret and any(same(expected, found.encode(errors="replace")) for found in signatures):
            return f"secret {number}"
    raise BadSignature("signed with none of our secrets")


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return mac(secret.encode(), f"{seconds}.".encode() + body).hex()
