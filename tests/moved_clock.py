"""Time that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

from cleanly.kernel.clock import Clock


class MovedClock(Clock):
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def move(self, **units: float) -> None:
        self.at += timedelta(**units)
