"""Wire shapes of the event catalogue."""

from typing import Any

from pydantic import Field

from cleanly.kernel.wire import Wire


class EventTypeOut(Wire):
    """One kind of event. New fields may appear in `data` at any time; none goes or changes its meaning."""

    type: str = Field(examples=["payment.succeeded"])
    summary: str = Field(examples=["The money was captured: deliver."])
    data_schema: dict[str, Any] = Field(description="JSON Schema (2020-12) of `data`")
    example: dict[str, Any] = Field(description="A whole body as it is delivered")


class EventTypesOut(Wire):
    """The whole catalogue, by name."""

    items: list[EventTypeOut]
