"""Helper types for settings groups. Reads no environment: `entry/settings.py` alone does."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import NoDecode

T = TypeVar("T")


class Group(BaseModel):
    """A slice's knobs. A field's name in capitals is its environment variable."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


# Lists are written with commas; NoDecode keeps pydantic-settings from asking for JSON.
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]
Seconds = Annotated[int, Field(ge=1)]
Url = Annotated[str, Field(min_length=1)]
