"""Reads on a real streaming replica: who is sent there, who is not, and what happens when it is gone."""

import uuid
from collections.abc import AsyncGenerator, Generator

import pytest
from sqlalchemy import text

from cleanly.kernel import dbwatch, recency
from cleanly.kernel.db import Database
from cleanly.kernel.recency import ACTING, Acting, Writers
from cleanly.platform.cache.notices import Notices
from tests.conftest import DATA
from tests.flows.process import Postgres
from tests.flows.standby import Standby
from tests.moved_clock import MovedClock
from tests.valkey import Valkey
from tests.world import running

INSERT = "INSERT INTO audit_events (id, at, action) VALUES (gen_random_uuid(), now(), :action)"
ME, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.fixture(scope="module")
def own_standby(own_postgres: Postgres) -> Generator[Standby, None, None]:
    own_postgres.start()
    made = Standby(own_postgres, DATA / f"standby_{uuid.uuid4().hex[:12]}")
    try:
        made.make()
        yield made
    finally:
        made.remove()


@pytest.fixture
def standby(postgres: Postgres, own_standby: Standby) -> Generator[Standby, None, None]:
    """In step with the primary when the test begins."""
    own_standby.start()
    own_standby.catch_up()
    yield own_standby
    own_standby.thaw()


@pytest.fixture
async def replicated(postgres: Postgres, standby: Standby) -> AsyncGenerator[Database, None]:
    database = Database(postgres.url, read_url=standby.url, name="replicated")
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def nobody() -> Generator[None, None, None]:
    token = ACTING.set(None)
    yield
    ACTING.reset(token)


async def is_replica(database: Database) -> bool:
    async with database.read() as session:
        return bool(await session.scalar(text("SELECT pg_is_in_recovery()")))


async def write(database: Database, action: str = "x") -> None:
    async with database.begin() as session:
        await session.execute(text(INSERT), {"action": action})


async def test_reads_are_served_by_the_replica_and_what_decides_by_the_primary(replicated: Database, standby: Standby):
    before = dict(dbwatch._reads)
    assert await is_replica(replicated)
    async with replicated.begin() as session, replicated.look() as look:
        for one in (session, look):
            assert not await one.scalar(text("SELECT pg_is_in_recovery()"))
    assert dbwatch._reads["replica"] == before["replica"] + 1


async def test_a_caller_that_has_written_reads_its_own_write_however_far_behind_the_replica_is(
    replicated: Database, standby: Standby
):
    standby.hold_back()
    action = uuid.uuid4().hex
    ACTING.set(Acting(ME, writes=True))
    await write(replicated, action)
    ACTING.set(Acting(ME, writes=False))
    find = text("SELECT count(*) FROM audit_events WHERE action = :action")
    async with replicated.read() as session:
        assert await session.scalar(find, {"action": action}) == 1
    ACTING.set(Acting(OTHER, writes=False))
    async with replicated.read() as session:
        assert await session.scalar(find, {"action": action}) == 0
    standby.catch_up()
    async with replicated.read() as session:
        assert await session.scalar(find, {"action": action}) == 1
        assert await session.scalar(text("SELECT pg_is_in_recovery()"))


async def test_a_write_is_forgotten_after_five_seconds_and_a_read_is_none():
    now = 100.0
    writers = Writers(now=lambda: now)
    ACTING.set(Acting(ME, writes=False))
    await writers.note()
    assert not await writers.include_the_caller()
    ACTING.set(Acting(ME, writes=True))
    await writers.note()
    now += recency.SECONDS - 0.01
    assert await writers.include_the_caller()
    now += 0.02
    assert not await writers.include_the_caller()


async def test_another_process_hears_of_the_write_and_in_doubt_believes_it(valkey: Valkey):
    here, there = Notices(valkey.url), Notices(valkey.url)
    ACTING.set(Acting(ME, writes=True))
    assert not await Writers(there).include_the_caller()
    await Writers(here).note()
    assert await Writers(there).include_the_caller()
    ACTING.set(Acting(OTHER, writes=True))
    assert not await Writers(there).include_the_caller()
    valkey.kill()
    assert await Writers(there).include_the_caller()
    await here.close()
    await there.close()


async def test_a_replica_that_goes_away_costs_no_answer_and_is_used_again_when_it_is_back(
    replicated: Database, standby: Standby, monkeypatch: pytest.MonkeyPatch
):
    assert await is_replica(replicated)
    before = dbwatch._reads["replica_down"]
    standby.stop_at_once()  # under a connection that was used a moment ago
    assert not await is_replica(replicated)
    assert not await is_replica(replicated)
    assert dbwatch._reads["replica_down"] == before + 2
    standby.start()
    assert not await is_replica(replicated), "it is left alone for a while: not every caller pays for the look"
    monkeypatch.setattr(replicated, "_replica_rests_until", 0.0)
    assert await is_replica(replicated)


async def test_a_frozen_replica_costs_a_second_once(replicated: Database, standby: Standby):
    standby.freeze()
    assert not await is_replica(replicated)
    assert not await is_replica(replicated)
    standby.thaw()


async def test_a_buyer_sees_the_own_purchase_at_once_and_others_lists_come_from_the_replica(
    postgres: Postgres, standby: Standby, clock: MovedClock
):
    async with running(postgres.url, clock, read_database_url=standby.url) as world:
        seller, name = await world.register(f"{uuid.uuid4()}@example.com"), uuid.uuid4().hex
        honey = {
            "name": name,
            "kind": "physical",
            "price": {"unitAmount": {"amount": 1200, "currency": "EUR"}},
        }
        product = (await seller.call("POST", "/products", honey)).json()
        buyer = await world.register(f"{uuid.uuid4()}@example.com")
        standby.catch_up()
        standby.hold_back()
        body = {"priceId": product["prices"][0]["id"], "provider": "sandbox"}
        paid = await buyer.call("POST", "/payments", body, idempotency_key=name)
        assert paid.status_code == 201, paid.text
        listed = (await buyer.call("GET", "/payments")).json()["items"]
        assert [one["id"] for one in listed] == [paid.json()["id"]]
        world.context.db._writers._until.clear()  # as another process, or six seconds later
        assert (await seller.call("GET", "/payments")).json()["items"] == []
        standby.catch_up()
        assert len((await seller.call("GET", "/payments")).json()["items"]) == 1


async def test_a_new_account_is_exported_at_once(postgres: Postgres, standby: Standby, clock: MovedClock):
    standby.hold_back()
    async with running(postgres.url, clock, read_database_url=standby.url) as world:
        phone = await world.register(f"{uuid.uuid4()}@example.com")
        ACTING.set(None)
        assert (await phone.call("GET", "/users/me/export")).status_code == 200
    standby.catch_up()
