"""Webhooks to subscribers: deliveries against bare posts, how late they come, and what dead receivers cost."""

import contextlib
import json
import pathlib
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg

from bench.machine import Cores, on, process, wait_for_port
from bench.money import MoneyRow
from bench.stage import ROOT, Stage, free_port
from cleanly.entry import embedded, migrate
from cleanly.entry import settings as environment
from cleanly.platform.webhooks.outbound.endpoints.service import KeyVault
from cleanly.platform.webhooks.outbound.signing import new_secret

T = TypeVar("T")
ACCOUNT = UUID(int=0xBE)
DELIVERIES = 20_000
ENDPOINTS_MANY = 10_000
PER_ENDPOINT = 3
DEAD_PERCENT = 1
SECONDS = 4
ROUNDS = 3
_SECONDS_MAX = 180


def measure(at: Stage) -> tuple[list[MoneyRow], dict[str, str]]:
    """On databases of their own beside the stage's."""
    return rows(at.server, at.cores, at.folder)


def rows(
    server: embedded.EmbeddedServer, cores: Cores, folder: pathlib.Path, *, scale: float = 1
) -> tuple[list[MoneyRow], dict[str, str]]:
    """The rows with a yardstick, and what is only reported. `scale` below 1: a short look, no measurement."""
    alone: list[tuple[dict[str, float], dict[str, float]]] = []
    crowds: list[tuple[float, float]] = []
    many, each = max(200, int(ENDPOINTS_MANY * scale)), int(DELIVERIES * scale)
    with _hook(cores, folder) as port:
        for turn in range(ROUNDS):
            bare = _posts(cores, port, SECONDS * scale)
            alone.append((_deliver(server, cores, port, f"outbound_one_{turn}", endpoints=1, each=each), bare))
        for turn in range(ROUNDS):
            crowd = {"endpoints": many, "each": PER_ENDPOINT}
            alive = _deliver(server, cores, port, f"outbound_alive_{turn}", **crowd)
            partly = _deliver(server, cores, port, f"outbound_dead_{turn}", **crowd, dead=many // 100)
            crowds.append((partly["per_second"], alive["per_second"]))
    one, bare = _middle(alone, lambda found: _per_core(found[0]) / _per_core(found[1]))
    crowded = _middle(crowds, lambda found: found[0] / found[1])
    late = _late(server, cores, folder, one["per_second"] / 2, 2 * SECONDS * scale)
    found = [
        MoneyRow(
            "webhook deliveries a core, one endpoint", _per_core(one), "bare aiohttp posts a core", _per_core(bare), 0.5
        ),
        MoneyRow(
            f"webhooks, {many:,} endpoints, {DEAD_PERCENT} % dead", crowded[0], "the same, none dead", crowded[1], 0.9
        ),
    ]
    told = [f"{_per_core(by) / _per_core(beside):.2f}" for by, beside in alone]
    notes = {
        "webhook deliveries a second and core": f"{_per_core(one):,.0f} (asked: 1,500)",
        "webhook deliveries beside bare posts": (
            f"{', '.join(told)} by processor time in {ROUNDS} rounds; by the clock {one['per_second']:,.0f}/s,"
            f" {one['per_second'] / bare['per_second']:.2f} of {bare['per_second']:,.0f}/s"
        ),
        "webhooks, some dead beside none dead": ", ".join(f"{by / beside:.2f}" for by, beside in crowds),
        "webhooks at half of the full rate": (
            f"p50 {late['p50'] * 1000:.0f} ms, p99 {late['p99'] * 1000:.0f} ms from commit to receipt at"
            f" {late['published'] / late['seconds']:,.0f}/s, {late['lost']:.0f} lost (asked: 1000 ms)"
        ),
    }
    return found, notes


def _per_core(found: dict[str, float]) -> float:
    """A second of one core: the dispatcher waits for PostgreSQL, which shares the other core with the receiver."""
    return found["per_second"] / found["cpu"]


def _middle(rounds: Sequence[T], ratio: Callable[[T], float]) -> T:
    """The round whose ratio is the median."""
    return sorted(rounds, key=ratio)[len(rounds) // 2]


@contextlib.contextmanager
def _hook(cores: Cores, folder: pathlib.Path) -> Generator[int, None, None]:
    port = free_port()
    command = on(cores.asking, sys.executable, "-m", "bench.hook", str(port), "-", str(ACCOUNT), "0", "0")
    with process(command, {}, folder / "hook.log"):
        wait_for_port(port)
        yield port


def _posts(cores: Cores, port: int, seconds: float) -> dict[str, float]:
    url = f"http://127.0.0.1:{port}/hook"
    command = on(cores.serving, sys.executable, "-m", "bench.posts", url, str(seconds))
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60)
    return dict(json.loads(done.stdout))


def _deliver(
    server: embedded.EmbeddedServer, cores: Cores, port: int, name: str, *, endpoints: int, each: int, dead: int = 0
) -> dict[str, float]:
    """Deliver what lies ready. The dead ones take a call and never answer."""
    url = _database(server, name)
    _seed(url, port, endpoints=endpoints, each=each, dead=dead)
    wanted = (endpoints - dead) * each
    arguments = (url, str(wanted), str(wanted // 10), str(_SECONDS_MAX))
    command = on(cores.serving, sys.executable, "-m", "bench.deliver", *arguments)
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS_MAX + 60)
    if not done.stdout:
        raise SystemExit(f"{name}: not everything arrived within {_SECONDS_MAX} s: nothing to report\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _database(server: embedded.EmbeddedServer, name: str) -> str:
    server.create(name)
    url = server.url(name)
    migrate.migrate(url)
    return url


def _seed(url: str, port: int, *, endpoints: int, each: int, dead: int) -> None:
    vault = KeyVault(environment.load(app_env="test").server_secrets)
    with psycopg.connect(url, autocommit=True) as connection:
        ids = [uuid4() for _ in range(endpoints)]
        with connection.cursor().copy(
            "COPY outbound_endpoints (id, account_id, url, description, event_types, ordered, created_at, updated_at)"
            " FROM STDIN"
        ) as copy:
            for number, one in enumerate(ids):
                path = "hang" if number < dead else "hook"
                copy.write_row(
                    (one, ACCOUNT, f"http://127.0.0.1:{port}/{path}", "", ["payment.*"], False, "now", "now")
                )
        with connection.cursor().copy(
            "COPY outbound_secrets (id, endpoint_id, kind, sealed, created_at) FROM STDIN"
        ) as copy:
            for one in ids:
                copy.write_row((uuid4(), one, "v1", vault.close(one, new_secret()), "now"))
        connection.execute(
            "INSERT INTO outbound_messages (id, account_id, type, data)"
            " SELECT gen_random_uuid(), %s, 'payment.succeeded', jsonb_build_object('paymentId', gen_random_uuid())"
            " FROM generate_series(1, %s)",
            (ACCOUNT, each),
        )
        connection.execute(
            "INSERT INTO outbound_deliveries (id, message_id, endpoint_id, account_id, state, due_at)"
            " SELECT gen_random_uuid(), message.id, endpoint.id, %s, 'pending', now()"
            " FROM outbound_messages AS message CROSS JOIN outbound_endpoints AS endpoint",
            (ACCOUNT,),
        )
        connection.execute("VACUUM ANALYZE")


def _late(
    server: embedded.EmbeddedServer, cores: Cores, folder: pathlib.Path, per_second: float, seconds: float
) -> dict[str, float]:
    """Messages published one by one while the worker delivers: from each commit to its receipt."""
    url, port = _database(server, "outbound_late"), free_port()
    _seed(url, port, endpoints=1, each=0, dead=0)
    arguments = (url, "1000000000", "0", str(seconds + 100))
    with process(on(cores.serving, sys.executable, "-m", "bench.deliver", *arguments), {}, folder / "deliver.log"):
        hook = ("-m", "bench.hook", str(port), url, str(ACCOUNT), str(per_second), str(seconds))
        done = subprocess.run(
            on(cores.asking, sys.executable, *hook), check=True, capture_output=True, text=True, timeout=seconds + 120
        )
    return dict(json.loads(done.stdout))


def main(scale: float) -> None:
    """A short look at these rows alone: `python -m bench.outbound 0.1`."""
    cores, folder = Cores.of_this_machine(), ROOT / ".data" / "bench-outbound"
    folder.mkdir(parents=True, exist_ok=True)
    with embedded.start(folder / "postgres") as server:
        for kind in ("one", "alive", "dead"):
            for turn in range(ROUNDS):
                server.execute(f"DROP DATABASE IF EXISTS outbound_{kind}_{turn}")
        server.execute("DROP DATABASE IF EXISTS outbound_late")
        found, notes = rows(server, cores, folder, scale=scale)
    for row in found:
        print(f"{row.path}: {row.per_second:,.0f}/s, {row.ratio:.2f} of {row.yardstick} ({row.at_least})")
    for name, value in notes.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1)
