"""A run as a picture: throughput, durations and errors, second by second."""

import pathlib
from collections.abc import Sequence

from matplotlib.figure import Figure

from bench.load.findings import Figures

_QUANTILES = (("p50", "p50_ms"), ("p95", "p95_ms"), ("p99", "p99_ms"))


def draw(seconds: Sequence[Figures], picture: pathlib.Path, *, rate: float) -> None:
    """Three panels over the seconds of the run. `rate`: the calls a second that were asked for."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    throughput, durations, errors = figure.subplots(3, 1, sharex=True)
    at = range(len(seconds))
    throughput.plot(at, [one.answered for one in seconds], label="answered")
    throughput.axhline(rate, linestyle="--", linewidth=1, color="grey", label="asked for")
    throughput.set_title("Calls a second", loc="left", fontsize=10)
    for label, field in _QUANTILES:
        drawn = [(second, value) for second, one in enumerate(seconds) if (value := getattr(one, field)) is not None]
        durations.plot([second for second, _ in drawn], [value for _, value in drawn], label=label)
    durations.set_title("Durations of calls on good networks (ms)", loc="left", fontsize=10)
    errors.plot(at, [sum(one.faults.values()) for one in seconds], color="tab:red", label="the service's")
    unanswered = [one.tries - one.answered for one in seconds]
    errors.plot(at, unanswered, color="tab:grey", linewidth=1, label="without an answer (the bad network's work)")
    errors.set_title("Failed tries a second", loc="left", fontsize=10)
    errors.set_xlabel("seconds", fontsize=9)
    for panel in (throughput, durations, errors):
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
        panel.tick_params(labelsize=8)
        panel.legend(fontsize=8, loc="upper left", framealpha=0.6)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=80, metadata={"Software": None})
