"""How often the cache answered, had to ask the source, or met a broken store."""

from collections.abc import Iterable
from dataclasses import dataclass

from opentelemetry.metrics import CallbackOptions, Observation

from cleanly.kernel.observe import METER


@dataclass(slots=True)
class Tally:
    """The process's counts. Plain numbers: adding to an instrument costs more than a hit does."""

    hits: int = 0
    misses: int = 0
    errors: int = 0


TALLY = Tally()


def _hits(_options: CallbackOptions) -> Iterable[Observation]:
    yield Observation(TALLY.hits)


def _misses(_options: CallbackOptions) -> Iterable[Observation]:
    yield Observation(TALLY.misses)


def _errors(_options: CallbackOptions) -> Iterable[Observation]:
    yield Observation(TALLY.errors)


METER.create_observable_counter("cache_hits", [_hits], description="Reads answered from a copy, near or shared")
METER.create_observable_counter("cache_misses", [_misses], description="Reads that had to ask the source")
METER.create_observable_counter("cache_store_errors", [_errors], description="Calls that the shared store failed")
