"""What a key needs of the process."""

from dataclasses import dataclass
from datetime import timedelta

from cleanly.kernel.clock import Clock
from cleanly.kernel.db import Database
from cleanly.platform.idempotency.sealing import Vault
from cleanly.platform.idempotency.service import Life
from cleanly.platform.idempotency.settings import IdempotencySettings


@dataclass(frozen=True, slots=True)
class Means:
    """The database, the clock, the secrets and the knobs."""

    db: Database
    clock: Clock
    vault: Vault
    settings: IdempotencySettings

    def life(self) -> Life:
        """Now, and how long what is written now lasts."""
        return Life(
            now=self.clock.now(),
            ttl=timedelta(seconds=self.settings.idempotency_ttl_seconds),
            lease=timedelta(seconds=self.settings.idempotency_lease_seconds),
        )
