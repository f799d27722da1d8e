"""A provider that a test plays: it signs with a plain HMAC, keeps its own list of events, and can be away."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cleanly.platform.providers.errors import BadSignature
from cleanly.platform.providers.protocol import Capability, Listing, StoredEvent, VerifiedEvent

SECRET = b"a secret between the two of us"
_numbers = itertools.count(1)


def news(*, now: datetime, **changes: Any) -> bytes:
    """The bytes of one event."""
    event = {
        "id": f"evt_{next(_numbers)}",
        "type": "payment.changed",
        "kind": "payment",
        "object": "pay_1",
        "ourId": "0198a2c0-0000-7000-8000-000000000001",
        "live": False,
        "account": "acct_ours",
        "createdAt": now.isoformat(),
        "says": "Grüße\r\n",
    }
    return json.dumps(event | changes, ensure_ascii=False).encode()


def signature(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


class ScriptedProvider:
    """Fulfils the part of the protocol by which news comes in."""

    account = "acct_ours"

    def __init__(self, name: str, *, lists_events: bool = True) -> None:
        self.name = name
        self.capabilities = frozenset({Capability.LIST_EVENTS} if lists_events else ())
        self.fault: Exception | None = None
        self.verified: list[dict[str, str]] = []
        self.pages: Sequence[Sequence[bytes]] = ((),)
        self.asked_since: list[datetime] = []
        self.was_closed = False

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        del now
        self.verified.append(dict(headers))
        if self.fault is not None:
            raise self.fault
        if not hmac.compare_digest(headers.get("scripted-signature", ""), signature(body)):
            raise BadSignature("no signature of ours")
        return self._event(body)

    def _event(self, body: bytes) -> VerifiedEvent:
        sent = json.loads(body)
        return VerifiedEvent(
            provider=self.name,
            account=sent["account"],
            id=sent["id"],
            type=sent["type"],
            kind=sent["kind"],
            object=sent["object"],
            our_id=UUID(sent["ourId"]) if sent["ourId"] else None,
            is_live=sent["live"],
            api_version="2026-10-28",
            created_at=datetime.fromisoformat(sent["createdAt"]),
            verified_with="secret 1",
        )

    async def list_events(self, since: datetime, cursor: str | None) -> Listing:
        if cursor is None:
            self.asked_since.append(since)
        page = int(cursor or 0)
        if self.fault is not None:
            raise self.fault
        events = [StoredEvent(event=self._event(body), body=body) for body in self.pages[page]]
        following = str(page + 1) if page + 1 < len(self.pages) else None
        return Listing(events=[item for item in events if item.event.created_at >= since], cursor=following)

    async def close(self) -> None:
        self.was_closed = True
        if self.fault is not None:
            raise self.fault
