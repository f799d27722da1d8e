"""A worker is killed after it has acted on an event and before it could say so."""

import asyncio
import os
import pathlib
import signal
import sys
from collections.abc import Generator

import psycopg
import pytest

from cleanly.entry.worker import run_worker
from cleanly.kernel.clock import Clock
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Handled, Tick
from cleanly.kernel.module import InboundHandler
from cleanly.platform.jobs.jobs import recover_stalled
from tests.platform.webhooks.inbound.conftest import Inbox
from tests.platform.webhooks.inbound.victim_process import QUICK, WORKER, parts, refresh
from tests.waiting import eventually

ROOT = pathlib.Path(__file__).parents[4]


@pytest.fixture
def postings(database_url: str) -> Generator[None, None, None]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE sample_postings (reference text PRIMARY KEY)")
        connection.execute("CREATE TABLE sample_tries (id bigserial)")
        yield
        connection.execute("DROP TABLE sample_postings, sample_tries")


@pytest.mark.usefixtures("postings")
async def test_the_next_worker_repeats_the_look_and_marks_the_event_and_nothing_is_booked_twice(
    inbox: Inbox, database_url: str
):
    async def tries() -> int:
        return int((await inbox.world.rows("SELECT count(*) FROM sample_tries"))[0][0])

    async def acted() -> bool:
        return await tries() == 1

    await inbox.push()
    victim = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.platform.webhooks.inbound.victim_process",
        database_url,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await eventually(acted, what="the first try")
    finally:
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
    assert (await inbox.only()).state == "stored"

    async def refresh_and_say_so(context: Context, event) -> Handled:
        await refresh(context, event)
        return Handled.DONE

    context = Context(inbox.context.db, Clock(), parts(InboundHandler("payment", refresh_and_say_so)))
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(context, [WORKER], QUICK, url=database_url, stop=stop))

    async def done() -> bool:
        await recover_stalled(context, Tick(due_at="2026-11-22T12:00:00Z"))
        return (await inbox.only()).state == "done"

    await eventually(done, what="the event being done")
    stop.set()
    await worker
    assert await tries() == 2
    assert [row[0] for row in await inbox.world.rows("SELECT reference FROM sample_postings")] == ["pay_1"]
