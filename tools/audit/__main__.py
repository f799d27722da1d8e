"""Run the audit and write its report.

    PYTHONPATH=tools python -m audit [--live URL] [--need NAME ...] [--only NAME ...] [--accept-secrets]

Exit code 1 if a check fails, or cannot tell though it is named by `--need`.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from . import scanners, service, transport
from .findings import ROOT, Result, cannot_tell, write

AT_ONCE = 2
Check = Callable[[], Result]


def checks(live: str | None) -> Mapping[str, Check]:
    """By the name in the report, the slow ones first."""
    return {
        "bandit": scanners.code,
        "authorisation": scanners.rights,
        "headers": service.headers,
        "detect-secrets": scanners.secrets,
        "pip-audit": scanners.dependencies,
        "zizmor": scanners.workflow,
        "tls": transport.outgoing,
        "live": lambda: transport.live(live),
    }


def asked(name: str, check: Check) -> Result:
    """A check that breaks tells nothing."""
    try:
        return check()
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        return cannot_tell(name, f"{type(error).__name__}: {error}"[:300])


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="audit", description="The security audit.")
    parser.add_argument("--live", metavar="URL", help="ask this service as well")
    parser.add_argument("--need", metavar="NAME", action="append", default=[], help="may not be `cannot tell`")
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="run these alone, no report")
    parser.add_argument("--accept-secrets", action="store_true", help="what is found now is reviewed")
    given = parser.parse_args(arguments)
    if given.accept_secrets:
        print("\n".join(scanners.accept_secrets()) or "nothing new")
        return 0
    every = checks(given.live or None)
    if unknown := {*given.need, *given.only} - {*every}:
        parser.error(f"there is no check {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    chosen = {name: check for name, check in every.items() if not given.only or name in given.only}
    results: list[Result] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for result in pool.map(asked, chosen.keys(), chosen.values()):
            print(f"{result.status:<12}{result.tool}", flush=True)
            if result.status != "pass":
                print("\n".join(f"            {line}" for line in result.lines[:50]), flush=True)
            results.append(result)
    if not given.only:
        write(ROOT / "audit", results, finished_at=_now(), commit=_commit())
        print("audit/report.md, audit/report.json")
    return int(any(one.status == "fail" or (one.status != "pass" and one.tool in given.need) for one in results))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _commit() -> str:
    """What was looked at; `+changes` if it is not quite that commit."""
    git = ("git", "-C", str(ROOT))
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False).stdout
    return (head or "unknown") + ("+changes" if changed.strip() else "")


if __name__ == "__main__":
    sys.exit(main())
