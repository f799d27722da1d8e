"""The service behind a real transaction pooler with fewer connections than it has tasks; and why it asks as it does."""

import asyncio
import os
from collections.abc import Generator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from structlog.testing import capture_logs

from cleanly.entry import embedded, migrate
from cleanly.entry.backup import content, copies
from cleanly.entry.backup.errors import BackupFault
from cleanly.entry.backup.settings import BackupSettings
from cleanly.entry.backup.stores import Folder
from cleanly.kernel.db import Database
from cleanly.kernel.errors import Unavailable
from tests import pgbouncer
from tests.conftest import empty
from tests.domain.payments.market import open_market
from tests.moved_clock import MovedClock
from tests.world import Phone, World, running

CROWD = 12
LOCK = 20_261_122
_HAS_LOCK = "SELECT pg_try_advisory_lock(%s)"
pytestmark = pytest.mark.skipif(not pgbouncer.is_installed(), reason="no pgbouncer here: apt-get install pgbouncer")


@pytest.fixture(scope="module")
def direct(server: embedded.EmbeddedServer, template: str) -> Generator[str, None, None]:
    """A database of this module's own, whose role has the timeouts that a migration sets."""
    name = f"pooled_{os.getpid()}"
    server.create(name, template=template)
    migrate.migrate(server.url(name))
    yield server.url(name)
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(drop)


def one(connection: psycopg.Connection[Any], query: str, *values: object) -> Any:
    row = connection.execute(query, values).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def client(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, autocommit=True, prepare_threshold=None)


async def live(world: World) -> Phone:
    """Register, write twice under one key, refresh, read, leave and come back."""
    phone = await world.register()
    for _ in range(2):
        written = await phone.call("PUT", "/users/me", {"name": "Bo"}, Idempotency_Key=f"name-of-{phone.user_id}")
        assert written.status_code == 200, written.text
    refreshed = await phone.refreshes()
    assert refreshed.status_code == 200, refreshed.text
    phone.keep(refreshed)
    assert (await phone.call("GET", "/users/me")).json()["name"] == "Bo"
    left = await world.call("POST", "/auth/logout", {"refreshToken": phone.refresh})
    assert left.status_code == 204, left.text
    return await world.login(phone.email)


async def test_a_crowd_larger_than_the_pool_lives_buys_and_is_refunded(
    direct: str, server: embedded.EmbeddedServer, clock: MovedClock
):
    # A line of log per call, drawn on a console, would take most of the time.
    with pgbouncer.pooled_url(server, direct, default_pool_size=3) as url, capture_logs():
        async with running(url, clock, database_pool_size=CROWD) as world:
            market = await open_market(world)
            price = await market.price(1_000)
            phones = await asyncio.gather(*(live(world) for _ in range(CROWD)))
            wanted = {"priceId": price, "provider": "sandbox"}
            calls = [phone.call("POST", "/payments", wanted, Idempotency_Key="the-one-order") for phone in phones]
            bought = await asyncio.gather(*calls)
            assert {reply.status_code for reply in bought} == {201}, [reply.text for reply in bought]
            await market.deliver()
            gone = await asyncio.gather(*(market.refund(reply.json()["id"], 400) for reply in bought))
            assert {reply.status_code for reply in gone} == {201}, [reply.text for reply in gone]
            await market.deliver()
            assert await market.held_at_the_sandbox() == CROWD * 600
            assert (await world.rows("SELECT count(*), count(DISTINCT email) FROM users"))[0] == (CROWD + 2, CROWD + 2)
    assert empty(direct) == []


def test_a_sessions_lock_is_everybodys_and_stays_when_all_have_left(direct: str, server: embedded.EmbeddedServer):
    with pgbouncer.pooled_url(server, direct, default_pool_size=1) as url:
        with client(url) as first, client(url) as second:
            assert one(first, _HAS_LOCK, LOCK)
            assert one(second, _HAS_LOCK, LOCK), "the pooler has learned to keep locks apart: the rule can go"
        with client(direct) as third:
            assert not one(third, _HAS_LOCK, LOCK)


def test_a_transactions_lock_is_its_own_and_goes_with_it(direct: str, server: embedded.EmbeddedServer):
    has = "SELECT pg_try_advisory_xact_lock(%s)"
    with pgbouncer.pooled_url(server, direct, default_pool_size=2) as url, client(url) as first, client(url) as second:
        with first.transaction():
            assert one(first, has, LOCK)
            assert not one(second, has, LOCK)
        assert one(second, has, LOCK)


async def test_what_one_client_sets_another_finds_so_limits_stand_on_the_role(
    direct: str, server: embedded.EmbeddedServer
):
    with pgbouncer.pooled_url(server, direct, default_pool_size=1) as url:
        with client(url) as first, client(url) as second:
            limits = [one(first, f"SHOW {name}") for name in migrate.ROLE_TIMEOUTS]
            assert limits == list(migrate.ROLE_TIMEOUTS.values())
            first.execute("SET statement_timeout = '7s'")
            assert one(second, "SHOW statement_timeout") == "7s"
            first.execute("RESET statement_timeout")
        database = Database(url, name="polite")
        async with database.begin(deadline_seconds=60) as session:
            await session.execute(text("SELECT set_config('statement_timeout', '60s', true)"))
        await database.close()
        with client(url) as next_one:
            assert one(next_one, "SHOW statement_timeout") == migrate.ROLE_TIMEOUTS["statement_timeout"]


def test_options_at_the_start_are_refused_so_a_dump_asks_for_the_direct_host(
    direct: str, server: embedded.EmbeddedServer, tmp_path: Any
):
    with pgbouncer.pooled_url(server, direct) as url:
        with pytest.raises(psycopg.OperationalError, match="startup parameter"), content.snapshot(url):
            pass
        settings = BackupSettings.model_validate({"backup_folder": str(tmp_path), "backup_key": "A" * 43})
        with pytest.raises(BackupFault, match="direct host"):
            copies.create(url, Folder(tmp_path), settings)


async def test_a_pool_that_stays_full_and_one_that_takes_nobody_are_a_503(direct: str, server: embedded.EmbeddedServer):
    with pgbouncer.pooled_url(server, direct, default_pool_size=1, query_wait_timeout=1, max_client_conn=3) as url:
        waiting, refused = Database(url, name="waits", pool_size=1), Database(url, name="refused", pool_size=1)
        with client(url) as holder:
            with holder.transaction():
                holder.execute("SELECT 1")
                with pytest.raises(Unavailable):
                    await ask(waiting)
            assert await ask(waiting) == 1
            with client(url), pytest.raises(Unavailable):
                await ask(refused)
            assert await ask(refused) == 1
        await waiting.close()
        await refused.close()


async def test_backends_that_die_behind_the_pooler_are_noticed_by_nobody(direct: str, server: embedded.EmbeddedServer):
    with pgbouncer.pooled_url(server, direct) as url:
        database = Database(url, name="through")
        assert set(await asyncio.gather(*(ask(database) for _ in range(5)))) == {1}
        with client(direct) as killer:
            killer.execute(
                """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
        assert set(await asyncio.gather(*(ask(database) for _ in range(5)))) == {1}
        await database.close()


async def ask(database: Database) -> int:
    async with database.begin() as session:
        return int(await session.scalar(text("SELECT 1")) or 0)
