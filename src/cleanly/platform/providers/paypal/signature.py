"""PayPal's webhook signature, verified here and not by a call to PayPal.

RSA PKCS#1 v1.5 with SHA-256 over `transmission id|time|webhook id|CRC-32 of the raw body`. Source:
https://developer.paypal.com/api/rest/webhooks/rest/ and its section on self verification.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from cleanly.platform.providers.errors import BadSignature
from cleanly.platform.providers.paypal.certificates import Certificates
from cleanly.platform.providers.reading import at_instant

# Whether a second delivery carries a new time is not known: so far back as PayPal tries, and the inbox keeps one each.
BACK: Final = timedelta(days=5)
AHEAD: Final = timedelta(minutes=5)
_ALGORITHMS: Final = {"SHA256withRSA"}
_HEADER_LENGTH_MAX: Final = 1024


def signed_text(transmission_id: str, time: str, webhook_id: str, body: bytes) -> bytes:
    """What the signature covers."""
    return f"{transmission_id}|{time}|{webhook_id}|{zlib.crc32(body)}".encode()


async def verify(
    headers: Mapping[str, str], body: bytes, *, webhook_id: str, certificates: Certificates, now: datetime
) -> str:
    """The fingerprint of the certificate that signed this. All that is cheap is checked before anything is fetched.

    Raises:
        BadSignature: missing, malformed, too old, too new, or not made by PayPal for this endpoint.
        Unavailable: the certificate can't be fetched just now.
    """
    transmission_id, time = _header(headers, "transmission-id"), _header(headers, "transmission-time")
    if _header(headers, "auth-algo") not in _ALGORITHMS:
        raise BadSignature("the algorithm is not allowed")
    try:
        sent_at = at_instant(time)
    except ValueError as error:
        raise BadSignature("the signature has no time") from error
    if not now - BACK <= sent_at <= now + AHEAD:
        raise BadSignature("the time is too far from ours")
    try:
        signature = base64.b64decode(_header(headers, "transmission-sig"), validate=True)
    except binascii.Error as error:
        raise BadSignature("the signature is not base64") from error
    certificate = await certificates.get(_header(headers, "cert-url"), now=now)
    try:
        certificate.key.verify(signature, signed_text(transmission_id, time, webhook_id, body), PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise BadSignature("the certificate's key did not make this signature") from error
    return f"certificate:{certificate.fingerprint}"


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(f"paypal-{name}", "")
    if not value:
        raise BadSignature(f"there is no paypal-{name}")
    if len(value) > _HEADER_LENGTH_MAX or not value.isascii():
        raise BadSignature(f"paypal-{name} is malformed")
    return value
