"""`make bench`: every row against its yardstick, in one run; the table goes to the console and to bench/README.md."""

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass

import psycopg

from bench import driving, money, outbound, payouts, report, sdk, stage
from bench.driving import Load, ask, one_body_each, script
from bench.machine import Cores, memory_mib, on, process, wait_until_answers
from bench.money import MoneyRow
from bench.stage import EMAIL, PASSWORD, Stage

SECONDS = 8
WARM_SECONDS = 3
SESSIONS = 60_000


@dataclass(frozen=True)
class Row:
    """One path: what was measured, its yardstick, and the ratio that is asked for."""

    path: str
    measured: Load
    yardstick: str
    yardstick_per_second: float
    at_least: float

    @property
    def ratio(self) -> float:
        """Measured over yardstick."""
        return self.measured.per_second / self.yardstick_per_second


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
    """Every row; the yardstick of each is taken right beside it."""
    signed = {"Authorization": f"Bearer {at.access}"}
    me = f"{at.base}/api/v1/users/me"
    request = urllib.request.Request(me, headers=signed)
    with urllib.request.urlopen(request, timeout=10) as reply:
        body, etag = reply.read(), reply.headers["ETag"]
    bare = _bare(at, body)
    _ask(at, me, script(headers=signed), seconds=WARM_SECONDS)
    before = memory_mib(at.pid)
    profile = _ask(at, me, script(headers=signed))
    asked = profile.requests
    while asked < 50_000:
        asked += _ask(at, me, script(headers=signed)).requests
    after = memory_mib(at.pid)
    unchanged = _ask(at, me, script(headers=signed | {"If-None-Match": etag.replace('"', '\\"')}))
    entitled(at)
    entitlements = _ask(at, f"{at.base}/api/v1/entitlements", script(headers=signed))
    # An idempotency key takes a call past `entry/direct.py` to FastAPI: the same endpoint, the same bytes.
    layered = _ask(at, me, script(headers=signed | {"Idempotency-Key": "bench"}))
    bare_again = _bare(at, body)
    between = (bare.per_second + bare_again.per_second) / 2
    rows = [
        Row("GET /users/me", profile, "bare ASGI app", between, 0.25),
        Row("304 on If-None-Match", unchanged, "bare ASGI app", between, 0.28),
        Row("GET /entitlements", entitlements, "GET /users/me", profile.per_second, 0.9),
        _refresh(at),
        _login(at),
    ]
    notes = {
        "start to first answer": f"{at.seconds_to_first_answer:.2f} s (process start, schema seen)",
        "memory": f"{before:.0f} MiB warm, {after:.0f} MiB after {asked:,} more profile reads",
        "GET /users/me through FastAPI's layers": (
            f"{layered.per_second:,.0f}/s, {layered.cpu_us:.0f} us: the route beside FastAPI gains"
            f" {profile.per_second / layered.per_second:.2f} times"
        ),
        "bare app": f"{bare.per_second:,.0f}/s before, {bare_again.per_second:,.0f}/s after, {bare.cpu_us:.0f} us",
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


def _bare(at: Stage, body: bytes) -> Load:
    port, file = stage.free_port(), at.folder / "body.json"
    file.write_bytes(body)
    environment = {"BENCH_BODY": str(file), "BENCH_PORT": str(port)}
    command = on(at.cores.serving, sys.executable, "-m", "bench.bare")
    with process(command, environment, at.folder / "bare.log") as pid:
        url = f"http://127.0.0.1:{port}/"
        wait_until_answers(url)
        return ask(url, cores=at.cores, pid=pid, folder=at.folder, seconds=SECONDS)


def _refresh(at: Stage) -> Row:
    bodies = at.refresh_bodies(SESSIONS)
    pgbench = _pgbench(at)
    path = "/api/v1/auth/refresh"
    bodies = at.refresh_bodies(SESSIONS)
    measured = _ask(at, f"{at.base}{path}", one_body_each(path, bodies), connections=8)
    return Row("POST /auth/refresh", measured, "pgbench, same statements", pgbench, 0.20)


def _pgbench(at: Stage) -> float:
    """The rotation's own SQL, by pgbench in the place of the service: same core, same number of connections."""
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
    program = at.server.programs / "pgbench"
    done = subprocess.run(
        on(
            at.cores.serving,
            program,
            "-n",
            "-M",
            "prepared",
            "-c",
            "8",
            "-j",
            "1",
            "-T",
            str(SECONDS),
            "-f",
            with_rows,
            at.url,
        ),
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS + 60,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps ="))
    return float(line.split()[2])


def _login(at: Stage) -> Row:
    done = subprocess.run(
        on(at.cores.serving, sys.executable, "-m", "bench.argon", str(SECONDS)),
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS + 60,
    )
    body = json.dumps({"email": EMAIL, "password": PASSWORD})
    measured = _ask(at, f"{at.base}/api/v1/auth/login", script("POST", body=body), connections=4)
    return Row("POST /auth/login", measured, "Argon2 alone", float(done.stdout), 0.90)


if __name__ == "__main__":
    sys.exit(main())
