"""The services: as the Blueprint wants them, live at one commit, with time to end, near their database."""

import asyncio
import re
from collections.abc import Iterator, Mapping

from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.neon import NEON_DOMAIN
from cleanly.entry.doctor.render_api import Service
from cleanly.entry.doctor.subject import Planned, Subject
from cleanly.entry.doctor.verdicts import CannotTell, Verdict, judged, needs
from cleanly.entry.settings import Settings

AFTER_SECONDS = 10
_INSTANCES_MIN = 2
_TYPES = {"web": "web_service", "worker": "background_worker", "cron": "cron_job"}
_NEON_REGIONS = {
    "oregon": "us-west-2",
    "ohio": "us-east-2",
    "virginia": "us-east-1",
    "frankfurt": "eu-central-1",
    "singapore": "ap-southeast-1",
}
_REGION = re.compile(r"\.([a-z]+-[a-z]+-\d)\.aws\.neon\.tech$")


async def blueprint(subject: Subject) -> Verdict:
    """The file is sound, and what runs is what it says."""
    planned = await subject.blueprint()
    if planned.faults:
        return judged(planned.faults, "")
    if subject.settings.render_api_key is None:
        missing = needs("RENDER_API_KEY")
        raise CannotTell(f"render.yaml is sound; to compare it with what runs {missing}", fix=missing.fix)
    live = await subject.render.services()
    stores = await subject.render.key_values()
    faults: list[str] = []
    unknown: list[str] = []
    for one in planned.services:
        there = live.get(one.name)
        found: Mapping[str, object] | None
        if one.type == "keyvalue":
            found = stores[one.name].model_dump() if one.name in stores else None
        else:
            found = None if there is None else {"type": there.type, **there.service_details.model_dump()}
        if found is None:
            faults.append(f"{one.name} does not run")
            continue
        for name, wanted in _wanted(one):
            shown = found.get(name)
            if shown is None:
                unknown.append(f"{one.name}: Render does not tell its {name}")
            elif str(shown).replace("_", " ") != str(wanted).replace("_", " "):
                faults.append(f"{one.name}: {name} is {shown}, not {wanted}")
    return judged(faults, f"{len(planned.services)} services are as render.yaml says", unknown=unknown)


def _wanted(one: Planned) -> Iterator[tuple[str, object]]:
    if one.type != "keyvalue":
        yield "type", _TYPES[one.type]
    yield "region", one.region
    yield "plan", one.plan
    if one.healthCheckPath is not None:
        yield "health_check_path", one.healthCheckPath
    if one.maxShutdownDelaySeconds is not None:
        yield "max_shutdown_delay_seconds", one.maxShutdownDelaySeconds


async def processes(subject: Subject) -> list[tuple[Planned, Service]]:
    """What should run our code and does.

    Raises:
        CannotTell: nothing of it runs.
    """
    planned, live = await subject.blueprint(), await subject.render.services()
    found = [(one, live[one.name]) for one in planned.processes if one.name in live]
    if not found:
        raise CannotTell("none of render.yaml's services runs under this key")
    return found


async def deploy(subject: Subject) -> Verdict:
    """The newest deploy went well everywhere, from one commit; the web has two instances."""
    running = await processes(subject)
    newest = await asyncio.gather(*(subject.render.newest_deploy(there) for _, there in running))
    expected = subject.commit
    faults: list[str] = []
    unknown: list[str] = []
    commits: dict[str, str] = {}
    for (planned, there), found in zip(running, newest, strict=True):
        if found is None:
            faults.append(f"{planned.name} was never deployed")
            continue
        if found.status != "live":
            faults.append(f"{planned.name}: the newest deploy is {found.status}")
        if found.commit is None:
            unknown.append(f"{planned.name}: Render does not tell the commit")
        else:
            commits[planned.name] = found.commit.id
        if planned.type == "web":
            few = _instances(there)
            if few is None:
                unknown.append(f"{planned.name}: Render does not tell how many instances it has")
            elif few < _INSTANCES_MIN:
                faults.append(f"{planned.name} has {few} instance")
    at = expected or next(iter(commits.values()), "")
    faults += [f"{name} is at {one[:12]}, not at {at[:12]}" for name, one in commits.items() if one != at]
    return judged(faults, f"{len(running)} services live at {at[:12]}", unknown=unknown)


def _instances(there: Service) -> int | None:
    scaling = there.service_details.autoscaling
    return scaling.min if scaling is not None and scaling.enabled else there.service_details.num_instances


async def drain(subject: Subject) -> Verdict:
    """Whoever is asked to end has the time to."""
    faults: list[str] = []
    unknown: list[str] = []
    for planned, there in await processes(subject):
        if planned.type == "cron":
            continue
        given = await subject.render.environment(there)
        seconds = _seconds(given, "SHUTDOWN_GRACE_SECONDS") + AFTER_SECONDS
        seconds += _seconds(given, "DRAIN_SECONDS") if planned.type == "web" else 0
        delay = there.service_details.max_shutdown_delay_seconds
        if delay is None:
            unknown.append(f"{planned.name}: Render does not tell its shutdown delay")
        elif delay < seconds:
            faults.append(f"{planned.name} may take {seconds:g} s to end and is killed after {delay}")
    return judged(faults, "every process may end in peace", unknown=unknown)


def _seconds(given: Mapping[str, str], name: str) -> float:
    try:
        return float(given.get(name) or Settings.model_fields[name.lower()].default)
    except ValueError as error:
        raise CannotTell(f"{name} is no number there") from error


async def region(subject: Subject) -> Verdict:
    """One region, the database's."""
    running = await processes(subject)
    places = {there.service_details.region for _, there in running}
    if None in places:
        raise CannotTell("Render does not tell every service's region")
    if len(places) > 1:
        return judged([f"services are in {', '.join(sorted(map(str, places)))}"], "")
    place = str(places.pop())
    theirs = await _neon_region(subject)
    wanted = _NEON_REGIONS.get(place)
    if wanted is None:
        raise CannotTell(f"no region of Neon's is known beside {place}")
    return judged([] if theirs == wanted else [f"Render is in {place}, Neon in {theirs}"], f"{place}, {theirs}")


async def _neon_region(subject: Subject) -> str:
    url = subject.settings.database_url
    found = None if url is None else _REGION.search(url.get_secret_value().partition("?")[0].rpartition("/")[0])
    if found is not None:
        return found.group(1)
    if subject.settings.neon_api_key is None:
        raise needs("DATABASE_URL") if url is None else CannotTell(f"DATABASE_URL names no region (*{NEON_DOMAIN})")
    told = (await subject.neon.project()).region_id
    if told is None:
        raise CannotTell("Neon does not tell its region")
    return told.removeprefix("aws-")


CHECKS = (
    Check("render.blueprint", blueprint, "mend render.yaml (python tools/blueprint.py), then sync the Blueprint"),
    Check("render.deploy", deploy, "run the job deploy, or python tools/deploy.py COMMIT"),
    Check("render.drain", drain, "raise maxShutdownDelaySeconds in render.yaml and sync the Blueprint"),
    Check("render.region", region, "recreate the service, or the database, in the other's region"),
)
