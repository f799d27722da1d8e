"""Shapes that travel between slices: work to do, things that happened, news from providers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Task(Generic[P]):
    """A kind of work, declared apart from its handler so that a service can ask for it.

    `attempts_max` counts every try, the first included; after the last the job is dead, kept and listed.
    """

    name: str
    payload: type[P]
    attempts_max: int = 10


class Event(BaseModel):
    """Something that subscribers of outbound webhooks may be told."""

    type: str
    account_id: UUID
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """News from a payment provider, verified and stored: a hint to look, never the truth itself.

    `kind` and `object`: what it is about and the provider's id of that. `our_id`: our id, if the news told it.
    """

    provider: str
    account: str
    id: str
    type: str
    kind: str
    object: str
    our_id: UUID | None
    is_live: bool
    api_version: str | None
    created_at: datetime


class Handled(StrEnum):
    """What came of acting on a ProviderEvent; a failure is an exception.

    IGNORED: not ours, by its own word. MISSING_PARENT: ours, but its row is not to be seen yet: try again later.
    """

    DONE = "done"
    IGNORED = "ignored"
    MISSING_PARENT = "missing_parent"


class Tick(BaseModel):
    """Payload of every scheduled task: the minute it was due, RFC 3339 in UTC."""

    due_at: str
