"""`python -m bench.payouts [SELLERS] [ROWS]`: release sellers' holds, pay them out, read a history as CSV.

Asked for: ten times the sellers within eleven times the time, 50,000 rows a second, memory flat in both. The rows are
put in by SQL with the triggers off, because what is measured is the way out.
"""

import argparse
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from uuid import UUID

import psycopg

from bench import filling, stage
from bench.machine import Cores, memory_mib, on
from bench.money import MoneyRow
from bench.stage import Stage

SELLERS = 100_000
ROWS = 1_000_000
RATIO_MAX = 11.0
ROWS_PER_SECOND_MIN = 50_000
MEMORY_GROWS_MIB_MAX = 64.0
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Release:
    """One run of the schedule."""

    sellers: int
    seconds: float
    memory_mib: float


@dataclass(frozen=True)
class Paying:
    """One payout run: schedules claimed, and a payout asked for on each."""

    sellers: int
    seconds: float
    memory_mib: float


@dataclass(frozen=True)
class File:
    """One CSV file, read to its end."""

    rows: int
    megabytes: float
    seconds: float
    grown_mib: float


@dataclass(frozen=True)
class Found:
    """All that was measured."""

    few: Release
    many: Release
    few_paid: Paying
    many_paid: Paying
    file: File

    @property
    def rows(self) -> list[MoneyRow]:
        """What is held against what is asked for: ten times the sellers in eleven times the time is a ratio of 0.91."""
        return [
            MoneyRow(
                f"{name}, {many.sellers:,} sellers a second",
                many.sellers / many.seconds,
                f"the same with {few.sellers:,}",
                few.sellers / few.seconds,
                10 / RATIO_MAX,
            )
            for name, few, many in (
                ("holds released", self.few, self.many),
                ("payout run", self.few_paid, self.many_paid),
            )
        ] + [MoneyRow("rows of CSV", self.file.rows / self.file.seconds, "asked for", ROWS_PER_SECOND_MIN, 1)]

    @property
    def grown(self) -> dict[str, float]:
        """By how much memory grew, in MiB."""
        return {
            "release of holds": self.many.memory_mib - self.few.memory_mib,
            "payout run": self.many_paid.memory_mib - self.few_paid.memory_mib,
            "service that writes a CSV": self.file.grown_mib,
        }


def main(sellers: int, rows: int) -> int:
    """Measure and report; 1 when something is below what is asked for."""
    with stage.running(Cores.of_this_machine()) as at:
        found = look(at, sellers, rows)
    print("| payouts | ratio | asked | yardstick | per second |\n|---|---|---|---|---|")
    for row in found.rows:
        beside = f"{row.yardstick}, {row.yardstick_per_second:,.0f}/s"
        print(f"| {row.path} | {row.ratio:.2f} | {row.at_least:.2f} | {beside} | {row.per_second:,.0f} |")
    for name, grown in found.grown.items():
        print(f"- memory of the {name}: {grown:+.0f} MiB (asked: flat)")
    is_flat = max(found.grown.values()) <= MEMORY_GROWS_MIB_MAX
    return int(any(row.ratio < row.at_least for row in found.rows) or not is_flat)


def measure(at: Stage) -> tuple[list[MoneyRow], dict[str, str]]:
    """As a part of `make bench`."""
    found = look(at, SELLERS, ROWS)
    grown = ", ".join(f"{name} {by:+.0f} MiB" for name, by in found.grown.items())
    return found.rows, {"memory for ten times the sellers, and for a million rows": f"{grown} (asked: flat)"}


def look(at: Stage, sellers: int, rows: int) -> Found:
    """A tenth of the sellers, then all of them; then a history of so many rows."""
    fill(at.url, filling.HOLDS, tag="warm", count=500)
    _release(at, 500)
    few, few_paid = _measured(at, sellers // 10)
    many, many_paid = _measured(at, sellers)
    fill(at.url, filling.HISTORY, owner=at.user_id, count=rows)
    return Found(few, many, few_paid, many_paid, _read(at, rows))


def fill(url: str, statements: tuple[str, ...], **values: int | str | UUID) -> None:
    """Put rows in past the triggers, then let the server know what it has."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET statement_timeout = 0")
        for statement in statements:
            text = statement
            for name in values:
                text = text.replace(f":{name}", f"%({name})s")
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text.encode(), used or None)
            if "TEMP TABLE" in statement:
                connection.execute(f"ANALYZE {statement.split()[3]}".encode())
        connection.execute("VACUUM ANALYZE")


def _measured(at: Stage, sellers: int) -> tuple[Release, Paying]:
    tag = f"of{sellers}x"
    fill(at.url, filling.HOLDS, tag=tag, count=sellers)
    released = _release(at, sellers)
    fill(at.url, filling.SCHEDULES, tag=tag, count=sellers)
    return released, _pay(at, sellers)


def _pay(at: Stage, sellers: int) -> Paying:
    command = on(at.cores.serving, sys.executable, "-m", "bench.paying", at.url)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, memory = map(float, said.splitlines()[-1].split())
    with psycopg.connect(at.url) as connection:
        # What is sent to the provider is another bench's: here they wait, and must not be in the next run's way.
        connection.execute("TRUNCATE procrastinate_jobs CASCADE")
        row = connection.execute(
            "SELECT count(*) FROM payouts WHERE created_at > now() - make_interval(secs => %s)", (seconds + 60,)
        ).fetchone()
    if row is None or row[0] < sellers:
        raise SystemExit(f"not every seller was paid out: {row} of {sellers}: nothing to report")
    return Paying(sellers, seconds, memory)


def _release(at: Stage, sellers: int) -> Release:
    command = on(at.cores.serving, sys.executable, "-m", "bench.resting", at.url)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, memory = map(float, said.splitlines()[-1].split())
    with psycopg.connect(at.url) as connection:
        row = connection.execute(
            # What parts before this one have sold rests for days: that is not asked for.
            "SELECT (SELECT count(*) FROM holds WHERE released_at IS NULL AND release_at <= now()),"
            " (SELECT sum(posted) FROM ledger_totals WHERE name = 'pending' AND owner_id IS NOT NULL)"
            " - (SELECT coalesce(sum(remaining), 0) FROM holds WHERE released_at IS NULL)"
        ).fetchone()
    if row is None or row[0] or row[1]:
        raise SystemExit(f"not everything was released: {row}: nothing to report")
    return Release(sellers, seconds, memory)


def _read(at: Stage, rows: int) -> File:
    url = f"{at.base}/api/v1/transactions"
    headers = {"Authorization": f"Bearer {at.access}", "Accept": "text/csv"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}?to=2026-01-02", headers=headers), timeout=60) as reply:
        reply.read()  # warm
    before = peak = memory_mib(at.pid)
    began, size, lines = time.monotonic(), 0, 0
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as reply:
        while chunk := reply.read(_CHUNK):
            size, lines = size + len(chunk), lines + chunk.count(b"\n")
            peak = max(peak, memory_mib(at.pid))
    seconds = time.monotonic() - began
    if lines != rows + 1:
        raise SystemExit(f"{lines} lines came of {rows + 1}: nothing to report")
    return File(rows, size / 1e6, seconds, peak - before)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.payouts", description="Measure the way of money out.")
    parser.add_argument("sellers", nargs="?", type=int, default=SELLERS)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS)
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    sys.exit(main(asked.sellers, asked.rows))
