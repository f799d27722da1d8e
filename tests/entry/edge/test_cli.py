"""The commands as an operator uses them: what is printed, how they exit, and that no secret is ever seen."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cleanly.entry.cli import app, running
from cleanly.entry.cli.doctor import edge_changes
from cleanly.entry.doctor.verdicts import CannotTell
from cleanly.entry.settings import BadSettings, load, variable_names
from tests.fakes.cloudflare_wire import Edge
from tests.fakes.cloudflare_zone import TOKEN, ZONE_ID, FakeZone

SECRET, OLDER = "the-edge-knows-this-1234", "the-edge-knew-this-12345"
CUSTOM = "http_request_firewall_custom"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, zone: FakeZone) -> None:
    """In this process the log is pytest's."""
    for name in variable_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(running, "set_up_logging", lambda **_: None)


def environment(cloudflare: Edge) -> dict[str, str]:
    return {
        "CLOUDFLARE_API_TOKEN": TOKEN,
        "CLOUDFLARE_ZONE_ID": ZONE_ID,
        "CLOUDFLARE_ORIGIN": "cleanly-web.onrender.com",
        "CLOUDFLARE_API_URL": cloudflare.url,
        "PUBLIC_URL": "https://api.example.com",
        "EDGE_SECRET": f"{SECRET},{OLDER}",
    }


def run(cloudflare: Edge, *words: str, **variables: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["edge", *words], env=environment(cloudflare) | variables)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert not any(secret in result.output for secret in (TOKEN, SECRET, OLDER))
    return result.exit_code, result.output


def test_plan_prints_the_difference_and_exits_2_and_0_when_there_is_none(cloudflare: Edge):
    cloudflare.zone.add_rule(
        CUSTOM, action="block", expression='http.host eq "www.example.com"', description="Block the old shop"
    )
    status, text = run(cloudflare, "plan")
    assert status == 2
    assert "+ rule http_request_late_transform cleanly-origin-secret" in text
    assert "action_parameters.headers.X-Edge-Secret.value: sha256:" in text
    assert "~ setting ssl\n    full -> strict" in text
    assert "~ setting security_header\n    strict_transport_security.enabled: false -> true" in text
    assert f'  rule {CUSTOM} "Block the old shop" is not ours and stays' in text
    assert text.endswith("11 to make, 8 to change, 0 to delete\n")
    assert cloudflare.zone.writes == []
    status, text = run(cloudflare, "apply")
    assert (status, text.splitlines()[-1]) == (0, "done: 19 changes")
    status, text = run(cloudflare, "plan")
    assert (status, text.splitlines()[-1]) == (0, "nothing to do: the zone is as it shall be")
    assert run(cloudflare, "apply") == (0, text)
    status, text = run(cloudflare, "plan", "--prune")
    assert status == 2
    assert f'- rule {CUSTOM} "Block the old shop"\n    action: block' in text


async def test_the_doctor_is_told_the_same(cloudflare: Edge, monkeypatch: pytest.MonkeyPatch):
    for name, value in environment(cloudflare).items():
        monkeypatch.setenv(name, value)
    look = edge_changes(load())
    assert look is not None
    assert "setting ssl" in await look()
    assert run(cloudflare, "apply")[0] == 0
    assert await look() == []
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "another")
    look = edge_changes(load())
    assert look is not None
    with pytest.raises(CannotTell, match="the token is wrong"):
        await look()
    monkeypatch.delenv("CLOUDFLARE_ZONE_ID")
    assert edge_changes(load()) is None


def test_the_same_for_programs(cloudflare: Edge):
    status, text = run(cloudflare, "plan", "--json", "--dns-only")
    told = json.loads(text)
    assert (status, told["version"], told["host"], told["applied"]) == (2, 1, "api.example.com", False)
    assert {one["action"] for one in told["changes"]} == {"make"}
    status, text = run(cloudflare, "apply", "--json")
    assert (status, json.loads(text)["applied"]) == (0, True)
    status, text = run(cloudflare, "plan", "--json")
    assert (status, json.loads(text)["changes"]) == (0, [])


def test_what_is_missing_or_wrong_is_one_line_and_exits_1(cloudflare: Edge, monkeypatch: pytest.MonkeyPatch):
    status, text = run(cloudflare, "plan", CLOUDFLARE_API_TOKEN="", EDGE_SECRET="")
    assert (status, text) == (1, "cleanly: CLOUDFLARE_API_TOKEN and EDGE_SECRET must be set: docs/edge.md\n")
    status, text = run(cloudflare, "apply", CLOUDFLARE_API_TOKEN="another")
    assert (status, text.count("\n")) == (1, 1)
    assert "the token is wrong or may not; it needs `Zone: Read`" in text
    status, text = run(cloudflare, "plan", CLOUDFLARE_ADMIN_ADDRESSES="everyone")
    assert (status, "CLOUDFLARE_ADMIN_ADDRESSES: each must be an address" in text) == (1, True)
    monkeypatch.setitem(sys.modules, "cloudflare", None)
    assert run(cloudflare, "plan") == (1, "cleanly: the edge needs cleanly[ops]\n")
    assert cloudflare.zone.writes == []


def test_the_program_shows_no_secret_even_when_it_tells_all(cloudflare: Edge):
    program = pathlib.Path(sys.executable).with_name("cleanly")
    given = environment(cloudflare) | {"LOG_LEVEL": "debug", "CLOUDFLARE_LOG": "info"}
    given["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # these sources, wherever the program was installed
    done = subprocess.run(
        [program, "edge", "apply"], env=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(cloudflare.zone.writes) > 10
    assert not any(secret in done.stdout + done.stderr for secret in (TOKEN, SECRET, OLDER))


def test_a_service_that_holds_the_operators_token_does_not_start(monkeypatch: pytest.MonkeyPatch):
    for name, value in {"APP_ENV": "production", "RENDER": "true", "CLOUDFLARE_API_TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as caught:
        load()
    assert caught.value.faults["CLOUDFLARE_API_TOKEN"].startswith("is an operator's")
    assert TOKEN not in str(caught.value)
