"""A report for a person, and for a program."""

from typing import Any

from rich.console import Console
from rich.text import Text

from cleanly.entry.doctor.running import Report
from cleanly.entry.doctor.verdicts import Status
from cleanly.kernel.clock import rfc3339

_COLOURS: dict[Status, str] = {"pass": "green", "fail": "bold red", "cannot tell": "yellow"}
_STATUS_WIDTH = max(map(len, _COLOURS)) + 2


def as_json(report: Report) -> dict[str, Any]:
    """The shape of docs/doctor.schema.json."""
    return {
        "version": 1,
        "checkedAt": rfc3339(report.checked_at),
        "target": report.target,
        "summary": {
            "pass": report.count("pass"),
            "fail": report.count("fail"),
            "cannotTell": report.count("cannot tell"),
        },
        "checks": [
            {"id": one.id, "area": one.area, "status": one.status, "observed": one.observed, "fix": one.fix}
            for one in report.findings
        ],
    }


def show(report: Report, console: Console) -> None:
    """A line for each check, the fix beneath."""
    width = max((len(one.id) for one in report.findings), default=0) + 2
    for one in report.findings:
        console.print(Text(one.status.ljust(_STATUS_WIDTH), _COLOURS[one.status]) + f"{one.id:<{width}}{one.observed}")
        if one.fix:
            console.print(Text(f"{'':<{_STATUS_WIDTH}}{'':<{width}}fix: {one.fix}", "dim"))
    told = ", ".join(f"{report.count(status)} {status}" for status in _COLOURS)
    console.print(f"{len(report.findings)} checks: {told}", markup=False)
