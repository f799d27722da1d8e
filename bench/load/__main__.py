"""`make load`: phones against a running service for a minute, then the truth; exit code 1 when it did not hold.

LOAD_URL, LOAD_RATE, LOAD_USERS, LOAD_SECONDS, LOAD_BAD_SHARE, LOAD_SEED, LOAD_OUT; see bench/README.md.
"""

import contextlib
import os
import pathlib
import random
import secrets
import sys
import time
from collections.abc import Generator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import gevent
from locust.env import Environment

from bench.load import drawing, findings, plan, report, truth
from bench.load.findings import Network
from bench.load.market import Door
from bench.load.network import BadNetwork
from bench.load.phone import Phone, Run
from bench.load.plan import Plan, Refused

_FOLDER = pathlib.Path(__file__).parent
_ROOT = _FOLDER.parents[1]
# Each new phone's password is hashed: more at once would measure nothing but that.
_PHONES_A_SECOND = 5
_READY_SECONDS_MAX = 60.0


def main() -> int:
    """Make the run that the variables ask for, and write it down."""
    try:
        wanted = plan.read(os.environ)
        result, seconds = _made(wanted)
    except Refused as error:
        print(f"load: {error}", file=sys.stderr)
        return 2
    own = os.environ.get("LOAD_OUT")
    folder = pathlib.Path(own) if own else _FOLDER
    picture = folder / "load.png" if own else _ROOT / "docs" / "pictures" / "load.png"
    drawing.draw(seconds, picture, rate=wanted.rate)
    report.write(result, folder, picture=os.path.relpath(picture, folder))
    print(report.as_markdown(result, picture=str(picture)))
    return int(bool(result.complaints))


def _made(wanted: Plan) -> tuple[report.Result, list[findings.Figures]]:
    door = Door(wanted, metrics_token=os.environ.get("LOAD_METRICS_TOKEN", ""))
    served = door.served()
    door.refuse_tight_limits(wanted)
    name = secrets.token_hex(4)
    market = door.open_market(name, wanted.users)
    books, timeouts = door.balances(market.sellers), door.pool_timeouts()
    with _networks(wanted) as (bases, bad):
        run = Run(wanted, market, name, bases, random.Random(wanted.seed))
        since, until = _play(run)
    samples = [one for one in run.samples if since <= one.at < until]
    total = findings.figures(samples, seconds=until - since)
    found = truth.find(run, door, books)
    after = door.pool_timeouts()
    waited = None if timeouts is None or after is None else after - timeouts
    result = report.Result(
        plan=wanted,
        version=served.version,
        commit=served.commit,
        finished_at=datetime.now(UTC),
        run=total,
        calls=findings.by_call(samples, seconds=until - since),
        fates={str(fate): count for fate, count in bad.fates.items()} if bad else {},
        phones_on_bad=sum(phone.began_on == "bad" for phone in run.phones),
        truth=found,
        pool_timeouts=waited,
        complaints=findings.complaints(
            total, found, server_errors=sum(one.status >= 500 for one in run.samples), pool_timeouts=waited
        ),
    )
    return result, findings.by_second(samples, since=since, until=until)


@contextlib.contextmanager
def _networks(wanted: Plan) -> Generator[tuple[dict[Network, str], BadNetwork | None], None, None]:
    """Where phones of each network find the service."""
    if not wanted.has_bad_networks:
        yield {"good": wanted.url, "bad": wanted.url}, None
        return
    parts = urlsplit(wanted.url)
    with BadNetwork(parts.hostname or "", parts.port or 80, seed=wanted.seed) as bad:
        yield {"good": wanted.url, "bad": f"http://127.0.0.1:{bad.port}"}, bad


def _play(run: Run) -> tuple[float, float]:
    """Let every phone in, then measure for as long as was asked; returns from when to when."""
    environment = Environment(user_classes=[type("PhoneOfRun", (Phone,), {"run_of": run})], catch_exceptions=True)
    runner = environment.create_local_runner()
    runner.start(run.plan.users, spawn_rate=_PHONES_A_SECOND)
    ends_at = time.monotonic() + run.plan.users / _PHONES_A_SECOND + _READY_SECONDS_MAX
    try:
        while run.ready < run.plan.users:
            if time.monotonic() > ends_at:
                raise Refused(f"only {run.ready} of {run.plan.users} phones could register")
            gevent.sleep(0.1)
        since = time.monotonic()
        print(f"{run.ready} phones are in; {run.plan.seconds:.0f} s", flush=True)
        gevent.sleep(run.plan.seconds)
        return since, time.monotonic()
    finally:
        runner.quit()


if __name__ == "__main__":
    sys.exit(main())
