"""One sandbox per test."""

import pytest

from cleanly.kernel.db import Database
from tests.moved_clock import MovedClock
from tests.platform.providers.sandbox.stage import Ear, Stage, sandbox_over


@pytest.fixture
def stage(db: Database, clock: MovedClock) -> Stage:
    ear = Ear()
    return Stage(db, clock, ear, sandbox_over(db, clock, ear))
