"""How often a profile is read from the database, and when a change is seen."""

import asyncio

from cleanly.platform.cache.service import Cache
from tests.valkey import until
from tests.waiting import eventually
from tests.world import World, running


async def count_reads(world: World, work) -> int:
    from sqlalchemy import event

    seen: list[str] = []

    def note(_connection, _cursor, statement: str, *_rest: object) -> None:
        if "FROM users" in statement and "refresh_tokens" not in statement:
            seen.append(statement)

    engine = world.context.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await work
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


async def read_often(phone, times: int) -> None:
    for _ in range(times):
        assert (await phone.call("GET", "/users/me")).status_code == 200


async def test_a_profile_is_read_once_and_then_from_the_cache(world: World):
    ada = await world.register()
    assert await count_reads(world, read_often(ada, 10)) == 1
    world.clock.move(minutes=6)
    assert await count_reads(world, read_often(ada, 10)) == 1


async def test_a_crowd_that_misses_together_loads_once(world: World):
    ada = await world.register()
    await ada.call("GET", "/auth/sessions")  # the gate knows the session
    crowd = asyncio.gather(*(ada.call("GET", "/users/me") for _ in range(20)))
    assert await count_reads(world, crowd) == 1


async def test_a_change_is_seen_at_once_where_it_was_made(world: World):
    ada = await world.register()
    for n in range(5):
        await ada.call("PUT", "/users/me", {"name": f"Ada {n}"})
        assert (await ada.call("GET", "/users/me")).json()["name"] == f"Ada {n}"


async def test_a_change_is_seen_on_other_processes_when_they_share_a_store(
    database_url: str, clock, world: World, valkey
):
    async with (
        running(database_url, clock, redis_url=valkey.url) as one,
        running(database_url, clock, redis_url=valkey.url) as two,
    ):
        await until(lambda: one.context.part(Cache).hears_others and two.context.part(Cache).hears_others)
        ada = await one.register()
        assert (await two.call("GET", "/users/me", token=ada.access)).json()["name"] == "Ada"
        await ada.call("PUT", "/users/me", {"name": "Ada B"})

        async def is_seen() -> bool:
            reply = await two.call("GET", "/users/me", token=ada.access)
            return bool(reply.json()["name"] == "Ada B")

        await eventually(is_seen, what="the new name on the other process")
