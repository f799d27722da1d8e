"""Webhooks: whether a message is from the service (Standard Webhooks), before anything of it is believed."""

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, cast

from cleanly_client import wire
from cleanly_client.models import WebhookEvent

TOLERANCE_SECONDS = 300
_SECRET, _PUBLIC = "whsec_", "whpk_"
_read = wire.reader(WebhookEvent)


class NotFromUs(ValueError):
    """The message does not verify: answer 400, and use nothing of it."""


class Verifying:
    """What both colours of the webhooks group have."""

    @staticmethod
    def verify(
        secret: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        now: float | None = None,
        tolerance_seconds: float = TOLERANCE_SECONDS,
    ) -> WebhookEvent:
        """The message, if it is from the service and new. `body`: the bytes as they came, before any parser.

        `secret`: what the endpoint was made with, `whsec_...`; or its public key, `whpk_...`, if it signs by Ed25519
        (that needs `cleanly-client[ed25519]`). The message's `id` is the same each time that it comes: keep those you
        have worked on.

        Raises:
            NotFromUs: it does not verify, is more than `tolerance_seconds` old, or is no message.
        """
        given = {name.lower(): value for name, value in headers.items()}
        try:
            message_id, stamp = given["webhook-id"], given["webhook-timestamp"]
            signatures = given["webhook-signature"].split()
            age = (time.time() if now is None else now) - int(stamp)
        except (KeyError, ValueError) as error:
            raise NotFromUs("a header is missing or unreadable") from error
        if abs(age) > tolerance_seconds:
            raise NotFromUs("too old, or from the future: is this machine's clock right?")
        content = f"{message_id}.{stamp}.".encode() + body
        if not any(_fits(secret, content, signature) for signature in signatures):
            raise NotFromUs("no signature fits")
        try:
            told: Any = json.loads(body)
            return _read({**cast("dict[str, Any]", told), "id": message_id})
        except (ValueError, TypeError) as error:
            raise NotFromUs("signed, but no message") from error


def _fits(secret: str, content: bytes, signature: str) -> bool:
    version, _, text = signature.partition(",")
    if not text.isascii():
        return False  # base64 of the standard library has another error for it
    try:
        offered = base64.b64decode(text, validate=True)
        if version == "v1" and secret.startswith(_SECRET):
            key = base64.b64decode(secret.removeprefix(_SECRET))
            return hmac.compare_digest(hmac.digest(key, content, "sha256"), offered)
        return version == "v1a" and secret.startswith(_PUBLIC) and _fits_ed25519(secret, content, offered)
    except binascii.Error:
        return False


def _fits_ed25519(public: str, content: bytes, offered: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix(_PUBLIC)))
    try:
        key.verify(offered, content)
    except InvalidSignature:
        return False
    return True
