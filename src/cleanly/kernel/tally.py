"""Histograms for the hottest paths. One record is a look-up, a bisection and two additions.

An instrument of OpenTelemetry's SDK takes ten times that, which a profile read would feel (bench/README.md). What is
counted here is put beside the SDK's own metrics when these are read (`entry/telemetry.py`).
"""

from bisect import bisect_left
from dataclasses import dataclass, field

# An edge on every threshold that an alert asks about.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
STATEMENT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_SERIES_MAX = 2000
Labels = tuple[str | int, ...]


@dataclass(slots=True)
class Tally:
    """Durations in seconds, by labels that the code names: never a path, an id or a text of somebody's.

    Written by the event loop alone, read by any thread.
    """

    name: str
    description: str
    labels: tuple[str, ...]
    edges: tuple[float, ...] = SECONDS
    # Per label values: how many fell below each edge and above the last, and at the end the sum.
    series: dict[Labels, list[float]] = field(default_factory=dict[Labels, list[float]])

    def __post_init__(self) -> None:
        TALLIES.append(self)

    def record(self, values: Labels, seconds: float) -> None:
        """One more. `values` in the order of `labels`; beyond 2,000 series all is counted as `other`."""
        found = self.series.get(values)
        if found is None:
            found = self._begin(values)
        found[bisect_left(self.edges, seconds)] += 1
        found[-1] += seconds

    def _begin(self, values: Labels) -> list[float]:
        if len(self.series) >= _SERIES_MAX:
            values = ("other",) * len(self.labels)
        return self.series.setdefault(values, [0] * (len(self.edges) + 1) + [0.0])


TALLIES: list[Tally] = []
