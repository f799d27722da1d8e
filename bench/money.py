"""Money: postings against pgbench's, webhooks accepted against pgbench's inserts, events to ledger, and growth."""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from bench.driving import Load, ask
from bench.machine import on, process
from bench.stage import Stage
from cleanly.entry import migrate
from cleanly.kernel.clock import rfc3339
from cleanly.platform.providers.sandbox.settings import DEVELOPMENT_SECRET
from cleanly.platform.providers.sandbox.signing import sign

CLIENTS = 16
SECONDS = 8
EVENTS = 40_000
GROWN_ENTRIES = 10_000_000
PAYMENTS = 200


@dataclass(frozen=True)
class MoneyRow:
    """One measurement and what it is held against."""

    path: str
    per_second: float
    yardstick: str
    yardstick_per_second: float
    at_least: float

    @property
    def ratio(self) -> float:
        """Measured over yardstick."""
        return self.per_second / self.yardstick_per_second


def measure(at: Stage) -> tuple[list[MoneyRow], dict[str, str]]:
    """The rows that have a yardstick, and what is only reported."""
    accepted, tail = _inbound(at)
    notes = {
        "inbound webhook at half of that rate": f"p99 {tail.p99:.1f} ms at {tail.per_second:,.0f}/s (asked: 50 ms)"
    }
    notes["inbound events to ledger, one worker"] = _to_ledger(at)
    posted, grown = _ledger(at)
    return [posted, accepted, grown], notes


def _ledger(at: Stage) -> tuple[MoneyRow, MoneyRow]:
    at.server.create("bench_ledger")
    url = at.server.url("bench_ledger")
    migrate.migrate(url)
    ours = _post(at, url)
    theirs = _pgbench(at, url, _posting_script(at, url), clients=CLIENTS)
    again = _post(at, url)
    posted = MoneyRow("ledger post(), 16 clients", (ours + again) / 2, "pgbench, same function", theirs, 0.6)
    _grow(url)
    empty = _empty(at)
    before = _post(at, empty)
    after = _post(at, url)
    before_again = _post(at, empty)
    name = f"ledger post() with {GROWN_ENTRIES:,} entries"
    return posted, MoneyRow(name, after, "the same on an empty ledger", (before + before_again) / 2, 1 / 1.3)


def _empty(at: Stage) -> str:
    at.server.create("bench_empty")
    url = at.server.url("bench_empty")
    migrate.migrate(url)
    return url


def _post(at: Stage, url: str) -> float:
    done = subprocess.run(
        on(at.cores.serving, sys.executable, "-m", "bench.posting", url, str(CLIENTS), str(SECONDS)),
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS + 120,
    )
    return float(done.stdout)


def _posting_script(at: Stage, url: str) -> pathlib.Path:
    with psycopg.connect(url) as connection:
        found = dict(connection.execute("SELECT name, min(id) FROM ledger_accounts GROUP BY name").fetchall())
    path = at.folder / "post.sql"
    path.write_text(
        f"\\set seller random({found['pending']}, {found['pending']} + 1999)\n"
        "SELECT * FROM ledger_post(ARRAY[gen_random_uuid()], ARRAY['bench:' || gen_random_uuid()],"
        " ARRAY['payment.captured'], ARRAY['EUR'], ARRAY[NULL]::uuid[], ARRAY[NULL]::uuid[], ARRAY['{}']::jsonb[],"
        f" ARRAY[1,1,1], ARRAY[{found['clearing.bench']}, :seller, {found['fees']}]::bigint[],"
        " ARRAY[10000,-9000,-1000]::bigint[]);\n"
    )
    return path


def _pgbench(at: Stage, url: str, script: pathlib.Path, *, clients: int) -> float:
    program = at.server.programs / "pgbench"
    command = (program, "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(SECONDS), "-f", script, url)
    done = subprocess.run(
        on(at.cores.serving, *command), check=True, capture_output=True, text=True, timeout=SECONDS + 60
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps ="))
    return float(line.split()[2])


def _grow(url: str) -> None:
    """Ten million entries of old transactions, put in past the triggers: only the size matters here."""
    transactions = GROWN_ENTRIES // 2
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET statement_timeout = 0")
        connection.execute(
            "INSERT INTO ledger_transactions (id, reference, kind, currency, created_at)"
            " SELECT uuidv7(), 'old:' || n, 'payment.captured', 'EUR', now() - interval '1 day'"
            " FROM generate_series(1, %s) n",
            (transactions,),
        )
        connection.execute(
            "INSERT INTO ledger_entries (transaction_id, account_id, shard, amount)"
            " SELECT t.id, a.id, 0, a.amount FROM ledger_transactions t CROSS JOIN LATERAL (VALUES"
            " ((SELECT min(id) FROM ledger_accounts WHERE name = 'clearing.bench'), 1000),"
            " ((SELECT min(id) FROM ledger_accounts WHERE name = 'fees'), -1000)) a (id, amount)"
            " WHERE t.reference LIKE 'old:%%'"
        )
        connection.execute("VACUUM ANALYZE ledger_entries")
        connection.execute("VACUUM ANALYZE ledger_transactions")


def _inbound(at: Stage) -> tuple[MoneyRow, Load]:
    theirs = _pgbench(at, at.url, _inserts(at), clients=8)
    full = _push(at, at.folder / "events.txt", first=1, delay_ms=0)
    half = _push(at, at.folder / "events.txt", first=EVENTS + 1, delay_ms=round(2 * 8 / full.per_second * 1000))
    row = MoneyRow("inbound webhook accepted", full.per_second, "pgbench, same inserts", theirs, 0.25)
    return row, half


def _push(at: Stage, lines: pathlib.Path, *, first: int, delay_ms: int) -> Load:
    now = datetime.now(UTC)
    with lines.open("w") as out:
        for number in range(first, first + EVENTS):
            body = json.dumps(
                {
                    "id": f"evt_bench_{number}",
                    "type": "payment.captured",
                    "createdAt": rfc3339(now),
                    "livemode": False,
                    "account": "acct_sandbox",
                    "apiVersion": "2026-11-22",
                    "object": {"id": f"pay_bench_{number}", "kind": "payment", "ourId": None},
                },
                separators=(",", ":"),
            )
            out.write(f"{sign(DEVELOPMENT_SECRET, body.encode(), now=now)}\t{body}\n")
    lua = f"""
wrk.method = "POST"
local lines = {{}}
for line in io.lines("{lines}") do lines[#lines + 1] = line end
local at = 0
function request()
  at = at + 1
  if at > #lines then wrk.thread:stop() at = #lines end
  local tab = string.find(lines[at], "\\t", 1, true)
  local headers = {{ ["Sandbox-Signature"] = string.sub(lines[at], 1, tab - 1), ["Content-Type"] = "application/json" }}
  return wrk.format("POST", nil, headers, string.sub(lines[at], tab + 1))
end
"""
    if delay_ms:
        lua += f"function delay() return {delay_ms} end\n"
    url = f"{at.base}/api/v1/webhooks/sandbox"
    found = ask(url, cores=at.cores, pid=at.pid, folder=at.folder, seconds=SECONDS, connections=8, script=lua)
    if found.refused or found.broken:
        raise SystemExit(f"{url}: {found.refused} answers were errors, {found.broken} were none: nothing to report")
    return found


def _inserts(at: Stage) -> pathlib.Path:
    path = at.folder / "inbound.sql"
    path.write_text(
        "BEGIN;\n"
        "INSERT INTO inbound_events (id, provider, provider_account, event_id, type, object_kind, object_id, livemode,"
        " api_version, provider_created_at, received_at, headers, body, verified_with, source, state, attempts,"
        " next_at)"
        " VALUES (gen_random_uuid(), 'pgbench', 'x', gen_random_uuid()::text, 'payment.captured', 'payment', 'pay_1',"
        " false, '1', now(), now(), '{}', repeat('x', 230)::bytea, 'secret 1', 'push', 'stored', 0, now())"
        " ON CONFLICT DO NOTHING;\n"
        "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, args)"
        " VALUES ('default', 'bench.nothing',"
        ' 0, gen_random_uuid()::text, \'{"payload": {"event_id": "x"}, "attempts_max": 10}\');\n'
        "COMMIT;\n"
    )
    return path


def _to_ledger(at: Stage) -> str:
    """Payments that the provider decides two days later: each capture reaches the ledger by its event alone."""
    with psycopg.connect(at.url, autocommit=True) as connection:
        connection.execute("DELETE FROM procrastinate_jobs")
        connection.execute("DELETE FROM inbound_events")
    product = _call(
        at,
        "POST",
        "/products",
        {
            "name": "Bench",
            "kind": "service",
            "price": {"unitAmount": {"amount": 1004, "currency": "EUR"}},
        },
        seller=True,
    )
    price = product["prices"][0]["id"]
    for number in range(PAYMENTS):
        _call(at, "POST", "/payments", {"priceId": price, "provider": "sandbox"}, key=f"bench-{number}")
    environment = {"APP_ENV": "test", "DATABASE_URL": at.url, "LOG_LEVEL": "warning", **at.sandbox}
    program = pathlib.Path(sys.executable).with_name("cleanly")
    subprocess.run(
        [program, "sandbox", "advance", "3d"], check=True, capture_output=True, env={**os.environ, **environment}
    )
    with process(on(at.cores.serving, program, "worker"), environment, at.folder / "worker.log"):
        seconds, done = _until_booked(at)
    return f"{done} captures booked in {seconds:.1f} s: {done / seconds:.0f}/s, the sandbox's own work included"


def _until_booked(at: Stage) -> tuple[float, int]:
    began: float | None = None
    deadline = time.monotonic() + 120
    with psycopg.connect(at.url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute("SELECT count(*) FROM payments WHERE state = 'captured'").fetchone()
            booked = 0 if row is None else int(row[0])
            if booked and began is None:
                began = time.monotonic()
            if booked >= PAYMENTS and began is not None:
                return time.monotonic() - began, booked
            time.sleep(0.05)
    raise SystemExit("the worker did not book every capture within two minutes: nothing to report")


def _call(at: Stage, method: str, path: str, body: object, *, key: str = "", seller: bool = False) -> dict[str, object]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {at.seller if seller else at.access}"}
    if key:
        headers["Idempotency-Key"] = key
    request = urllib.request.Request(
        f"{at.base}/api/v1{path}", data=json.dumps(body).encode(), method=method, headers=headers
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return dict(json.loads(reply.read()))
