"""Copies: a fresh one that is whole, a drill that went well, and nobody who could delete them all."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from cleanly.entry.backup import copies, jobs
from cleanly.entry.backup.errors import BackupFault
from cleanly.entry.backup.stores import Bucket
from cleanly.entry.doctor.asking import in_thread
from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.subject import Subject
from cleanly.entry.doctor.verdicts import CannotTell, Verdict, failed, judged, passed

T = TypeVar("T")
COPY_AGE_MAX = timedelta(hours=26)
DRILL_AGE_MAX = timedelta(days=8)
RESTORE_SECONDS_MAX = 2 * 3600
DATA_AGE_SECONDS_MAX = 26 * 3600


async def fresh(subject: Subject) -> Verdict:
    """The newest copy is of last night, and whole."""

    def look() -> Verdict:
        store = subject.store()
        found = _told(lambda: copies.found(store))
        if not found:
            return failed("there is no whole copy")
        newest = found[0]
        age = subject.now - newest.taken_at
        said = f"{newest.name} is {age / timedelta(hours=1):.1f} h old"
        if age >= COPY_AGE_MAX:
            return failed(said)
        try:
            is_opened = copies.verify(store, newest, subject.settings)
        except BackupFault as error:
            return failed(str(error))
        return passed(f"{said}, {'opened and whole' if is_opened else 'whole; not opened, BACKUP_KEY is not here'}")

    return await in_thread(look)


async def drill(subject: Subject) -> Verdict:
    """The newest drill went well, this week, within the targets."""

    def look() -> Verdict:
        store = subject.store()
        found = _told(lambda: jobs.drills(store))
        if not found:
            return failed("no copy was ever restored")
        newest = found[0]
        faults = list(newest.faults)
        age = subject.now - newest.started_at
        if age >= DRILL_AGE_MAX:
            faults.append(f"the last drill was {age.days} days ago")
        if newest.duration_seconds > RESTORE_SECONDS_MAX:
            faults.append(f"it took {newest.duration_seconds / 3600:.1f} h; 2 h is the target")
        if newest.data_age_seconds > DATA_AGE_SECONDS_MAX:
            faults.append(f"its data was {newest.data_age_seconds / 3600:.0f} h old; a day is the target")
        return judged(faults, f"{age.days} days ago, in {newest.duration_seconds:.0f} s")

    return await in_thread(look)


async def access(subject: Subject) -> Verdict:
    """A lock keeps every object. Whether a key may delete can't be seen without deleting: only a lock passes."""

    def look() -> Verdict:
        store = subject.store()
        if not isinstance(store, Bucket):
            raise CannotTell("a folder has no lock; who may delete there is its machine's affair")
        host = urlsplit(subject.settings.backup_endpoint_url or "").hostname or ""
        if host.endswith(".r2.cloudflarestorage.com"):
            raise CannotTell("R2 tells of its bucket locks in the dashboard alone", fix="look at R2, settings, locks")
        if _told(store.is_locked):
            return passed("the bucket is locked against deletion")
        if subject.settings.backup_keep_days:
            return failed("the bucket has no object lock, and BACKUP_KEEP_DAYS has the key delete old copies")
        raise CannotTell("no object lock; whether the key may delete can't be seen without deleting")

    return await in_thread(look)


def _told(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except BackupFault as error:
        raise CannotTell(str(error)) from error


CHECKS = (
    Check("backups.fresh", fresh, "run cleanly backup create, then look at the cron cleanly-backup"),
    Check("backups.drill", drill, "run cleanly backup restore-drill, or the workflow restore-drill"),
    Check(
        "backups.access",
        access,
        "switch the bucket's object lock on; else a key that can't delete, BACKUP_KEEP_DAYS=0",
    ),
)
