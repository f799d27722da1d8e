"""Addresses as hosts print them, servers as they really behave."""

import asyncio
import contextlib
import socket

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from cleanly.kernel.db import Database
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.pgconn import BadDatabaseUrl, DatabaseUrl

NEON = "ep-cool-night-123456-pooler.eu-central-1.aws.neon.tech"


@pytest.mark.parametrize(
    "text_",
    [
        f"postgresql://u:p@{NEON}/db?sslmode=require&channel_binding=require",
        f"postgres://u:p@{NEON}/db?sslmode=require",
        f"postgresql+psycopg://u:p@{NEON}/db?sslmode=require",
        f"postgresql+asyncpg://u:p@{NEON}/db?sslmode=require",
        f"psql 'postgresql://u:p@{NEON}/db?sslmode=require&channel_binding=require'",
        f"  'postgresql://u:p@{NEON}:5432/db?sslmode=require'  ",
    ],
)
def test_every_form_that_neon_prints_is_read_and_its_certificate_is_checked(text_: str):
    where = DatabaseUrl.parse(text_)
    assert where.is_pooled
    parts = conninfo_to_dict(where.conninfo)
    assert (parts["host"], parts["user"], parts["password"], parts["dbname"]) == (NEON, "u", "p", "db")
    assert (parts["sslmode"], parts["sslrootcert"]) == ("verify-full", certifi.where())


def test_a_direct_host_a_socket_and_a_special_password_are_kept():
    direct = DatabaseUrl.parse(f"postgresql://u:p%40%2F%3A@{NEON.replace('-pooler', '')}/db")
    assert not direct.is_pooled
    assert conninfo_to_dict(direct.conninfo)["password"] == "p@/:"
    local = DatabaseUrl.parse("postgresql://postgres@/db?host=/tmp/a%20b")
    assert conninfo_to_dict(local.conninfo)["host"] == "/tmp/a b"
    nobody = DatabaseUrl.parse("postgresql:///db?host=/run/postgresql")
    assert conninfo_to_dict(nobody.conninfo) == {"dbname": "db", "host": "/run/postgresql"}
    assert not DatabaseUrl.parse("postgresql://u@db.my-pooler.example/db").is_pooled


@pytest.mark.parametrize(
    "text_",
    [
        "",
        "mysql://u:secretword@h/db",
        "postgresql://u:secretword@h/db?sslmod=require",
        "postgresql://u:secretword@[h/db",
        "db",
    ],
)
def test_what_is_no_address_is_refused_without_its_password(text_: str):
    with pytest.raises(BadDatabaseUrl) as caught:
        DatabaseUrl.parse(text_)
    assert "secretword" not in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_clear_refusal(text_: str):
    with contextlib.suppress(BadDatabaseUrl):
        assert DatabaseUrl.parse(text_).conninfo.startswith("postgresql://")


async def test_a_port_where_nobody_listens_is_a_quick_503():
    database = Database("postgresql://u@127.0.0.1:9/db", deadline_seconds=1)
    with pytest.raises(Unavailable):
        await database.ping()
    await database.close()


async def test_a_server_that_accepts_and_says_nothing_is_hung_up_on():
    with socket.create_server(("127.0.0.1", 0)) as listener:  # the kernel accepts; nobody ever reads
        port = listener.getsockname()[1]
        database = Database(f"postgresql://u@127.0.0.1:{port}/db?sslmode=disable", deadline_seconds=0.5)
        async with asyncio.timeout(10):
            with pytest.raises(Unavailable):
                await database.ping()
        await database.close()


async def test_a_slow_statement_ends_at_the_deadline_and_the_pool_recovers(database_url: str):
    database = Database(database_url, deadline_seconds=0.3, pool_size=1, pool_overflow=0)

    async def sleep_long() -> None:
        async with database.begin() as session:
            await session.execute(text("SELECT pg_sleep(30)"))

    async with asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await sleep_long()
        async with database.begin(deadline_seconds=5) as session:
            assert await session.scalar(text("SELECT 1")) == 1
    await database.close()


async def test_a_full_pool_is_a_503_and_not_a_queue_without_end(database_url: str):
    database = Database(database_url, deadline_seconds=0.3, pool_size=1, pool_overflow=0)
    async with database.begin(deadline_seconds=10) as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable):
            await database.ping()
    await database.ping()
    await database.close()


async def test_reads_go_to_the_replica_and_fall_back_when_it_is_gone(database_url: str, server, template: str):
    name = f"{database_url.rpartition('/')[2].partition('?')[0]}_replica"
    server.create(name, template=template)
    try:
        database = Database(database_url, read_url=server.url(name), deadline_seconds=2)
        async with database.read() as session:
            assert await session.scalar(text("SELECT current_database()")) == name
        await database.close()
        gone = Database(database_url, read_url="postgresql://u@127.0.0.1:9/db", deadline_seconds=2)
        async with gone.read() as session:
            assert await session.scalar(text("SELECT current_database()")) != name
        await gone.close()
    finally:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


async def test_a_read_can_not_write(db: Database):
    async def write() -> None:
        async with db.read() as session:
            await session.execute(text("CREATE TABLE t (a int)"))

    with pytest.raises(Unavailable) as caught:  # as after a failover, when a write meets a server that only reads
        await write()
    assert "read-only" in str(caught.value.__cause__)
