"""What was not given, which is not the same as null."""

import enum
from typing import Final


class Unset(enum.Enum):
    """The type of `UNSET`: `None` is sent as null, `UNSET` is not sent."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET
