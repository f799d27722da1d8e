"""Alerts fire and stay silent as their cases say, each has a runbook, and nobody asks for what nobody exports."""

import ast
import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.architecture.source import ROOT, TREES
from tests.metering import metering, names
from tests.world import World

__all__ = ["metering"]
OPS = ROOT / "ops"
RULES: dict[str, Any] = yaml.safe_load((OPS / "prometheus" / "rules.yaml").read_text())
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
RECORDED = {rule["record"] for group in RULES["groups"] for rule in group["rules"] if "record" in rule}
_SUFFIXES = {"s": "seconds", "By": "bytes"}
# What stands in PromQL in a metric's place and is none.
_WORDS = re.compile(
    r"\b(?:by|without|on|and|or|unless|le|sum|max|min|count|rate|increase|topk|absent|time|histogram_quantile)\b"
)


def _constant(call: ast.Call, name: str, position: int) -> str:
    given = [word.value for word in call.keywords if word.arg == name] or call.args[position : position + 1]
    return str(ast.literal_eval(given[0])) if given and isinstance(given[0], ast.Constant) else ""


def declared() -> set[str]:
    """Every metric that the code declares, as Prometheus names its series."""
    found: set[str] = set()
    for tree in TREES.values():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            kind = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if kind == "Tally":
                found |= _histogram(_constant(call, "name", 0))
            elif kind.startswith("create_") and ast.unparse(call.func).startswith("METER."):
                name, unit = _constant(call, "name", 0).replace(".", "_"), _SUFFIXES.get(_constant(call, "unit", 9), "")
                if unit and not name.endswith(f"_{unit}"):
                    name = f"{name}_{unit}"
                if kind == "create_histogram":
                    found |= _histogram(name)
                else:
                    found.add(f"{name}_total" if kind in {"create_counter", "create_observable_counter"} else name)
    return found


def _histogram(name: str) -> set[str]:
    return {f"{name}_{part}" for part in ("bucket", "count", "sum")}


def asked(expression: str) -> set[str]:
    """The metrics that an expression reads."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', "", expression)
    bare = re.sub(r"\b(?:by|without)\s*\([^)]*\)", "", bare)
    return set(re.findall(r"[a-z_:][a-z0-9_:]*", _WORDS.sub("", bare)))


def test_every_metric_in_a_rule_or_on_the_dashboard_is_exported():
    board = json.loads((OPS / "grafana" / "cleanly.json").read_text())
    drawn = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    rules = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
    assert len(drawn) > 30
    wanted = set[str]().union(*map(asked, [*drawn, *rules]))
    assert "http_server_errors_total" in wanted
    assert wanted - declared() - RECORDED == set()


async def test_what_is_declared_is_named_as_it_is_exported(world: World, metering: None):
    phone = await world.register()
    await phone.refreshes()
    exported = names((await world.call("GET", "/metrics")).text)
    assert len(exported) > 25
    assert exported - declared() == set()


def test_every_alert_has_a_severity_a_runbook_and_cases():
    cases = [case["name"] for case in yaml.safe_load((OPS / "prometheus" / "tests.yaml").read_text())["tests"]]
    assert sorted(cases) == sorted(f"{name} {what}" for name in ALERTS for what in ("fires", "stays silent"))
    for name, alert in ALERTS.items():
        assert alert["labels"]["severity"] in {"page", "ticket"}, name
        assert alert["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
        assert (ROOT / "docs" / "runbooks" / f"{name}.md").read_text().startswith(f"# {name}\n")
    for path in (ROOT / "docs" / "runbooks").glob("[A-Z]*.md"):
        assert path.stem in ALERTS, "a runbook of no alert"


def test_the_alerts_that_were_asked_for_are_there():
    assert {"ErrorRateHigh", "LatencyP95High", "DatabaseConnectionFailing", "MemoryHigh"} <= set(ALERTS)


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool here (Debian and Ubuntu: the package prometheus)"
)
def test_every_alert_fires_and_stays_silent_as_its_cases_say():
    done = subprocess.run(
        ["promtool", "test", "rules", "tests.yaml"], cwd=OPS / "prometheus", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
