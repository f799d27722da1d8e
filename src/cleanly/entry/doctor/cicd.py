"""The way to production: green on what runs, pinned, and the only one."""

import json
import pathlib
import sys
from typing import Any

from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.render import processes
from cleanly.entry.doctor.subject import API, Subject
from cleanly.entry.doctor.verdicts import CannotTell, Verdict, failed, judged, needs, passed

MAIN = "main"
_GOOD = {"success", "skipped", "neutral"}
_FOUND = range(11, 15)  # how zizmor ends when it found something, by severity
_COMMIT_LENGTH_MIN = 7


async def deployed(subject: Subject) -> str:
    """The commit that answers at the live address, as much of it as its version tells.

    Raises:
        CannotTell: it does not tell.
    """
    answer = await subject.get(f"{subject.live}{API}/health")
    try:
        read: Any = json.loads(answer.body)
        commit = str(read["version"]).partition("+")[2]
    except (ValueError, KeyError, TypeError) as error:
        raise CannotTell(f"{API}/health answers {answer.status} and no version") from error
    if len(commit) < _COMMIT_LENGTH_MIN:
        raise CannotTell("the running version tells no commit")
    return subject.commit if subject.commit.startswith(commit) else commit


async def green(subject: Subject) -> Verdict:
    """Every job passed on the commit that runs."""
    if subject.settings.github_token is None:
        raise needs("GITHUB_TOKEN")
    commit = await deployed(subject)
    runs = await subject.github.runs(commit)
    if not runs:
        return failed(f"no job ever ran on {commit[:12]}")
    faults = [f"{run.name}: {run.conclusion} {run.html_url}" for run in runs if run.conclusion not in {*_GOOD, None}]
    unknown = [f"{run.name} is {run.status}" for run in runs if run.conclusion is None]
    return judged(faults, f"{len(runs)} jobs on {commit[:12]}", unknown=unknown)


async def pinned(subject: Subject) -> Verdict:
    """Nothing is found in the workflows."""
    if not (subject.root / ".github" / "workflows").is_dir():
        raise CannotTell("there is no checkout here: .github/workflows is missing")
    program = pathlib.Path(sys.executable).with_name("zizmor")
    ran = await subject.run([str(program), "--offline", "--quiet", "--no-progress", ".github"], subject.root)
    if ran.code in _FOUND:
        return failed("zizmor has findings")
    if ran.code != 0:
        raise CannotTell(f"zizmor ended with {ran.code}")
    return passed("zizmor has nothing to say")


async def single(subject: Subject) -> Verdict:
    """Nobody pushes to main unasked, and nothing but the workflow deploys."""
    faults = [] if await subject.github.is_protected(MAIN) else [f"{MAIN} is not protected"]
    unknown: list[str] = []
    for planned, there in await processes(subject):
        word = there.auto_deploy_trigger or there.auto_deploy
        if word is None:
            unknown.append(f"{planned.name}: Render does not tell whether it deploys by itself")
        elif word not in {"off", "no"}:
            faults.append(f"{planned.name} deploys by itself ({word})")
    return judged(faults, f"{MAIN} is protected; nothing deploys by itself", unknown=unknown)


CHECKS = (
    Check("cicd.green", green, "open the run's address, mend it, deploy again"),
    Check("cicd.pinned", pinned, "run zizmor --offline .github and mend what it names"),
    Check("cicd.single", single, "GitHub: protect main; Render: switch auto-deploy off"),
)
