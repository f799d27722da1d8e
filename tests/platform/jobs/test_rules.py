"""When a job is tried again, and when no more."""

import hashlib
from importlib.metadata import version
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from procrastinate.schema import SchemaManager
from pydantic import ValidationError

from cleanly.kernel.messages import Task, Tick
from cleanly.kernel.module import Cron, FlowJob, Module
from cleanly.platform.jobs.module import module
from cleanly.platform.jobs.rules import backoff_seconds, is_last
from cleanly.platform.jobs.runner import handlers
from cleanly.platform.jobs.settings import JobsSettings

CHANCE = st.floats(0, 1, exclude_max=True)


def test_the_pauses_double_up_to_an_hour():
    waits = [backoff_seconds(attempt, chance=0.5) for attempt in range(1, 13)]
    assert waits == pytest.approx([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600])


@given(attempt=st.integers(1, 10_000), chance=CHANCE)
def test_chance_spreads_a_pause_by_a_fifth_and_no_more(attempt: int, chance: float):
    middle = backoff_seconds(attempt, chance=0.5)
    assert 0.8 * middle * 0.999 <= backoff_seconds(attempt, chance=chance) <= 1.2 * middle


@given(chance=CHANCE)
def test_a_later_pause_is_never_shorter(chance: float):
    waits = [backoff_seconds(attempt, chance=chance) for attempt in range(1, 50)]
    assert all(earlier <= later for earlier, later in pairwise(waits))


def test_the_last_attempt_is_the_one_that_the_task_allows():
    assert [is_last(attempt, attempts_max=3) for attempt in (1, 2, 3, 4)] == [False, False, True, True]


def test_a_beat_must_fit_twice_into_the_silence_that_makes_a_worker_stalled():
    with pytest.raises(ValidationError, match="JOBS_STALLED_SECONDS"):
        JobsSettings(jobs_heartbeat_seconds=10, jobs_stalled_seconds=19)


async def _nothing(_context: object, _payload: object) -> None: ...


def test_a_task_has_one_handler_and_a_schedule_has_one_at_all():
    task = Task("sample.twice", Tick)
    job = FlowJob(task, _nothing)
    with pytest.raises(ValueError, match=r"two handlers for the task sample\.twice"):
        handlers([Module("a", jobs=[job]), Module("b", jobs=[job])])
    with pytest.raises(ValueError, match=r"no handler for the scheduled task sample\.twice"):
        handlers([Module("a", crons=[Cron("* * * * *", task)])])
    assert set(handlers([module])) == {"jobs.recover_stalled", "jobs.sweep"}


def test_procrastinate_is_the_version_that_the_migration_was_written_for():
    # Another schema asks for a migration of ours: Procrastinate's release brings its SQL.
    assert version("procrastinate").startswith("3.10.")
    assert hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest().startswith("c70ec4b400a60ad9")
