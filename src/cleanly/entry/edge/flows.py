"""Apply a plan: write what differs, one thing after the other, then look whether it is there."""

from collections.abc import Callable

from cleanly.entry.edge.errors import EdgeFault
from cleanly.entry.edge.plan import Change, Plan, plan
from cleanly.entry.edge.wanted import Wanted
from cleanly.entry.edge.zone import Zone


def look(zone: Zone, wanted: Wanted, *, prune: bool) -> Plan:
    """What is missing now."""
    return plan(wanted, zone.read(wanted), prune=prune)


def apply(zone: Zone, wanted: Wanted, *, prune: bool, told: Callable[[Change], None]) -> Plan:
    """Write it. A crash between two writes leaves a shorter list for the next run. Returns what was written.

    Raises:
        EdgeFault: refused, or not there when looked for afterwards.
    """
    missing = look(zone, wanted, prune=prune)
    for change in missing.changes:
        zone.write(change.write)
        told(change)
    if missing.changes and (still := look(zone, wanted, prune=prune).differences):
        names = ", ".join(one.name for one in still)
        raise EdgeFault(f"written, and still not as it shall be: {names}; look at `cleanly edge plan`")
    return missing
