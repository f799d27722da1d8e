"""Shapes that travel between slices: work to do, things that happened, news from providers."""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """News from a payment provider, verified and translated, not yet acted on."""

    provider: str
    id: str
    type: str
    data: Mapping[str, Any]


class Tick(BaseModel):
    """Payload of every scheduled task: the minute it was due, RFC 3339 in UTC."""

    due_at: str
