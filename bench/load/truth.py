"""After the run: every key to its answer, every session still one, every cent twice in the books."""

import json
import subprocess
import sys

import gevent
from gevent.pool import Pool

from bench.load.findings import Books, Truth, judge
from bench.load.market import Door
from bench.load.phone import Phone, Run

_AT_ONCE = 8
_LOOKS_MAX = 20


def find(run: Run, door: Door, before: dict[str, int] | None) -> Truth:
    """Settle what the end of the run left open, then ask service, ledger and database."""
    pool = Pool(_AT_ONCE)
    pool.map(Phone.settle, run.phones)
    listed = [row for found in pool.map(Phone.payments, run.phones) for row in found]
    sent = [key for phone in run.phones for key in phone.sent]
    told = {key: name for phone in run.phones for key, name in phone.told.items()}
    return Truth(
        payments=judge(told, [key for key in sent if key not in told], listed),
        sessions=len(run.phones),
        sessions_lost=tuple(f"{phone.email}: {phone.is_logged_out}" for phone in run.phones if phone.is_logged_out),
        trial_balance=_moved(door, run, before),
        books=_books(run.name),
    )


def _moved(door: Door, run: Run, before: dict[str, int] | None) -> dict[str, int] | None:
    """Debits less credits since the start. The accounts are read one after another, so until two looks agree."""
    seen: dict[str, int] | None = None
    for _ in range(_LOOKS_MAX):
        now = door.balances(run.market.sellers)
        if now is None or before is None:
            return None
        if now == seen:
            break
        seen = now
        gevent.sleep(0.25)
    return {currency: amount - (before or {}).get(currency, 0) for currency, amount in (seen or {}).items()}


def _books(run: str) -> Books | None:
    asked = subprocess.run(
        [sys.executable, "-m", "bench.load.books", run], capture_output=True, text=True, check=False, timeout=300
    )
    if asked.returncode:
        print(f"the database could not be asked: {asked.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return Books(**json.loads(asked.stdout)) if asked.stdout.strip() else None
