"""The variables of what runs: whole, known, strong. Values are compared and never shown."""

import re
from collections.abc import Iterator, Mapping

from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.render import processes
from cleanly.entry.doctor.settings import OPERATOR_VARIABLES
from cleanly.entry.doctor.subject import Subject
from cleanly.entry.doctor.verdicts import Verdict, judged
from cleanly.entry.settings import BadSettings, Settings, load, variable_names

# Read by others than Settings, or set by the platform.
_FOREIGN = {"WEB_CONCURRENCY", "PYTHON_VERSION", "TZ"}
_NOBODYS = "\0"  # no variable of this shell begins so: what is judged is what is given, and nothing else
_SECRET = re.compile(r"SecretStr")


def refusals(given: Mapping[str, str]) -> dict[str, str]:
    """What a process with these variables and no others is refused for."""
    known = {name.lower(): value for name, value in given.items() if value and name in variable_names()}
    try:
        load(_env_prefix=_NOBODYS, **known)
    except BadSettings as error:
        return error.faults
    return {}


async def complete(subject: Subject) -> Verdict:
    """Every process has what production asks for, and nothing that it should not have."""
    faults: list[str] = []
    running = await processes(subject)
    for planned, there in running:
        given = await subject.render.environment(there)
        if given.get("APP_ENV") != "production":
            faults.append(f"{planned.name}: APP_ENV is not production")
        faults += [
            f"{planned.name}: {name} {reason}" for name, reason in _refused(given).items() if not given.get(name)
        ]
        faults += [f"{planned.name}: {name} is an operator's" for name in sorted(OPERATOR_VARIABLES & given.keys())]
        strange = sorted(given.keys() - variable_names() - _FOREIGN - OPERATOR_VARIABLES)
        faults += [f"{planned.name}: nothing reads {name}" for name in strange]
    return judged(faults, f"{len(running)} processes have what they need")


async def strength(subject: Subject) -> Verdict:
    """Secrets are long, distinct and no examples; no test key takes real orders."""
    faults: dict[str, None] = {}  # what several processes share is told once
    running = await processes(subject)
    for _, there in running:
        given = await subject.render.environment(there)
        found = [f"{name} {reason}" for name, reason in _refused(given).items() if given.get(name)]
        if given.get("ALLOW_TEST_PAYMENTS") == "on":
            found.append("ALLOW_TEST_PAYMENTS is on")
        faults |= dict.fromkeys([*found, *_shared(given)])
    return judged(list(faults), f"the secrets of {len(running)} processes are strong and distinct")


def _refused(given: Mapping[str, str]) -> dict[str, str]:
    ours = {name: value for name, value in given.items() if name not in OPERATOR_VARIABLES}
    return refusals({**ours, "APP_ENV": "production", "RENDER": "true"})


def _shared(given: Mapping[str, str]) -> Iterator[str]:
    holders: dict[str, str] = {}
    for name in sorted(given):
        field = Settings.model_fields.get(name.lower())
        if field is None or not _SECRET.search(repr(field.annotation)) or name.endswith("_URL"):
            continue
        for value in filter(None, map(str.strip, given[name].split(","))):
            if holders.setdefault(value, name) != name:
                yield f"{holders[value]} and {name} are the same secret"


CHECKS = (
    Check("env.complete", complete, "Render's dashboard, environment: set, or delete, the variable named"),
    Check("env.strength", strength, "cleanly keys rotate makes a secret; set it in Render's dashboard"),
)
