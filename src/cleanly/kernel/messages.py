"""Shapes that travel between slices: work to do, things that happened, news from providers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cleanly.kernel.wire import Wire

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


def _for_subscribers(schema: dict[str, Any]) -> None:
    """Let it grow, and say nothing of how our classes are called."""
    schema.pop("additionalProperties", None)
    schema.pop("title", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)


class EventData(Wire):
    """The shape of an event's `data`: exact for us who publish it; a subscriber must bear fields that come later."""

    model_config = ConfigDict(json_schema_extra=_for_subscribers)


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event, declared by the slice that publishes it: `object.what_happened`.

    `summary` and `example` are read by subscribers; the shape of the example is the shape of every such event.
    """

    name: str
    summary: str
    example: EventData

    @property
    def shape(self) -> type[EventData]:
        """What every `data` of this type must be."""
        return type(self.example)

    def schema(self) -> dict[str, Any]:
        """`shape` as JSON Schema 2020-12."""
        dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        return dialect | self.shape.model_json_schema(by_alias=True, mode="serialization")


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
