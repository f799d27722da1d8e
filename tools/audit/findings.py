"""What a check of the audit says, and the two files that it is written to."""

import json
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["pass", "fail", "cannot tell"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = 1
LINES_MAX = 200


@dataclass(frozen=True, slots=True)
class Result:
    """`findings`: all that was found; `high`: of these, what must not stay. `lines`: what they are, for a person.

    `table`: more for the report, in Markdown.
    """

    tool: str
    status: Status
    findings: int = 0
    high: int = 0
    lines: tuple[str, ...] = ()
    table: str = ""


def passed(tool: str, lines: Sequence[str] = (), *, findings: int = 0, table: str = "") -> Result:
    """Nothing that must not be."""
    return Result(tool, "pass", findings=findings, lines=tuple(lines), table=table)


def failed(
    tool: str, lines: Sequence[str], *, findings: int | None = None, high: int | None = None, table: str = ""
) -> Result:
    """Something that must not be: each of `lines`, unless the numbers say otherwise."""
    found = len(lines) if findings is None else findings
    return Result(tool, "fail", found, found if high is None else high, tuple(lines), table)


def cannot_tell(tool: str, why: str) -> Result:
    """Never a pass."""
    return Result(tool, "cannot tell", lines=(why,))


def judged(tool: str, faults: Sequence[str], *, table: str = "") -> Result:
    """A pass if there is no fault."""
    return failed(tool, faults, table=table) if faults else passed(tool, table=table)


def write(folder: pathlib.Path, results: Sequence[Result], *, finished_at: str, commit: str) -> None:
    """`report.json` for programs, `report.md` for people."""
    folder.mkdir(parents=True, exist_ok=True)
    told = [{"tool": one.tool, "status": one.status, "findings": one.findings, "high": one.high} for one in results]
    report = {"version": VERSION, "finishedAt": finished_at, "commit": commit, "results": told}
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    (folder / "report.md").write_text(as_markdown(results, finished_at=finished_at, commit=commit))


def as_markdown(results: Sequence[Result], *, finished_at: str, commit: str) -> str:
    """A table of the checks, then each with what it found."""
    text = [f"# Security audit\n\nCommit `{commit}`, finished {finished_at}.\n"]
    text += ["| check | status | findings | high |", "|---|---|---|---|"]
    text += [f"| {one.tool} | {one.status} | {one.findings} | {one.high} |" for one in results]
    for one in results:
        if one.lines or one.table:
            text.append(f"\n## {one.tool}: {one.status}\n")
        text += [f"- {line}" for line in one.lines[:LINES_MAX]]
        if one.table:
            text.append(f"\n{one.table}" if one.lines else one.table)
    return "\n".join(text) + "\n"


def rights_table(lines: Sequence[Mapping[str, Any]]) -> str:
    """Operations by roles, each with the answer that was got."""
    roles = ["anonymous", "owner", "counterpart", "other", "admin"]
    text = [f"| operation | {' | '.join(roles)} |", "|---" * (len(roles) + 1) + "|"]
    for line in lines:
        cells = [line["roles"].get(role, "") for role in roles]
        text.append(f"| `{line['operation']}` | {' | '.join(cells)} |")
    return "\n".join(text)
