"""What this slice tells subscribers of their own endpoints, the work it asks for, and whom it writes mails to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.messages import EventData, EventType, Task, Tick

ENDPOINT_FAILING = "endpoint.failing"
ENDPOINT_DISABLED = "endpoint.disabled"
ENDPOINT_TEST = "endpoint.test"
# Where dispatchers listen: something is due now.
CHANNEL = "cleanly_outbound"
_EXAMPLE = UUID("0192f0c1-2b3c-7d4e-8f50-112233445566")


class EndpointFailing(EventData):
    """`since`: the first failure that no success has followed, RFC 3339."""

    endpoint_id: UUID
    host: str
    since: str
    failures: int


class EndpointDisabled(EventData):
    """`reason`: `failing` (five days without an answer of 2xx) or `gone` (it answered 410)."""

    endpoint_id: UUID
    host: str
    reason: Literal["failing", "gone"]


class EndpointTest(EventData):
    """A ping: nothing happened."""

    endpoint_id: UUID


EVENTS = (
    EventType(
        ENDPOINT_FAILING,
        "Another endpoint of yours fails: sent after the fourth failed try of a message, and again after 24 hours.",
        EndpointFailing(endpoint_id=_EXAMPLE, host="shop.example", since="2026-11-22T12:00:00.000Z", failures=4),
    ),
    EventType(
        ENDPOINT_DISABLED,
        "Another endpoint of yours was switched off; what is published meanwhile can be replayed.",
        EndpointDisabled(endpoint_id=_EXAMPLE, host="shop.example", reason="failing"),
    ),
    EventType(ENDPOINT_TEST, "A test that you asked for; nothing happened.", EndpointTest(endpoint_id=_EXAMPLE)),
)


class Account(BaseModel):
    """Whose messages a job is about."""

    account_id: UUID


ERASE = Task("outbound.erase", Account)
SETTLE = Task("outbound.settle", Tick, attempts_max=3)
SWEEP = Task("outbound.sweep", Tick, attempts_max=3)
MEASURE = Task("outbound.measure", Tick, attempts_max=1)


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who is written to about an account's endpoints."""

    name: str
    email: str


class Owners(Protocol):
    """Knows the people behind an account: a part of the Context. This floor has no users."""

    async def of_account(self, session: AsyncSession, account_id: UUID) -> Sequence[Owner]:
        """The account's user, or the administrators for the platform; none if there is nobody to write to."""
        ...
