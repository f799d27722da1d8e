"""What was measured and audited before: reports that are young, of this code, and good."""

import pathlib
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from pydantic import AwareDatetime, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from cleanly import __version__
from cleanly.entry.doctor.api import Read
from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.cicd import deployed
from cleanly.entry.doctor.subject import Subject
from cleanly.entry.doctor.verdicts import CannotTell, Verdict, judged

LOAD_AGE_MAX = timedelta(days=30)
AUDIT_AGE_MAX = timedelta(days=7)
P95_MS_MAX = 1_000
ERROR_SHARE_MAX = 0.01
RATE_SHARE_MIN = 0.95  # of what was asked for; below, the machine that asked was the bottleneck
TOOLS = ("bandit", "detect-secrets", "pip-audit", "zizmor")  # without one of these it was no audit


class _Report(Read):
    model_config = ConfigDict(alias_generator=to_camel)

    finished_at: AwareDatetime
    commit: str


class Load(_Report):
    """`bench/load/report.json`. `version` is the service's. None: the test could not see it."""

    version: str
    target_rate: float
    achieved_rate: float
    p95_ms: float | None
    error_share: float
    pool_timeouts: int | None


class Result(Read):
    """What one tool said."""

    tool: str
    status: Literal["pass", "fail", "cannot tell"]
    findings: int
    high: int


class Audit(_Report):
    """`audit/report.json`."""

    results: tuple[Result, ...]


R = TypeVar("R", bound=_Report)


def _read(path: pathlib.Path, kind: type[R], how: str) -> R:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise CannotTell(f"there is no report at {path}", fix=how) from error
    except OSError as error:
        raise CannotTell(f"{path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        where = ".".join(str(word) for word in error.errors(include_input=False)[0]["loc"])
        raise CannotTell(f"{path} is not understood: {where or 'no JSON'}") from error


async def load(subject: Subject) -> Verdict:
    """The last load test was of this release, of late, at the rate that was asked for, and it was borne."""
    found = _read(subject.root / subject.load_report, Load, "run make load against staging")
    faults = _old(found.finished_at, subject.now, LOAD_AGE_MAX)
    if _release(found.version) != _release(__version__):
        faults.append(f"it is of {found.version}, this is {__version__}")
    if found.achieved_rate < RATE_SHARE_MIN * found.target_rate:
        faults.append(f"{found.achieved_rate:g} requests/s of the {found.target_rate:g} asked for")
    unknown: list[str] = []
    if found.p95_ms is None:
        unknown.append("nothing was measured")
    elif found.p95_ms >= P95_MS_MAX:
        faults.append(f"p95 was {found.p95_ms:.0f} ms")
    if found.error_share >= ERROR_SHARE_MAX:
        faults.append(f"{found.error_share:.1%} failed")
    if found.pool_timeouts is None:
        unknown.append("the load test could not see waits for a connection")
    elif found.pool_timeouts:
        faults.append(f"{found.pool_timeouts} waited in vain for a connection")
    said = f"{found.achieved_rate:g} requests/s, p95 {found.p95_ms or 0:.0f} ms, {found.error_share:.2%} errors"
    return judged(faults, said, unknown=unknown)


async def audit(subject: Subject) -> Verdict:
    """Every tool looked at the code that runs, this week, and found nothing grave."""
    found = _read(subject.root / subject.audit_report, Audit, "run make audit")
    results = {one.tool: one for one in found.results}
    faults = _old(found.finished_at, subject.now, AUDIT_AGE_MAX)
    for name, one in sorted(results.items()):
        if one.status == "fail" or one.high:
            faults.append(f"{name}: {one.high or one.findings} findings")
    unknown = [f"{name} did not look" for name in TOOLS if name not in results]
    unknown += [f"{name} could not tell" for name, one in sorted(results.items()) if one.status == "cannot tell"]
    try:
        running = await deployed(subject)
    except CannotTell as error:
        unknown.append(str(error))
    else:
        if not (found.commit.startswith(running) or running.startswith(found.commit)):
            faults.append(f"it is of {found.commit[:12]}, {running[:12]} runs")
    return judged(faults, f"{len(results)} tools on {found.commit[:12]}, nothing grave", unknown=unknown)


def _old(finished_at: datetime, now: datetime, most: timedelta) -> list[str]:
    age = now - finished_at
    return [f"it is {age.days} days old"] if age > most else []


def _release(version: str) -> list[str]:
    return version.partition("+")[0].split(".")[:2]


CHECKS = (
    Check("load.report", load, "run the load test on staging (make load)"),
    Check("security.report", audit, "run the audit on the commit that runs (make audit)"),
)
