"""`make bench`: every row against its yardstick, in one run; the table goes to the console and to bench/README.md."""

import contextlib
import json
import pathlib
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from statistics import median

import psycopg

from bench import driving, money, outbound, payouts, report, sdk, stage
from bench.driving import Load, ask, one_body_each, script
from bench.machine import Cores, memory_mib, on, process, wait_until_answers
from bench.money import MoneyRow
from bench.stage import EMAIL, PASSWORD, Stage

SECONDS = 2
ROUNDS = 9
READS_MIN = 50_000
SESSIONS = 60_000


@dataclass(frozen=True)
class Row:
    """One path: the round whose ratio is the median, the yardstick's of that round, and all rounds' ratios."""

    path: str
    measured: Load
    yardstick: str
    yardstick_per_second: float
    at_least: float
    ratios: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Measured over yardstick."""
        return self.measured.per_second / self.yardstick_per_second

    @classmethod
    def of(cls, path: str, rounds: Sequence[tuple[Load, float]], yardstick: str, at_least: float) -> "Row":
        """Of an odd number of rounds, in each of which the path and its yardstick were measured one after the other."""
        ordered = sorted(rounds, key=lambda one: one[0].per_second / one[1])
        load, beside = ordered[len(ordered) // 2]
        return cls(path, load, yardstick, beside, at_least, tuple(found.per_second / by for found, by in ordered))


def main() -> int:
    """Measure and report; 1 when a ratio is below what is asked for."""
    if driving.wrk_is_missing():
        print("the bench needs wrk (Debian and Ubuntu: apt-get install wrk)", file=sys.stderr)
        return 1
    cores = Cores.of_this_machine()
    with stage.running(cores) as at:
        rows, notes = measure(at)
        others: list[MoneyRow] = []
        for part in (money.measure, outbound.measure, payouts.measure, sdk.measure):
            report.write(report.table(rows, others, notes, cores))  # a later part that fails loses no earlier one
            found, more = part(at)
            others += found
            notes |= more
    text = report.table(rows, others, notes, cores)
    print(text)
    report.write(text)
    every: list[Row | MoneyRow] = [*rows, *others]
    return int(any(row.ratio < row.at_least for row in every))


def measure(at: Stage) -> tuple[list[Row], dict[str, str]]:
    """Every row; a path and its yardstick take turns, for what the machine gives changes from second to second."""
    signed = {"Authorization": f"Bearer {at.access}"}
    me = f"{at.base}/api/v1/users/me"
    request = urllib.request.Request(me, headers=signed)
    with urllib.request.urlopen(request, timeout=10) as reply:
        body, etag = reply.read(), reply.headers["ETag"]
    entitled(at)
    read = script(headers=signed)
    unchanged = script(headers=signed | {"If-None-Match": etag})
    # An idempotency key takes a call past `entry/direct.py` to FastAPI: the same endpoint, the same bytes.
    layered = script(headers=signed | {"Idempotency-Key": "bench"})
    _ask(at, me, read)
    before, asked = memory_mib(at.pid), 0
    rounds: list[dict[str, Load]] = []
    with _bare(at, body) as bare:
        for _ in range(ROUNDS):
            found = {
                "bare": bare(),
                "me": _ask(at, me, read),
                "304": _ask(at, me, unchanged),
                "entitlements": _ask(at, f"{at.base}/api/v1/entitlements", read),
                "layered": _ask(at, me, layered),
            }
            if found["304"].bytes_each > found["me"].bytes_each - len(body):
                raise SystemExit("the answers to If-None-Match had a body: no 304, nothing to report")
            rounds.append(found)
            asked += found["me"].requests
    while asked < READS_MIN:
        asked += _ask(at, me, read).requests
    after = memory_mib(at.pid)

    def row(path: str, name: str, beside: str, yardstick: str, at_least: float) -> Row:
        return Row.of(path, [(one[name], one[beside].per_second) for one in rounds], yardstick, at_least)

    profile = row("GET /users/me", "me", "bare", "bare ASGI app", 0.25)
    through = row("", "layered", "me", "", 0)
    rows = [
        profile,
        row("304 on If-None-Match", "304", "bare", "bare ASGI app", 0.28),
        row("GET /entitlements", "entitlements", "me", "GET /users/me", 0.9),
        _refresh(at),
        _login(at),
    ]
    notes = {
        "start to first answer": f"{at.seconds_to_first_answer:.2f} s (process start, schema seen)",
        "memory": f"{before:.0f} MiB warm, {after:.0f} MiB after {asked:,} more profile reads",
        "GET /users/me through FastAPI's layers": (
            f"{through.measured.per_second:,.0f}/s, {through.measured.cpu_us:.0f} us: the route beside FastAPI gains"
            f" {1 / through.ratio:.2f} times"
        ),
        "bare app": f"{median(one['bare'].cpu_us for one in rounds):.0f} us of processor time a request",
    }
    return rows, notes


def entitled(at: Stage) -> None:
    """Let the reader have something to be told of."""
    with psycopg.connect(at.url) as connection:
        connection.execute(
            "INSERT INTO entitlements (id, user_id, feature, source_id, starts_at, ends_at, updated_at)"
            " VALUES (gen_random_uuid(), %s, gen_random_uuid()::text, gen_random_uuid(), now(),"
            " now() + interval '30 days', now())",
            (at.user_id,),
        )


def _ask(at: Stage, url: str, lua: str, *, seconds: int = SECONDS, connections: int = 16) -> Load:
    found = ask(url, cores=at.cores, pid=at.pid, folder=at.folder, seconds=seconds, connections=connections, script=lua)
    if found.refused or found.broken:
        raise SystemExit(f"{url}: {found.refused} answers were errors, {found.broken} were none: nothing to report")
    return found


@contextlib.contextmanager
def _bare(at: Stage, body: bytes) -> Generator[Callable[[], Load], None, None]:
    port, file = stage.free_port(), at.folder / "body.json"
    file.write_bytes(body)
    environment = {"BENCH_BODY": str(file), "BENCH_PORT": str(port)}
    command = on(at.cores.serving, sys.executable, "-m", "bench.bare")
    with process(command, environment, at.folder / "bare.log") as pid:
        url = f"http://127.0.0.1:{port}/"
        wait_until_answers(url)
        yield lambda: ask(url, cores=at.cores, pid=pid, folder=at.folder, seconds=SECONDS)


def _refresh(at: Stage) -> Row:
    path = "/api/v1/auth/refresh"
    rotation = _rotation(at)
    rounds: list[tuple[Load, float]] = []
    for _ in range(ROUNDS):
        pgbench = _pgbench(at, rotation)
        bodies = at.refresh_bodies(SESSIONS // ROUNDS)
        rounds.append((_ask(at, f"{at.base}{path}", one_body_each(path, bodies), connections=8), pgbench))
    return Row.of("POST /auth/refresh", rounds, "pgbench, same statements", 0.20)


def _rotation(at: Stage) -> pathlib.Path:
    """The rotation's own SQL for pgbench, and the sessions that it turns."""
    at.refresh_bodies(SESSIONS)
    selectors = at.folder / "selectors.txt"
    with_rows = at.folder / "rotate.sql"
    with_rows.write_text(
        "\\set n random(1, " + str(SESSIONS) + ")\n"
        "UPDATE refresh_tokens SET generation = generation + 1, epoch = epoch + 1, grace_answers = 0,"
        " rotated_at = (rotated_at || now())[greatest(1, cardinality(rotated_at) - 2):], last_used_at = now(),"
        " expires_at = least(absolute_expires_at, now() + make_interval(secs => 1209600)), key_id = 'bench',"
        " address = '127.0.0.1', address_bucket = '127.0.0.1'"
        " WHERE token = (SELECT token FROM bench_tokens WHERE n = :n) AND generation > 0 AND revoked_at IS NULL"
        " AND expires_at > now() AND absolute_expires_at > now() RETURNING id, user_id, generation, epoch;\n"
    )
    with psycopg.connect(at.url) as connection:
        connection.execute("DROP TABLE IF EXISTS bench_tokens")
        connection.execute("CREATE TABLE bench_tokens (n int PRIMARY KEY, token text)")
        with connection.cursor().copy("COPY bench_tokens FROM STDIN") as copy:
            for number, token in enumerate(selectors.read_text().split(), start=1):
                copy.write_row((number, token))
    return with_rows


def _pgbench(at: Stage, script_file: pathlib.Path) -> float:
    """In the place of the service: same core, same number of connections."""
    program = at.server.programs / "pgbench"
    options = ("-n", "-M", "prepared", "-c", "8", "-j", "1", "-T", str(SECONDS), "-f", script_file)
    done = subprocess.run(
        on(at.cores.serving, program, *options, at.url),
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS + 60,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps ="))
    return float(line.split()[2])


def _login(at: Stage) -> Row:
    body = json.dumps({"email": EMAIL, "password": PASSWORD})
    rounds: list[tuple[Load, float]] = []
    for _ in range(ROUNDS):
        done = subprocess.run(
            on(at.cores.serving, sys.executable, "-m", "bench.argon", str(SECONDS)),
            check=True,
            capture_output=True,
            text=True,
            timeout=SECONDS + 60,
        )
        measured = _ask(at, f"{at.base}/api/v1/auth/login", script("POST", body=body), connections=4)
        rounds.append((measured, float(done.stdout)))
    return Row.of("POST /auth/login", rounds, "Argon2 alone", 0.90)


if __name__ == "__main__":
    sys.exit(main())
