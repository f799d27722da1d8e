"""What a dashboard sees of backups: what lies in the store, whatever the job that made it says."""

from collections.abc import Iterable

from cleanly.entry.backup.manifest import Drill, Manifest
from cleanly.kernel.observe import METER

_newest = METER.create_gauge("backup_newest_timestamp_seconds", description="The newest whole copy's moment")
_size = METER.create_gauge("backup_newest_bytes", description="The newest whole copy's size, sealed")
_copies = METER.create_gauge("backup_copies", description="Whole copies in the store")
_drill = METER.create_gauge(
    "restore_drill_newest_success_timestamp_seconds", description="When a copy was last restored without a fault"
)
_duration = METER.create_gauge("restore_drill_duration_seconds", description="How long that took")
_age = METER.create_gauge("restore_drill_data_age_seconds", description="How old its data was when it began")


def tell(copies: list[Manifest], drills: Iterable[Drill]) -> None:
    """Set the gauges; the newest copy comes first."""
    _copies.set(len(copies))
    if copies:
        _newest.set(copies[0].taken_at.timestamp())
        _size.set(copies[0].sealed_bytes)
    good = max((one for one in drills if not one.faults), key=lambda one: one.started_at, default=None)
    if good is not None:
        _drill.set(good.started_at.timestamp())
        _duration.set(good.duration_seconds)
        _age.set(good.data_age_seconds)
