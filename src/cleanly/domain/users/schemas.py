"""Wire shapes of a user."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, PlainSerializer

from cleanly.domain.users import rules
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.wire import Wire

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
Email = Annotated[
    str,
    Field(max_length=320, examples=["ada@example.com"], json_schema_extra={"format": "email"}),
    AfterValidator(rules.normal_email),
]
Name = Annotated[str, Field(max_length=400, examples=["Ada Lovelace"]), AfterValidator(rules.normal_name)]
AvatarUrl = Annotated[
    str, Field(max_length=4096, examples=["https://example.com/ada.png"]), AfterValidator(rules.normal_avatar_url)
]


class User(Wire):
    """A living account: the frozen value that crosses the slice's border, and the body that its owner reads."""

    id: UUID
    email: str = Field(examples=["ada@example.com"])
    email_verified: bool
    name: str = Field(examples=["Ada Lovelace"])
    avatar_url: str | None = Field(examples=["https://example.com/ada.png"])
    role: str = Field(examples=["user"])
    created_at: Moment
    updated_at: Moment
