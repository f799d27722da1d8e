"""What a call by the Python SDK costs over the same call by its bare HTTP client, against the real service.

`python -m bench.sdk ADDRESS` measures alone, against a running service that does not limit rates.
"""

import asyncio
import secrets
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import httpx2
from cleanly_client import AsyncCleanly, Cleanly, MemoryStore

from bench.money import MoneyRow
from bench.stage import Stage

CALLS, ROUNDS = 150, 9
AT_LEAST = 1 / 1.15
_PATH = "/api/v1/auth/sessions"


def measure(at: Stage) -> tuple[list[MoneyRow], dict[str, str]]:
    """A row for each colour, and what a call costs more in microseconds."""
    base = at.base.removesuffix("/api/v1")
    store = MemoryStore()
    with Cleanly(base, store=store) as client, httpx2.Client() as bare:
        email = f"sdk-{secrets.token_hex(4)}@example.com"
        client.auth.register(email=email, password=f"a phrase of {secrets.token_hex(8)}", name="Bench")
        pair = store.load()
        headers = {"Authorization": f"Bearer {pair.access_token if pair else ''}"}

        def plain() -> Any:
            return bare.get(base + _PATH, headers=headers).json()["items"]

        threads = _against(lambda: client.auth.sessions().first(), plain)
    tasks = asyncio.run(_awaited(base, store, headers))
    rows, notes = [], {}
    for colour, (ours, theirs) in (("blocking", threads), ("awaited", tasks)):
        rows.append(
            MoneyRow(f"Python SDK, {colour}: a page of sessions", 1 / ours, "bare httpx2", 1 / theirs, AT_LEAST)
        )
        more = (
            f"{(ours - theirs) * 1e6:,.0f} µs more than {theirs * 1e6:,.0f} µs ({ours / theirs - 1:+.1%}; asked: 15 %)"
        )
        notes[f"a call by the Python SDK, {colour}"] = more
    return rows, notes


def _against(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """Seconds per call, in turns, so that what the machine does meanwhile hits both."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * ROUNDS + 2):
        is_ours = turn % 2 == 0
        began = time.perf_counter()
        for _ in range(CALLS):
            (ours if is_ours else theirs)()
        taken[is_ours].append((time.perf_counter() - began) / CALLS)
    # The first round of each warms up.
    return statistics.median(taken[True][1:]), statistics.median(taken[False][1:])


async def _awaited(base: str, store: MemoryStore, headers: dict[str, str]) -> tuple[float, float]:
    async with AsyncCleanly(base, store=store) as client, httpx2.AsyncClient() as bare:

        async def ours() -> Any:
            return await client.auth.sessions().first()

        async def theirs() -> Any:
            return (await bare.get(base + _PATH, headers=headers)).json()["items"]

        taken: dict[bool, list[float]] = {True: [], False: []}
        calls: dict[bool, Callable[[], Awaitable[Any]]] = {True: ours, False: theirs}
        for turn in range(2 * ROUNDS + 2):
            is_ours = turn % 2 == 0
            began = time.perf_counter()
            for _ in range(CALLS):
                await calls[is_ours]()
            taken[is_ours].append((time.perf_counter() - began) / CALLS)
        return statistics.median(taken[True][1:]), statistics.median(taken[False][1:])


if __name__ == "__main__":
    for name, told in measure(SimpleNamespace(base=sys.argv[1]))[1].items():  # type: ignore[arg-type]
        print(f"{name}: {told}")
