"""A run written down: report.json for `cleanly doctor`, report.md for people."""

import json
import os
import pathlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.load.findings import Figures, Payments, Truth
from bench.load.plan import Plan


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that a report tells."""

    plan: Plan
    version: str
    commit: str
    finished_at: datetime
    run: Figures
    calls: Mapping[str, Figures]
    fates: Mapping[str, int]
    phones_on_bad: int
    truth: Truth
    pool_timeouts: int | None
    complaints: Sequence[str]


def as_json(result: Result) -> str:
    """The shape that the deployment check reads. Null: it was not to be learned."""
    return json.dumps(
        {
            "version": result.version,
            "finishedAt": result.finished_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "commit": result.commit,
            "targetRate": result.plan.rate,
            "achievedRate": round(result.run.per_second, 2),
            "p50Ms": _rounded(result.run.p50_ms),
            "p95Ms": _rounded(result.run.p95_ms),
            "p99Ms": _rounded(result.run.p99_ms),
            "errorShare": round(result.run.error_share, 6),
            "poolTimeouts": result.pool_timeouts,
        },
        indent=2,
    )


def as_markdown(result: Result, *, picture: str) -> str:
    """For people: what was asked, what came, and what was true afterwards."""
    plan, run, truth = result.plan, result.run, result.truth
    lines = [
        "# Load test",
        "",
        (
            f"{result.finished_at:%Y-%m-%d %H:%M} UTC, version {result.version}, against {plan.url}; phones on"
            f" {os.cpu_count()} cores ({platform.machine()}), which a service on this machine shares with them."
        ),
        "",
        (
            f"{plan.users} phones for {plan.seconds:.0f} s, {result.phones_on_bad} of them on a bad network;"
            f" {plan.rate:g} calls a second asked for, {run.per_second:.1f} answered."
        ),
        "",
        f"![throughput, durations and errors over time]({picture})",
        "",
        "**Passed.**" if not result.complaints else "**Failed:** " + "; ".join(result.complaints) + ".",
        "",
        "| call | answered | a second | p50 ms | p95 ms | p99 ms | failed |",
        "|---|---|---|---|---|---|---|",
        *(_row(name, found) for name, found in result.calls.items()),
        _row("**all**", run),
        "",
        f"Durations are those of phones on good networks. Replies on the bad one: {_told(result.fates)}.",
        "",
        "| afterwards | |",
        "|---|---|",
        f"| payments by key | {_payments(truth.payments)} |",
        f"| sessions | {truth.sessions}, {len(truth.sessions_lost)} lost |",
        f"| trial balance, moved | {_told(truth.trial_balance or {}) or 'not to be learned here'} |",
        f"| database | {_books(result)} |",
        f"| waits for a connection in vain | {'not told' if result.pool_timeouts is None else result.pool_timeouts} |",
    ]
    return "\n".join(lines) + "\n"


def write(result: Result, folder: pathlib.Path, *, picture: str) -> None:
    """Both files."""
    (folder / "report.json").write_text(as_json(result) + "\n")
    (folder / "report.md").write_text(as_markdown(result, picture=picture))


def _row(name: str, found: Figures) -> str:
    times = " | ".join(f"{one:.1f}" if one is not None else "" for one in (found.p50_ms, found.p95_ms, found.p99_ms))
    return f"| {name} | {found.answered} | {found.per_second:.1f} | {times} | {_told(found.faults) or 0} |"


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


def _payments(found: Payments) -> str:
    if found.is_sound:
        return f"{found.keys}, each exactly one"
    return (
        f"{found.keys}: {len(found.twice)} twice, {len(found.missing)} missing, {len(found.other)} other than told,"
        f" {len(found.unsettled)} without an answer"
    )


def _books(result: Result) -> str:
    books = result.truth.books
    if books is None:
        return "not at hand"
    return (
        f"{books.payments} payments, {books.keys_twice} keys twice, {books.drift} balances drifted,"
        f" {books.faults} faults in the ledger"
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
