"""What the table holds, for how long, and what happens when it can't be read."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick
from cleanly.platform.idempotency import jobs, service
from cleanly.platform.idempotency.module import module
from tests.platform.idempotency.world import SECRET, World

REPLAYED = "idempotency-replayed"
TICK = Tick(due_at="2026-11-22T12:00:00Z")


async def test_a_copy_of_the_table_tells_neither_token_nor_key_nor_body(world: World):
    answer = await world.post("/v1/things", key="the-clients-key", what="what-was-asked")
    async with world.db.begin() as session:
        dump = str(
            (await session.execute(text("SELECT t::text, encode(body, 'escape') FROM idempotency_keys t"))).all()
        )
    (row,) = await world.rows()
    raw = dump.encode() + row.body + row.fingerprint
    for secret in (answer.json()["token"], "the-clients-key", "what-was-asked", "cookie-secret"):
        assert secret.encode() not in raw


async def test_the_fingerprint_can_not_be_guessed_without_the_servers_secret(world: World):
    await world.post("/v1/things")
    (mine,) = await world.rows()
    other = world.with_secrets(b"another server's secret, 32 bytes long")
    await other.post("/v1/things/", json={"what": "tea"})
    async with world.db.begin() as session:
        await session.execute(text("DELETE FROM idempotency_keys"))
    await other.post("/v1/things", json={"what": "tea"}, headers={"Idempotency-Key": "k1"})
    (theirs,) = await world.rows()
    assert theirs.key == mine.key
    assert theirs.fingerprint[4:] != mine.fingerprint[4:]


async def test_an_older_secret_still_opens(world: World):
    first = await world.post("/v1/things")
    rotated = world.with_secrets(b"second secret of the server, 32 bytes..", SECRET)
    again = await rotated.post("/v1/things", json={"what": "tea"}, headers={"Idempotency-Key": "k1"})
    assert again.content == first.content
    other = await rotated.post("/v1/things", json={"what": "coffee"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422


@pytest.mark.parametrize("path", ["/v1/things", "/v1/accounts", "/v1/payments"])
async def test_a_secret_that_is_gone_never_lets_the_work_run_again(world: World, path: str):
    await world.post(path)
    before = await world.effects()
    other = world.with_secrets(b"second secret of the server, 32 bytes..")
    answer = await other.post(path, json={"what": "tea"}, headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    assert await world.effects() == before


async def test_an_answer_moved_to_another_row_does_not_open(world: World):
    await world.post("/v1/things", x_address="192.0.2.1")
    async with world.db.begin() as session:
        await session.execute(text("UPDATE idempotency_keys SET owner = 'address:192.0.2.2'"))
    answer = await world.post("/v1/things", x_address="192.0.2.2")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")


async def test_an_answer_is_kept_for_a_day_and_no_longer(world: World):
    first = await world.post("/v1/things")
    world.clock.move(hours=24, seconds=-1)
    assert (await world.post("/v1/things")).content == first.content
    world.clock.move(seconds=1)
    anew = await world.post("/v1/things", what="coffee")  # even another body: the key is free
    assert (anew.status_code, anew.headers.get(REPLAYED)) == (201, None)
    assert (await world.post("/v1/things", what="coffee")).content == anew.content
    assert await world.effects() == ["coffee", "tea"]
    (row,) = await world.rows()
    assert row.created_at == world.clock.now()
    assert row.expires_at == world.clock.now() + timedelta(hours=24)


async def test_the_sweeper_deletes_what_has_expired_in_batches_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    batches: list[int] = []
    real = service.sweep

    async def sweep(session, *, now):
        batches.append(await real(session, now=now))
        return batches[-1]

    monkeypatch.setattr(service, "sweep", sweep)
    async with world.db.begin() as session:
        await session.execute(
            text(
                "INSERT INTO idempotency_keys (owner, route, key, fingerprint, state, status, expires_at)"
                " SELECT 'address:x', 'POST /x', n::text, '', 'done', 200, :now FROM generate_series(1, 1500) n"
            ),
            {"now": world.clock.now()},
        )
    await world.post("/v1/things")
    await jobs.sweep(Context(world.db, world.clock), TICK)
    assert batches == [1000, 500]
    (row,) = await world.rows()
    assert row.owner == "address:192.0.2.1"


async def test_a_batch_is_no_larger_however_the_planner_joins_it(world: World):
    async with world.db.begin() as session:
        await session.execute(
            text(
                "INSERT INTO idempotency_keys (owner, route, key, fingerprint, state, status, expires_at)"
                " SELECT 'address:x', 'POST /x', n::text, '', 'done', 200, :now FROM generate_series(1, 1500) n"
            ),
            {"now": world.clock.now()},
        )
    async with world.db.begin() as session:
        for way in ("hashjoin", "hashagg", "mergejoin", "material", "memoize", "sort"):
            await session.execute(text(f"SET LOCAL enable_{way} = off"))
        assert await service.sweep(session, now=world.clock.now()) == 1000


async def test_a_resumed_flow_is_not_swept_while_it_runs(world: World):
    async def at_provider(_resource_id) -> None:
        if len(world.charges) == 0:
            world.charges.append(_resource_id)
            raise ZeroDivisionError
        world.clock.move(seconds=30)
        await jobs.sweep(Context(world.db, world.clock), TICK)

    world.at_provider = at_provider
    assert (await world.post("/v1/payments")).status_code == 500
    world.clock.move(hours=23, minutes=59, seconds=50)
    assert (await world.post("/v1/payments")).status_code == 201
    assert (await world.post("/v1/payments")).headers[REPLAYED] == "true"


async def test_a_large_answer_is_rendered_again_from_its_resource(world: World):
    first, again = await world.post("/v1/reports"), await world.post("/v1/reports")
    assert first.json()["token"] == "first"
    assert again.status_code == 201
    assert again.json()["token"] == "rendered"
    assert again.json()["what"] == "00000000-0000-0000-0000-000000000007"
    assert again.headers[REPLAYED] == "true"
    assert "etag" not in again.headers  # other bytes, other tag
    assert await world.effects() == ["tea"]
    (row,) = await world.rows()
    assert row.body is None


async def test_a_large_answer_that_can_not_be_rendered_is_kept_up_to_a_mebibyte(world: World):
    first, again = await world.post("/v1/large", what="900000"), await world.post("/v1/large", what="900000")
    assert len(first.content) > 900_000
    assert again.content == first.content
    assert again.headers[REPLAYED] == "true"
    huge = await world.post("/v1/large", key="k2", what="1100000")
    lost = await world.post("/v1/large", key="k2", what="1100000")
    assert (huge.status_code, lost.status_code) == (201, 409)
    assert lost.json()["error"]["code"] == "CONFLICT"
    assert await world.effects() == ["large", "large"]


def test_the_sweeper_is_registered_and_each_refusal_once():
    assert [cron.schedule for cron in module.crons] == ["*/10 * * * *"]
    assert [job.task for job in module.jobs] == [cron.task for cron in module.crons]
    assert {kind.code: kind.status for kind in module.errors} == {
        "IDEMPOTENCY_KEY_REQUIRED": 400,
        "IDEMPOTENCY_KEY_INVALID": 400,
        "IDEMPOTENCY_KEY_REUSED": 422,
        "IDEMPOTENCY_IN_PROGRESS": 409,
    }
