"""Wire shapes of endpoints."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, PlainSerializer

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire
from cleanly.platform.webhooks.outbound.endpoints import rules
from cleanly.platform.webhooks.outbound.rules import DisabledReason, KeyKind

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
EndpointUrl = Annotated[
    str, Field(min_length=1, max_length=rules.URL_LENGTH_MAX, examples=["https://shop.example/hooks"])
]
EventTypes = Annotated[
    tuple[Annotated[str, Field(max_length=rules.EVENT_TYPE_LENGTH_MAX)], ...],
    Field(min_length=1, max_length=rules.EVENT_TYPES_MAX, examples=[["payment.*", "dispute.opened"]]),
    AfterValidator(rules.without_doubles),
]
Description = Annotated[str, Field(max_length=rules.DESCRIPTION_LENGTH_MAX, examples=["The warehouse"])]
Rate = Annotated[
    int, Field(strict=True, ge=1, le=rules.RATE_PER_MINUTE_MAX, description="Messages a minute at most", examples=[600])
]


class EndpointIn(Wire):
    """A new endpoint. `eventTypes`: names, or all of an object by `payment.*`.

    `ordered`: messages about one object one after the other, the next when the one before has been delivered or
    given up. `signature`: `v1` with a shared secret, `v1a` with a key pair of which only the public half is told.
    """

    url: EndpointUrl
    event_types: EventTypes
    description: Description = ""
    enabled: bool = True
    rate_per_minute: Rate | None = None
    ordered: bool = False
    signature: KeyKind = "v1"


class EndpointChangeIn(Wire):
    """What shall be different; what is absent stays. `ratePerMinute: null` takes the limit away."""

    url: EndpointUrl | None = None
    event_types: EventTypes | None = None
    description: Description | None = None
    enabled: bool | None = None
    rate_per_minute: Rate | None = None
    ordered: bool | None = None


class KeyOut(Wire):
    """A key that signs. `endsAt`: null of the newest; one that was rotated out signs until then."""

    kind: KeyKind
    public_key: str | None
    created_at: Moment
    ends_at: Moment | None


class HealthOut(Wire):
    """`failures` since `firstFailureAt`, none of them followed by a success."""

    state: Literal["good", "failing"]
    failures: int
    first_failure_at: Moment | None
    last_failure_at: Moment | None
    last_success_at: Moment | None


class EndpointOut(Wire):
    """An endpoint. `disabledReason`: `owner`, or `failing` and `gone`, which only a good test switches on again."""

    id: UUID
    url: str
    event_types: tuple[str, ...]
    description: str
    enabled: bool
    disabled_reason: DisabledReason | None
    disabled_at: Moment | None
    rate_per_minute: int | None
    ordered: bool
    keys: tuple[KeyOut, ...]
    health: HealthOut
    created_at: Moment
    updated_at: Moment


class EndpointMadeOut(EndpointOut):
    """With the `secret` of `v1`: it is shown this once. With `v1a` it is null, and `keys` tell the public half."""

    secret: str | None = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])


class EndpointsOut(Wire):
    """A page of endpoints."""

    items: list[EndpointOut]
    next_cursor: str | None


class RotateIn(Wire):
    """`overlapHours`: for how long the key until now signs as well, so that receivers can change over."""

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=rules.OVERLAP_HOURS_MAX)] = rules.OVERLAP_HOURS_DEFAULT
