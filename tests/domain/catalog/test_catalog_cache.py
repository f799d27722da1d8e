"""Public reads come from the cache, carry an entity tag, and are forgotten at a change, everywhere."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from cleanly.domain.catalog import service
from cleanly.platform.cache.service import Cache
from tests.domain.catalog.shelf import count_reads, euros, monthly, names, publish, put_on_shelf
from tests.valkey import until
from tests.world import Phone, World, running

PUBLIC = "public, max-age=60, s-maxage=300"


async def read_often(world: World, path: str, times: int = 10) -> None:
    for _ in range(times):
        assert (await world.call("GET", path)).status_code == 200


async def test_a_page_is_read_once_in_ten_minutes(world: World):
    made = await put_on_shelf(await world.register(), price=monthly())
    for path in (f"/products/{made['id']}", "/products", "/products?kind=physical&limit=5", "/plans"):
        first = await count_reads(world, read_often(world, path, 1))
        assert first > 0
        assert await count_reads(world, read_often(world, path)) == 0
    world.clock.move(minutes=8)
    assert await count_reads(world, read_often(world, f"/products/{made['id']}")) == 0
    world.clock.move(minutes=4)
    assert await count_reads(world, read_often(world, f"/products/{made['id']}")) == 1
    assert await count_reads(world, read_often(world, "/products")) == 1


async def test_a_crowd_that_misses_together_loads_once(world: World):
    made = await put_on_shelf(await world.register())
    for path in (f"/products/{made['id']}", "/products"):
        crowd = asyncio.gather(*(world.call("GET", path) for _ in range(20)))
        assert await count_reads(world, crowd) == 1


async def test_public_reads_say_how_long_they_hold_and_spare_the_body(world: World):
    made = await put_on_shelf(await world.register(), price=monthly())
    for path in (f"/products/{made['id']}", "/products", "/plans"):
        full = await world.call("GET", path)
        assert full.headers["cache-control"] == PUBLIC
        for tag in (full.headers["etag"], f"W/{full.headers['etag']}", f'"other", {full.headers["etag"]}'):
            spared = await world.call("GET", path, if_none_match=tag)
            assert (spared.status_code, spared.content) == (304, b"")
            assert spared.headers["etag"] == full.headers["etag"]
            assert spared.headers["cache-control"] == PUBLIC
        assert (await world.call("GET", path, if_none_match='"other"')).content == full.content


async def test_what_a_writer_hears_is_kept_by_nobody(world: World):
    ada = await world.register()
    reply = await ada.call("POST", "/products", {"name": "Honey", "kind": "physical"})
    assert reply.headers["cache-control"] == "no-store"
    missing = await world.call("GET", "/products/0197f0a0-0000-7000-8000-000000000000")
    assert missing.headers["cache-control"] == "no-store"


Change = Callable[[Phone, dict[str, Any]], Awaitable[Any]]
CHANGES: dict[str, Change] = {
    "renamed": lambda phone, product: phone.call("PUT", f"/products/{product['id']}", {"name": "Wax"}),
    "priced": lambda phone, product: publish(phone, product, euros(7)),
    "priced by the month": lambda phone, product: publish(phone, product, monthly(7)),
    "ended": lambda phone, product: phone.call(
        "DELETE", f"/products/{product['id']}/prices/{product['prices'][0]['id']}"
    ),
    "archived": lambda phone, product: phone.call("DELETE", f"/products/{product['id']}"),
    "left": lambda phone, _: phone.call("DELETE", "/users/me"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_a_change_is_seen_at_once_in_the_product_and_in_every_list(world: World, change):
    ada = await world.register()
    made = await put_on_shelf(ada, price=monthly())
    paths = (f"/products/{made['id']}", "/products", "/products?kind=physical", f"/products?sellerId={ada.user_id}")
    paths = (*paths, "/plans", "/plans?currency=EUR")
    before = {path: await world.call("GET", path) for path in paths}
    await change(ada, made)
    for path, old in before.items():
        new = await world.call("GET", path, if_none_match=old.headers["etag"])
        if path.startswith("/plans") and change is CHANGES["priced"]:  # a price for once is no plan
            assert new.status_code == 304
            continue
        assert new.status_code == 200
        assert new.content != old.content


async def test_a_new_product_appears_in_a_list_that_was_cached_empty(world: World):
    assert await names(world) == []
    await put_on_shelf(await world.register())
    assert await names(world) == ["Honey"]


async def test_a_refused_change_forgets_nothing(world: World):
    ada, eve = await world.register(), await world.register()
    made = await put_on_shelf(ada)
    place = f"/products/{made['id']}"
    await read_often(world, place, 1)
    await read_often(world, "/products", 1)
    await eve.call("PUT", place, {"name": "Mine"})
    await ada.call("PUT", place, {"name": "Mine"}, if_match='"another"')
    assert await count_reads(world, read_often(world, place)) == 0
    assert await count_reads(world, read_often(world, "/products")) == 0


async def test_a_change_is_seen_on_other_processes_when_they_share_a_store(
    database_url: str, clock, world: World, valkey
):
    async with (
        running(database_url, clock, redis_url=valkey.url) as one,
        running(database_url, clock, redis_url=valkey.url) as two,
    ):
        await until(lambda: one.context.part(Cache).hears_others and two.context.part(Cache).hears_others)
        ada = await one.register()
        made = await put_on_shelf(ada)
        for process in (one, two):
            assert await names(process) == ["Honey"]
            assert (await process.call("GET", f"/products/{made['id']}")).json()["name"] == "Honey"
        assert await count_reads(two, read_often(two, "/products")) == 0
        assert service.GENERATION_KEY in two.context.part(Cache)._near._entries
        await ada.call("PUT", f"/products/{made['id']}", {"name": "Wax"})
        kept = {service.GENERATION_KEY, service.product_key(UUID(made["id"]))}
        await until(lambda: not kept & set(two.context.part(Cache)._near._entries))
        for process in (one, two):
            assert await names(process) == ["Wax"]
            assert (await process.call("GET", f"/products/{made['id']}")).json()["name"] == "Wax"
