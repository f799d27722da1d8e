"""The knobs of idempotency: how long an answer is kept, how long a running flow holds its key."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from cleanly.kernel.settings import Group


class IdempotencySettings(Group):
    """The lease must outlive the longest request, or a second one resumes a flow that still runs.

    That would be harmless (the provider's own key, and the lease is checked again when the flow ends), but a waste.
    """

    idempotency_ttl_seconds: Annotated[int, Field(ge=60, le=30 * 86_400)] = 86_400
    idempotency_lease_seconds: Annotated[int, Field(ge=30, le=3_600)] = 60

    @model_validator(mode="after")
    def _lease_within_life(self) -> Self:
        if self.idempotency_lease_seconds >= self.idempotency_ttl_seconds:
            raise ValueError("IDEMPOTENCY_LEASE_SECONDS must be below IDEMPOTENCY_TTL_SECONDS")
        return self
