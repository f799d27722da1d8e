"""Schedules. Pure: five fields and a moment in, the minute due out. All in UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from croniter import croniter  # type: ignore[import-untyped]  # it ships no types

from cleanly.kernel.module import Cron
from cleanly.platform.cron.errors import NoSuchCron

_FIELDS = 5
_MINUTE = timedelta(minutes=1)


def check(schedule: str) -> None:
    """Refuse what is no schedule of five fields.

    Raises:
        ValueError: with the schedule in it.
    """
    if len(schedule.split()) != _FIELDS or not cast("Any", croniter).is_valid(schedule):
        raise ValueError(f"not a schedule of five fields: {schedule!r}")


def last_due(schedule: str, *, now: datetime) -> datetime:
    """The latest minute, this one included, at which the schedule was due."""
    return _step(schedule, _minute(now) + _MINUTE, "get_prev")


def next_due(schedule: str, *, now: datetime) -> datetime:
    """The first minute after this one at which the schedule is due."""
    return _step(schedule, _minute(now), "get_next")


def find(crons: Iterable[Cron], name: str) -> Cron:
    """The one schedule of that name: the task's (`auth.sweep`), or its last part if that is unambiguous (`sweep`).

    Raises:
        NoSuchCron: none, or several.
    """
    crons = list(crons)
    exact = [cron for cron in crons if cron.task.name == name]
    found = exact or [cron for cron in crons if cron.task.name.rpartition(".")[2] == name]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(sorted(cron.task.name for cron in found))
        raise NoSuchCron(f"{name!r} may be any of: {names}")
    names = ", ".join(sorted(cron.task.name for cron in crons))
    raise NoSuchCron(f"no schedule {name!r}; there are: {names}")


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _step(schedule: str, start: datetime, step: str) -> datetime:
    return cast("datetime", getattr(cast("Any", croniter)(schedule, start), step)(datetime))
