"""The bytes of an event, and how they are read. Pure."""

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import AwareDatetime, ValidationError

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire
from cleanly.platform.providers.errors import BadSignature
from cleanly.platform.providers.protocol import ObjectKind, VerifiedEvent
from cleanly.platform.providers.sandbox.objects import ACCOUNT, NAME, Dispute, Payment, Refund
from cleanly.platform.providers.sandbox.seller_objects import Payout, SellerAccount
from cleanly.platform.providers.sandbox.subscribed import Subscription

API_VERSION: Final = "2026-11-22"
PREFIX: Final = "evt_"
Subject = Payment | Refund | Dispute | Subscription | SellerAccount | Payout


class EventObject(Wire):
    """What an event is about."""

    id: str
    kind: ObjectKind
    our_id: UUID | None


class EventBody(Wire):
    """An event as it is pushed."""

    id: str
    type: str
    created_at: AwareDatetime
    livemode: bool
    account: str
    api_version: str
    object: EventObject


def event_id(number: int) -> str:
    """The id of the event with this number."""
    return f"{PREFIX}{number:06d}"


def write(number: int, kind: str, subject: Subject, *, now: datetime) -> bytes:
    """The body of an event of type `kind`, such as `payment.captured`."""
    body: dict[str, Any] = {
        "id": event_id(number),
        "type": kind,
        "createdAt": rfc3339(now),
        "livemode": False,
        "account": ACCOUNT,
        "apiVersion": API_VERSION,
        "object": {"id": subject.id, "kind": subject.kind, "ourId": str(subject.our_id) if subject.our_id else None},
    }
    return json.dumps(body, separators=(",", ":")).encode()


def read(body: bytes, *, verified_with: str = "") -> VerifiedEvent:
    """Undo `write`.

    Raises:
        BadSignature: no event of ours, or one for another account.
    """
    try:
        found = EventBody.model_validate_json(body)
    except ValidationError as error:
        raise BadSignature("the body is no event of the sandbox") from error
    if found.account != ACCOUNT:
        raise BadSignature("the event is for another account")
    return VerifiedEvent(
        provider=NAME,
        account=found.account,
        id=found.id,
        type=found.type,
        kind=found.object.kind,
        object=found.object.id,
        our_id=found.object.our_id,
        is_live=found.livemode,
        api_version=found.api_version,
        created_at=found.created_at,
        verified_with=verified_with,
    )
