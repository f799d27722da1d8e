"""The tasks by which stored news is acted on and the inbox is kept in order."""

from typing import cast
from uuid import UUID

from pydantic import BaseModel

from cleanly.kernel.messages import ProviderEvent, Task, Tick
from cleanly.platform.providers.protocol import ObjectKind, VerifiedEvent


class Stored(BaseModel):
    """A stored event, by our id of it."""

    id: UUID


PROCESS = Task("inbound.process", Stored)
WAKE = Task("inbound.wake", Stored)
SWEEP = Task("inbound.sweep", Tick, attempts_max=3)
MEASURE = Task("inbound.measure", Tick, attempts_max=1)
EMPTY_BODIES = Task("inbound.empty_bodies", Tick, attempts_max=3)


def as_verified(event: ProviderEvent) -> VerifiedEvent:
    """Stored news in the words of the provider's protocol, for `Provider.fetch_object`."""
    return VerifiedEvent(
        provider=event.provider,
        account=event.account,
        id=event.id,
        type=event.type,
        kind=cast("ObjectKind", event.kind),
        object=event.object,
        our_id=event.our_id,
        is_live=event.is_live,
        api_version=event.api_version,
        created_at=event.created_at,
    )
