"""The report as a whole: its shape, its exit code, that it always ends, and that it gives nothing away."""

import asyncio
import io
import json
import pathlib
import re
import sys
import time
from collections.abc import AsyncGenerator
from typing import Any

import jsonschema
import pytest
from rich.console import Console
from typer.testing import CliRunner

from cleanly.entry.cli import app
from cleanly.entry.cli import doctor as command
from cleanly.entry.doctor import printing, running
from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.running import CHECKS, Finding, Report
from cleanly.entry.doctor.subject import Blueprint, Subject
from cleanly.entry.doctor.verdicts import Verdict, failed, passed
from cleanly.entry.settings import BadSettings, load, variable_names
from tests.architecture.source import ROOT
from tests.entry.doctor.estate import ENVIRONMENT, NOW, Place, standing

sys.path.insert(0, str(ROOT / "tools"))
import blueprint

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "doctor.schema.json").read_text())


@pytest.fixture
async def place(tmp_path: pathlib.Path) -> AsyncGenerator[Place, None]:
    async with standing(tmp_path) as made:
        yield made


@pytest.fixture
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variable_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(command, "set_up_logging", lambda **_: None)


def text_of(report: Report) -> str:
    into = io.StringIO()
    printing.show(report, Console(file=into, width=240))
    return into.getvalue()


def test_every_check_of_the_list_stands_in_the_documents_once_with_its_way_to_mend_it():
    lines = (ROOT / "docs" / "doctor.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| `[a-z]+\.", line)]
    assert [(row[0].strip("`"), row[2]) for row in rows] == [(check.id, check.fix) for check in CHECKS]


def test_areas_are_those_of_the_checks():
    assert set(running.areas()) == {check.area for check in CHECKS}
    assert [check.id for check in running.chosen(["dns", "load"])] == ["dns.record", "dns.caa", "load.report"]
    assert running.chosen([]) == CHECKS


async def test_the_json_is_of_its_schema(place: Place):
    report = await running.examine(place.subject, CHECKS)
    told = printing.as_json(report)
    jsonschema.validate(told, SCHEMA)
    assert told["summary"] == {word: report.count(status) for word, status in _WORDS.items()}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told | {"version": 2}, SCHEMA)


_WORDS: dict[str, Any] = {"pass": "pass", "fail": "fail", "cannotTell": "cannot tell"}


@pytest.mark.parametrize("state", ["good", "refused", "broken", "misunderstood", "away"])
async def test_no_secret_is_told_whatever_happens(place: Place, state: str):
    if state == "refused":
        place.estate.refused[""] = 401
    if state == "broken":
        place.estate.refused[""] = 500
    if state == "misunderstood":
        place.estate.answers = {path: {"value": "CANARY"} for path in place.estate.answers}
        place.estate.group = dict.fromkeys(ENVIRONMENT, "CANARY")
    if state == "away":
        place.change(target="http://127.0.0.1:1")
    report = await running.examine(place.subject, CHECKS)
    assert "CANARY" not in json.dumps(printing.as_json(report)) + text_of(report)
    assert len(report.findings) == len(CHECKS)
    assert not [one for one in report.findings if "the check broke" in one.observed]
    assert report.count("pass") > 25 if state == "good" else report.count("cannot tell") > 5


async def test_a_check_that_breaks_or_hangs_cannot_tell_and_stops_no_other(place: Place):
    async def breaks(_subject: Subject) -> Verdict:
        raise RuntimeError("CANARY in an error's text")

    async def hangs(_subject: Subject) -> Verdict:
        await asyncio.Event().wait()
        return passed("never")

    async def leaks(subject: Subject) -> Verdict:
        assert subject.settings.render_api_key is not None
        return failed(f"the key is {subject.settings.render_api_key.get_secret_value()}")

    async def good(_subject: Subject) -> Verdict:
        return passed("two\nlines")

    checks = [Check(f"neon.{look.__name__}", look, "mend it") for look in (breaks, hangs, leaks, good)]
    began = time.monotonic()
    report = await running.examine(place.subject, checks, seconds_max=0.2)
    assert time.monotonic() - began < 2
    assert [(one.status, one.observed) for one in report.findings] == [
        ("cannot tell", "the check broke (RuntimeError)"),
        ("cannot tell", "no answer within 0.2 s"),
        ("fail", "the key is ***"),
        ("pass", "two lines"),
    ]


async def test_checks_run_together_and_ask_each_question_once(place: Place):
    meeting = asyncio.Barrier(3)

    async def meets(_subject: Subject) -> Verdict:
        await meeting.wait()
        return passed("met")

    report = await running.examine(place.subject, [Check(f"neon.{n}", meets, "") for n in range(3)], seconds_max=5)
    assert report.count("pass") == 3
    await running.examine(place.subject, CHECKS)
    assert place.estate.calls["/render/services"] == 1


@pytest.mark.parametrize(
    ("statuses", "code"),
    [(["pass", "pass"], 0), (["pass", "cannot tell"], 2), (["fail", "cannot tell"], 1), (["pass", "fail"], 1)],
)
def test_the_exit_code_tells_the_worst(statuses: list[Any], code: int):
    findings = tuple(Finding("neon.a", "neon", status, "seen", "") for status in statuses)
    assert Report(NOW, "", findings).exit_code == code


def test_a_person_reads_one_line_a_check_and_the_fix_beneath():
    findings = (
        Finding("neon.a", "neon", "pass", "seen [bold]", ""),
        Finding("dns.bcd", "dns", "fail", "not so", "mend it"),
    )
    assert text_of(Report(NOW, "", findings)).splitlines() == [
        "pass         neon.a   seen [bold]",
        "fail         dns.bcd  not so",
        "                      fix: mend it",
        "2 checks: 1 pass, 1 fail, 0 cannot tell",
    ]


def invoke(*words: str) -> Any:
    return CliRunner().invoke(app, ["doctor", *words])


def test_the_command_tells_by_its_exit_code(no_environment: None, tmp_path: pathlib.Path):
    report = tmp_path / "report.json"
    asked = ("--area", "load", "--json", "--load-report", str(report))
    unknown = invoke(*asked)
    assert unknown.exit_code == 2, unknown.output
    jsonschema.validate(json.loads(unknown.stdout), SCHEMA)
    good = {"version": "0.1.0", "finishedAt": "2999-01-01T00:00:00Z", "commit": "c", "targetRate": 1, "achievedRate": 1}
    good |= {"p50Ms": 1, "p95Ms": 2, "p99Ms": 3, "errorShare": 0, "poolTimeouts": 0}
    report.write_text(json.dumps(good))
    assert invoke(*asked).exit_code == 0
    report.write_text(json.dumps(good | {"poolTimeouts": 5}))
    bad = invoke(*asked[:2], *asked[3:])
    assert bad.exit_code == 1
    assert "5 waited in vain" in bad.stdout


def test_the_command_needs_no_whole_environment(no_environment: None, monkeypatch: pytest.MonkeyPatch):
    """An operator's shell holds some keys, and perhaps a wrong one: the rest is looked at all the same."""
    monkeypatch.setenv("APP_ENV", "production")
    monkeypatch.setenv("PORT", "many")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "CANARY")
    done = invoke("--area", "neon")
    assert done.exit_code == 2, done.output
    assert "DATABASE_URL must be set in production" in done.stdout
    assert "needs NEON_API_KEY, NEON_PROJECT_ID" in done.stdout
    assert "CANARY" not in done.output


def test_no_service_on_render_starts_with_an_operators_key():
    """Who breaks into it would own the rest as well. On a laptop the same keys are where they belong."""
    good = {name.lower(): value for name, value in ENVIRONMENT.items() if name in variable_names()}
    keys = {"render_api_key": "CANARY", "prometheus_url": "https://CANARY@metrics.example.com"}
    with pytest.raises(BadSettings) as caught:
        load(_env_prefix="\0", render="true", **good, **keys)
    assert set(caught.value.faults) == {"RENDER_API_KEY", "PROMETHEUS_URL"}
    assert "CANARY" not in str(caught.value)
    assert load(_env_prefix="\0", **good, **keys).is_production


@pytest.mark.parametrize("words", [("--area", "stars"), ("--live", "api.example.com")])
def test_what_cannot_be_asked_is_a_failure(no_environment: None, words: tuple[str, str]):
    done = invoke(*words)
    assert done.exit_code == 1
    assert done.stdout == ""


def test_the_validator_speaks_to_programs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "argv", ["blueprint.py", "--json"])
    monkeypatch.setattr(blueprint, "faults", lambda _text: [])
    assert blueprint.main() == 0
    read = Blueprint.model_validate_json(capsys.readouterr().out)
    assert {one.type for one in read.services} == {"web", "worker", "cron", "keyvalue"}
    assert next(one for one in read.services if one.type == "web").instances_max == 4
    monkeypatch.setattr(blueprint, "faults", lambda _text: ["a fault"])
    assert blueprint.main() == 1
    assert Blueprint.model_validate_json(capsys.readouterr().out).faults == ("a fault",)
