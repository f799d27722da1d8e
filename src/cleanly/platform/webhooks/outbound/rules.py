"""What a message looks like on the wire, who hears of it, which object it is about. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal
from uuid import UUID

from cleanly.kernel.clock import rfc3339

PLATFORM = UUID(int=0)
BODY_BYTES_MAX = 20_000
DeliveryState = Literal["pending", "claimed", "succeeded", "failed", "skipped"]
Outcome = Literal["succeeded", "refused", "timeout", "unreachable", "broken", "forbidden"]
DisabledReason = Literal["owner", "failing", "gone"]
KeyKind = Literal["v1", "v1a"]


class Told(IntEnum):
    """How much of an endpoint's failing its owner has been told; it starts anew with a success."""

    NOTHING = 0
    FAILING = 1
    STILL_FAILING = 2
    DISABLED = 3


def body_of(event_type: str, created_at: datetime, data: str) -> bytes:
    """The message as it is sent and signed: the same bytes at every try. `data`: JSON."""
    return written(event_type, rfc3339(created_at), data)


def written(event_type: str, timestamp: str, data: str) -> bytes:
    """As `body_of`, with the time as it is written."""
    return f'{{"type":"{event_type}","timestamp":"{timestamp}","data":{data}}}'.encode()


def body_bytes(event_type: str, data: Mapping[str, Any]) -> int:
    """How long the body will be, or a little more."""
    return len(event_type) + len(json.dumps(data, ensure_ascii=False).encode()) + 80


def patterns_of(event_type: str) -> list[str]:
    """Everything that an endpoint may have written to hear of this: its name, and `payment.*`."""
    parts = event_type.split(".")
    return [event_type, *(".".join(parts[:length]) + ".*" for length in range(1, len(parts)))]


def order_key(event_type: str, data: Mapping[str, Any]) -> str:
    """The object that a message is about: messages with the same key go one after the other where that is asked for.

    `payment.failed` with `paymentId` is about that payment, `seller_account.updated` about the only id that it has; a
    message without either, about its kind as a whole.
    """
    kind = event_type.partition(".")[0]
    first, *more = kind.split("_")
    own = f"{first}{''.join(word.capitalize() for word in more)}Id"
    ids = [value for name, value in data.items() if name == own] or [data[name] for name in data if name.endswith("Id")]
    return f"{kind}:{ids[0]}" if len(ids) == 1 and isinstance(ids[0], str) else kind
