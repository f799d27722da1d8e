"""The worker's look at the store: believe the bucket, not the job that wrote there."""

import asyncio

from cleanly.entry.backup import copies, metrics
from cleanly.entry.backup.manifest import DRILLS, Drill
from cleanly.entry.backup.settings import BackupSettings
from cleanly.entry.backup.stores import Store, open_store
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Task, Tick
from cleanly.kernel.module import Cron, FlowJob

MEASURE = Task("backup.measure", Tick, attempts_max=1)
_DRILLS_MAX = 20


def drills(store: Store) -> list[Drill]:
    """The latest drills, the newest first."""
    with copies.working_folder() as folder:
        found: list[Drill] = []
        for one in store.stored(DRILLS)[-_DRILLS_MAX:]:
            store.fetch(one.name, folder / "drill")
            found.append(Drill.model_validate_json((folder / "drill").read_bytes()))
    return sorted(found, key=lambda one: one.started_at, reverse=True)


def look(settings: BackupSettings) -> None:
    """Set the gauges.

    Raises:
        BackupFault: the store does not answer.
    """
    store = open_store(settings)
    metrics.tell(copies.found(store), drills(store))


async def measure(context: Context, _tick: Tick) -> None:
    """Look, where there is a place for copies."""
    settings = context.part(BackupSettings)
    if settings.backups_are_on:
        await asyncio.to_thread(look, settings)


JOBS = (FlowJob(MEASURE, measure),)
CRONS = (Cron("47 * * * *", MEASURE),)
