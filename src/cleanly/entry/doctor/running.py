"""All checks at once, each for ten seconds at most: what breaks or hangs can't tell, and stops nobody else."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from pydantic import SecretStr

from cleanly.entry.doctor import backups, cicd, dns, edge, env, live, monitoring, neon, render, reports, tls
from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.subject import Subject
from cleanly.entry.doctor.verdicts import CannotTell, Status, Verdict

SECONDS_MAX = 10.0
_SECRET_LENGTH_MIN = 4
_LISTS = (neon, render, env, dns, edge, tls, monitoring, backups, cicd, reports, live)
_AREAS = (
    *("neon", "render", "env", "dns", "waf", "ssl", "monitoring", "logging", "backups", "cicd", "load", "security"),
)
CHECKS: tuple[Check, ...] = tuple(
    sorted((check for one in _LISTS for check in one.CHECKS), key=lambda check: _AREAS.index(check.area))
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's line. `fix` is empty where nothing is to be mended."""

    id: str
    area: str
    status: Status
    observed: str
    fix: str


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    checked_at: datetime
    target: str
    findings: tuple[Finding, ...]

    def count(self, status: Status) -> int:
        """How many checks ended so."""
        return Counter(finding.status for finding in self.findings)[status]

    @property
    def exit_code(self) -> int:
        """0: all pass. 1: one fails. 2: none fails, and not every one could tell."""
        if self.count("fail"):
            return 1
        return 2 if self.count("cannot tell") else 0


def areas() -> tuple[str, ...]:
    """What can be asked for by itself."""
    return _AREAS


def chosen(wanted: Sequence[str]) -> tuple[Check, ...]:
    """The checks of some areas; of all if none is named."""
    return tuple(check for check in CHECKS if not wanted or check.area in wanted)


async def examine(subject: Subject, checks: Sequence[Check], *, seconds_max: float = SECONDS_MAX) -> Report:
    """Run them together."""
    secrets = sorted(_secrets(subject), key=len, reverse=True)
    findings = await asyncio.gather(*(_look(check, subject, secrets, seconds_max) for check in checks))
    return Report(subject.now, subject.target, tuple(findings))


async def _look(check: Check, subject: Subject, secrets: Sequence[str], seconds_max: float) -> Finding:
    fix = check.fix
    try:
        async with asyncio.timeout(seconds_max):
            verdict = await check.look(subject)
    except CannotTell as error:
        verdict, fix = Verdict("cannot tell", str(error)), error.fix or fix
    except TimeoutError:
        verdict = Verdict("cannot tell", f"no answer within {seconds_max:g} s")
    except Exception as error:  # noqa: BLE001 - one broken check is no reason to tell nothing of the others
        # Its type alone: a text from anywhere may hold anything.
        verdict = Verdict("cannot tell", f"the check broke ({type(error).__name__})")
    observed = " ".join(verdict.observed.split())
    for secret in secrets:
        observed = observed.replace(secret, "***")
    return Finding(check.id, check.area, verdict.status, observed, "" if verdict.status == "pass" else fix)


def _secrets(subject: Subject) -> Iterator[str]:
    """Every secret of this shell: what a check says is searched for them all the same."""
    for name in type(subject.settings).model_fields:
        value: object = getattr(subject.settings, name)
        for one in cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,):
            if isinstance(one, SecretStr) and len(one.get_secret_value()) >= _SECRET_LENGTH_MIN:
                yield one.get_secret_value()
