"""Who would notice: series that come in, alerts that are loaded, a monitor outside; and lines that can be found."""

import json
import re
import secrets
from collections.abc import Sequence
from typing import Any, cast

from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.edge import PRIVATE
from cleanly.entry.doctor.render import processes
from cleanly.entry.doctor.subject import API, Subject
from cleanly.entry.doctor.verdicts import CannotTell, Verdict, failed, judged, passed

RULES = "ops/prometheus/rules.yaml"
_PROCESSES = ("web", "worker")
_OLD_SECONDS = 300
_ALERT = re.compile(r"^\s*- alert: (\w+)\s*$", re.MULTILINE)
_LOOKS_MAX = 6
_PAUSE_SECONDS = 1.0


async def push(subject: Subject) -> Verdict:
    """Each kind of process was heard of within five minutes."""
    ages = await subject.prometheus.query("time() - max by (process) (timestamp(service_info))")
    heard = {labels.get("process", ""): age for labels, age in ages}
    faults = [f"nothing of {name} within 5 min" for name in _PROCESSES if heard.get(name, _OLD_SECONDS) >= _OLD_SECONDS]
    return judged(faults, ", ".join(f"{name} {age:.0f} s ago" for name, age in sorted(heard.items())))


async def alerts(subject: Subject) -> Verdict:
    """The alerts of this checkout are loaded."""
    file = subject.root / RULES
    if not file.is_file():
        raise CannotTell(f"there is no checkout here: {RULES} is missing")
    ours = set(_ALERT.findall(file.read_text()))
    if not ours:
        raise CannotTell(f"{RULES} names no alert")
    missing = sorted(ours - await subject.prometheus.alerts())
    return judged([f"{name} is not loaded" for name in missing], f"{len(ours)} alerts are loaded")


async def outside(subject: Subject) -> Verdict:
    """A prober elsewhere asked today, and was answered; it tells so as `probe_success` (blackbox exporter, Grafana)."""
    host, _ = subject.host
    selector = f'{{instance=~".*{re.escape(host)}.*/health/ready.*"}}'.replace("\\", "\\\\")
    found = await subject.prometheus.query(f"max(last_over_time(probe_success{selector}[1d]))")
    if not found:
        raise CannotTell(f"no probe_success of {API}/health/ready today; a monitor that tells nobody can't be seen")
    return passed("asked and answered today") if found[0][1] == 1 else failed("its last call was not answered")


async def shape(subject: Subject) -> Verdict:
    """A call's line is found by its id, is JSON, and holds nothing that the call brought."""
    base = subject.live
    webs = [there for planned, there in await processes(subject) if planned.type == "web"]
    if not webs:
        raise CannotTell("render.yaml names no web service that runs")
    name, canary = f"doctor-{secrets.token_hex(12)}", secrets.token_hex(12)
    sent = {"X-Request-Id": name, "Authorization": f"Bearer {canary}", "Cookie": f"session={canary}"}
    await subject.get(f"{base}{PRIVATE}?token={canary}", **sent)
    for attempt in range(_LOOKS_MAX):
        lines = await subject.render.lines(webs[0], name, attempt=attempt)
        if lines:
            return _judge(lines, name, canary)
        await subject.pause(_PAUSE_SECONDS)  # a line is some seconds on its way
    raise CannotTell(f"no line of the call {name} has come yet")


def _judge(lines: Sequence[str], name: str, canary: str) -> Verdict:
    faults: list[str] = []
    if any(canary in line for line in lines):
        faults.append("a line holds a token that the call brought")
    for line in lines:
        try:
            read: Any = json.loads(line)
        except ValueError:
            read = None
        told = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
        if told.get("request_id") != name:
            faults.append("a line of the call is not JSON with its request_id")
    return judged(faults, "found by its request id, JSON, nothing secret in it")


CHECKS = (
    Check("monitoring.push", push, "set OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS in Render"),
    Check("monitoring.alerts", alerts, f"load {RULES} into the back end of the metrics"),
    Check("monitoring.outside", outside, f"have a monitor elsewhere ask {API}/health/ready every minute"),
    Check("logging.shape", shape, "set LOG_FORMAT=json; a secret in a line is a fault to report"),
)
