"""The tools that read: dependencies, code, secrets, the workflow; and the tests that call every route as everybody."""

import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from .findings import ROOT, Result, cannot_tell, failed, judged, passed, rights_table

BIN = pathlib.Path(sys.executable).parent
SECONDS_MAX = 600
REVIEWED = pathlib.Path(__file__).with_name("reviewed-secrets.txt")
_NOT_SCANNED = (r"^requirements/.*\.txt$", r"reviewed-secrets\.txt$")
_WHY_LENGTH_MAX = 1_000
_RIGHTS = "tests/flows/test_authorisation.py"
Json = dict[str, Any]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A program of this environment.

    Raises:
        subprocess.TimeoutExpired, OSError: it gave no answer.
    """
    return subprocess.run(
        [BIN / words[0], *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS_MAX
    )


def dependencies() -> Result:
    """Known holes in what production installs. It asks the advisory service, so it needs the network."""
    lock = "requirements/run.txt"
    done = run(
        "pip-audit", "--disable-pip", "--require-hashes", "--requirement", lock, "--format", "json",
        "--progress-spinner", "off",
    )  # fmt: skip
    return judge_dependencies(done.stdout, done.stderr)


def judge_dependencies(out: str, err: str) -> Result:
    """What pip-audit's answer means: one that is no whole list tells nothing."""
    try:
        listed: list[Json] = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = err.strip().splitlines()[-1:] or ["no answer"]
        return cannot_tell("pip-audit", f"the advisories were not read (no network?): {last[0][:200]}")
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'nothing yet'}"
        for one in listed
        for hole in one.get("vulns", ())
    ]
    skipped = [f"{one['name']}: {one['skip_reason']}" for one in listed if "skip_reason" in one]
    if holes:
        return failed("pip-audit", [*holes, *skipped], findings=len(holes))
    if skipped or not listed:
        return cannot_tell("pip-audit", f"not looked up: {'; '.join(skipped) or 'anything'}")
    return passed("pip-audit", [f"{len(listed)} packages looked up"])


def code() -> Result:
    """Dangerous calls. What stays says why beside it; low ones are ruff's S rules, which `make check` holds."""
    done = run("bandit", "--quiet", "--recursive", "--format", "json", "src")
    return judge_code(done.stdout)


def judge_code(out: str) -> Result:
    """Medium and high must not stay."""
    try:
        report: Json = json.loads(out)
        found, broken = report["results"], report["errors"]
    except (ValueError, KeyError, TypeError):
        return cannot_tell("bandit", "it gave no report")
    if broken:
        return cannot_tell("bandit", f"not read: {broken[0]}")
    grave = [one for one in found if one["issue_severity"] != "LOW"]
    lines = [f"{one['filename']}:{one['line_number']}: {one['test_id']} {one['issue_text']}" for one in grave]
    high = sum(one["issue_severity"] == "HIGH" for one in found)
    if lines:
        return failed("bandit", lines, findings=len(found), high=high)
    return passed("bandit", [f"{len(found)} of low severity, each judged by ruff's S rules"], findings=len(found))


def secrets() -> Result:
    """Secrets in what git tracks, but for those that somebody has looked at."""
    return judge_secrets(found_secrets(), reviewed_secrets())


def judge_secrets(found: Mapping[str, str], reviewed: Iterable[str]) -> Result:
    """`found`: what it is, and where. What is reviewed no longer needs to be there."""
    known = set(reviewed)
    return judged("detect-secrets", [where for name, where in sorted(found.items()) if name not in known])


def found_secrets() -> dict[str, str]:
    """Name -> place. A name is the file, the kind and a digest: it stays when lines move.

    Raises:
        ValueError: no report.
    """
    words = [part for pattern in _NOT_SCANNED for part in ("--exclude-files", pattern)]
    results: dict[str, list[Json]] = json.loads(run("detect-secrets", "scan", *words).stdout)["results"]
    return {
        f"{path} {one['type'].replace(' ', '-')} {one['hashed_secret'][:16]}": (
            f"{path}:{one['line_number']}: {one['type']}"
        )
        for path, listed in results.items()
        for one in listed
    }


def reviewed_secrets() -> list[str]:
    """The names that somebody has looked at."""
    return [line for line in REVIEWED.read_text().splitlines() if line and not line.startswith("#")]


def accept_secrets() -> Sequence[str]:
    """Write what is there now as reviewed; the places that are new. Whoever commits the file has looked at them."""
    found, known = found_secrets(), set(reviewed_secrets())
    head = "# Looked at, and no secret: names of variables, examples, keys of tests. `make audit` tells what is new.\n"
    REVIEWED.write_text(head + "".join(f"{name}\n" for name in sorted(found)))
    return [where for name, where in sorted(found.items()) if name not in known]


def workflow() -> Result:
    """What the workflow could be made to do."""
    done = run("zizmor", "--offline", "--quiet", "--format", "json", ".github")
    try:
        listed: list[Json] = json.loads(done.stdout)
    except ValueError:
        return cannot_tell("zizmor", "it gave no report")
    return judged("zizmor", [f"{one['ident']}: {one['desc']}" for one in listed])


def rights() -> Result:
    """Every route as everybody, by the tests that `make test` runs as well."""
    with tempfile.TemporaryDirectory(prefix="cleanly-audit") as folder:
        file = pathlib.Path(folder) / "rights.xml"
        run(
            "python",
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-o",
            "junit_family=xunit1",
            f"--junitxml={file}",
            _RIGHTS,
        )
        return judge_rights(file.read_text() if file.exists() else "")


def judge_rights(report: str) -> Result:
    """`report`: pytest's, with the table as a property of the test that made it."""
    try:
        tree = ET.fromstring(report)
    except ET.ParseError:
        return cannot_tell("authorisation", "the tests did not run")
    cases = tree.findall(".//testcase")
    lines: list[Json] = []
    for found in tree.findall(".//property[@name='authorisation']"):
        lines = json.loads(found.get("value", "[]"))
    faults = [f"{line['operation']}: {fault}" for line in lines for fault in line["faults"]]
    broken = [
        f"{one.get('name')}: {why.get('message', '')[:_WHY_LENGTH_MAX]}"
        for one in cases
        for why in (*one.findall("failure"), *one.findall("error"))
    ]
    if not broken and (not cases or not lines):
        return cannot_tell("authorisation", "the tests did not run")
    return judged("authorisation", faults or broken, table=rights_table(lines))
