"""The only place that asks the machine for the time."""

import time
from datetime import UTC, datetime


class Clock:
    """Wall time in UTC. Tests hand in one that they move."""

    def now(self) -> datetime:
        """The current instant, timezone-aware, in UTC."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """The same instant in seconds since 1970, for what every request asks."""
        return time.time()


def rfc3339(moment: datetime) -> str:
    """An instant as the API writes it: UTC, milliseconds, `Z` (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
