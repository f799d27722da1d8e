"""Killed dispatchers, a database that restarts, an orderly stop: nothing is lost, repetitions keep their id."""

import asyncio
import os
import pathlib
import signal
import sys
from collections import Counter

import psycopg
from psycopg import sql

from tests.platform.webhooks.outbound import receiver as replies
from tests.platform.webhooks.outbound.stage import add_endpoint, dispatching, publish, states, until_states
from tests.waiting import eventually

ROOT = pathlib.Path(__file__).parents[4]
LEASE_SECONDS = 60


async def _endpoints(service, receiver, count):
    shop = await service.register()
    for number in range(count):
        await add_endpoint(shop, receiver.url(f"/{number}"))
    return shop


async def test_a_dispatcher_killed_in_the_middle_of_1000_deliveries_loses_none(service, receiver, database_url):
    shop = await _endpoints(service, receiver, 10)
    ids = await publish(service, shop.user_id, 100)
    victim = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.platform.webhooks.outbound.dispatcher_process",
        database_url,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await receiver.until(300, seconds_max=60)
    finally:
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
    left = await states(service)
    assert left.get("succeeded", 0) < 1000
    assert left.get("claimed", 0) > 0, "it was killed with claims in its hands"
    service.clock.move(seconds=LEASE_SECONDS)
    async with dispatching(service):
        await until_states(service, succeeded=1000)
    wanted = {str(one) for one in ids}
    for number in range(10):
        assert set(receiver.ids(f"/{number}")) == wanted
    # What was on its way when it died came twice, under the same id, and nothing else did.
    repeated = Counter((receipt.path, receipt.id) for receipt in receiver.receipts)
    assert sum(count - 1 for count in repeated.values()) <= left["claimed"]


async def test_two_dispatchers_send_nothing_twice(service, receiver):
    shop = await _endpoints(service, receiver, 10)
    await publish(service, shop.user_id, 30)
    async with dispatching(service), dispatching(service):
        await until_states(service, succeeded=300)
    assert len(receiver.receipts) == 300
    assert {row.number for row in await service.rows("SELECT number FROM outbound_attempts")} == {1}


async def test_deliveries_outlive_the_databases_restart(service, receiver, server, database_url):
    shop = await _endpoints(service, receiver, 5)
    gate = asyncio.Event()
    for number in range(5):
        receiver.behave(f"/{number}", replies.after(gate, replies.accepts()))
    ids = await publish(service, shop.user_id, 40)
    database = sql.Identifier(database_url.partition("?")[0].rpartition("/")[2])
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        async with dispatching(service, database_url):
            await receiver.until(5)  # calls are open, claims are held
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(database))
            try:
                admin.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                    (database.as_string().strip('"'),),
                )
                gate.set()
                await receiver.until(10)
            finally:
                admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(database))

            async def all_arrived():
                # A claim whose commit was cut off is nobody's until its lease has run out.
                service.clock.move(seconds=LEASE_SECONDS)
                return set(receiver.ids()) >= {str(one) for one in ids} and set(await states(service)) == {"succeeded"}

            await eventually(all_arrived, what="every delivery")
            late = await publish(service, shop.user_id)
            await eventually(
                lambda: _has(receiver, str(late[0]), 5), what="a message of after the restart at every endpoint"
            )
    assert (await states(service)) == {"succeeded": 205}


async def _has(receiver, message_id, count):
    return receiver.ids().count(message_id) >= count


async def test_a_stop_ends_what_is_being_sent_and_gives_the_rest_back(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    gate = asyncio.Event()
    receiver.behave("/hook", replies.after(gate, replies.accepts()))
    await publish(service, shop.user_id, 30)

    async def let_go():
        await receiver.until(1)
        gate.set()

    letting = asyncio.create_task(let_go())
    async with dispatching(service):
        await receiver.until(1)
    await letting
    found = await states(service)
    assert set(found) <= {"succeeded", "pending"}  # and nothing stays claimed
    assert found["succeeded"] == len(receiver.receipts)
    assert len(await service.rows("SELECT 1 FROM outbound_attempts")) == len(receiver.receipts)
