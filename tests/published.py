"""Holds what was published against the catalogue: no subscriber gets what its schema does not tell."""

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
from pydantic import ValidationError

from cleanly.kernel.module import EventCatalogue


def unfit(catalogue: EventCatalogue, kind: str, data: Mapping[str, Any]) -> str | None:
    """Why this is not what the catalogue says of such an event; None if it is."""
    event = catalogue.by_name.get(kind)
    if event is None:
        return f"{kind} is not in the catalogue"
    told = jsonschema_rs.validator_for(event.schema(), validate_formats=True)
    faults = [f"{kind}: {error.message}" for error in told.iter_errors(dict(data))]
    try:
        event.shape.model_validate(data)  # stricter: a field that the schema does not name is a fault of ours
    except ValidationError as error:
        faults.append(f"{kind}: {error}")
    return "; ".join(faults) or None
