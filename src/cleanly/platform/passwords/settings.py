"""The knobs of passwords: length, Argon2's cost, the pool that pays it, the optional breach check."""

import os
from typing import Annotated, Self

from pydantic import Field, model_validator

from cleanly.kernel.settings import Group, Seconds, Url

LENGTH_MAX = 128
# Ceilings for our own parameters and for a stored hash's: a row must not be able to ask for more than a machine has.
ARGON2_MEMORY_KIB_MAX = 1024 * 1024
ARGON2_TIME_COST_MAX = 64
ARGON2_PARALLELISM_MAX = 64
# Argon2 needs 8 blocks of 1 KiB per lane (RFC 9106 section 3.1).
_BLOCKS_PER_LANE = 8


def _cores() -> int:
    """The cores that this process may use: more hashes at once than that only push each other out of the cache."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


class PasswordSettings(Group):
    """Defaults: OWASP's second Argon2id profile (19 MiB, 2 passes, 1 lane), a thread per core.

    NIST 800-63B-4 asks for 15 code points where the password is the only factor: raise `password_min_length` to it.
    """

    password_min_length: Annotated[int, Field(ge=8, le=LENGTH_MAX)] = 8
    argon2_memory_kib: Annotated[int, Field(ge=_BLOCKS_PER_LANE, le=ARGON2_MEMORY_KIB_MAX)] = 19456
    argon2_time_cost: Annotated[int, Field(ge=1, le=ARGON2_TIME_COST_MAX)] = 2
    argon2_parallelism: Annotated[int, Field(ge=1, le=ARGON2_PARALLELISM_MAX)] = 1
    password_hash_threads: Annotated[int, Field(ge=1, le=256)] = Field(default_factory=_cores)
    password_hash_queue_max: Annotated[int, Field(ge=0, le=10_000)] = 64
    hibp_check: bool = False
    hibp_url: Url = "https://api.pwnedpasswords.com/range/"
    hibp_timeout_seconds: Seconds = 2

    @model_validator(mode="after")
    def _memory_for_each_lane(self) -> Self:
        if self.argon2_memory_kib < _BLOCKS_PER_LANE * self.argon2_parallelism:
            raise ValueError("ARGON2_MEMORY_KIB must be at least 8 times ARGON2_PARALLELISM")
        return self
