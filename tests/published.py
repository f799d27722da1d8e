"""Holds what was published against the catalogue: no subscriber gets what its schema does not tell."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from pydantic import ValidationError

from cleanly.kernel.messages import EventData, EventType
from cleanly.kernel.module import EventCatalogue
from tests.world import World


@cache
def _validator(shape: type[EventData]) -> Any:
    """Of a shape's schema. Kept: to make one takes longer than all that it is asked."""
    event = EventType("of.this", "Any of this shape.", shape.model_construct())
    return jsonschema_rs.validator_for(event.schema(), validate_formats=True)


async def unfitting(world: World) -> list[str]:
    """What this world has published and the catalogue does not tell so."""
    catalogue = world.context.part(EventCatalogue)
    told = await world.rows("SELECT type, data FROM outbound_messages ORDER BY id")
    return [fault for kind, data in told if (fault := unfit(catalogue, kind, data))]


def unfit(catalogue: EventCatalogue, kind: str, data: Mapping[str, Any]) -> str | None:
    """Why this is not what the catalogue says of such an event; None if it is."""
    event = catalogue.by_name.get(kind)
    if event is None:
        return f"{kind} is not in the catalogue"
    faults = [f"{kind}: {error.message}" for error in _validator(event.shape).iter_errors(dict(data))]
    try:
        event.shape.model_validate(data)  # stricter: a field that the schema does not name is a fault of ours
    except ValidationError as error:
        faults.append(f"{kind}: {error}")
    return "; ".join(faults) or None
