"""The lists: filters, pages that stay whole while the shelf changes, plans by group."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanly.domain.catalog import service
from cleanly.domain.catalog.schemas import ProductIn
from cleanly.kernel.principal import SYSTEM, Caller
from tests.domain.catalog.shelf import euros, monthly, names, publish, put_on_shelf
from tests.world import World, code


async def test_a_list_shows_the_shelf_newest_first_without_descriptions(world: World):
    ada = await world.register()
    first = await put_on_shelf(ada, name="First", description="Long", price=euros())
    await put_on_shelf(ada, name="Second")
    items = (await world.call("GET", "/products")).json()["items"]
    assert [item["name"] for item in items] == ["Second", "First"]
    del first["description"]
    assert items[1] == first


async def test_filters_narrow_a_list_and_hold_together(world: World):
    ada, bob = await world.register(), await world.register()
    await put_on_shelf(ada, name="Honey", price=euros())
    await put_on_shelf(ada, name="E-book", kind="digital", price={"unitAmount": {"amount": 5, "currency": "JPY"}})
    gone = await put_on_shelf(bob, name="Lesson", kind="service", price=euros())
    await ada.call("DELETE", f"/products/{gone['id']}/prices/{gone['prices'][0]['id']}")
    await bob.call("DELETE", f"/products/{gone['id']}/prices/{gone['prices'][0]['id']}")
    assert await names(world) == ["Lesson", "E-book", "Honey"]  # and no filter is answered with this copy
    assert await names(world, f"/products?sellerId={ada.user_id}") == ["E-book", "Honey"]
    assert await names(world, f"/products?sellerId={bob.user_id}") == ["Lesson"]
    assert await names(world, f"/products?sellerId={uuid4()}") == []
    assert await names(world, "/products?sellerId=platform") == []
    assert await names(world, "/products?kind=digital") == ["E-book"]
    assert await names(world, "/products?currency=EUR") == ["Honey"]
    assert await names(world, f"/products?sellerId={ada.user_id}&kind=digital&currency=EUR") == []


@pytest.mark.parametrize(
    ("query", "expected", "field"),
    [
        ("limit=0", "VALIDATION_ERROR", "limit"),
        ("limit=101", "VALIDATION_ERROR", "limit"),
        ("kind=animal", "VALIDATION_ERROR", "kind"),
        ("currency=eur", "VALIDATION_ERROR", "currency"),
        ("sellerId=ada", "VALIDATION_ERROR", "sellerId"),
        ("cursor=nonsense", "MALFORMED_REQUEST", None),
    ],
)
async def test_a_list_refuses_what_it_can_not_read(world: World, query, expected, field):
    for path in ("/products", "/plans"):
        if path == "/plans" and field == "kind":
            continue
        reply = await world.call("GET", f"{path}?{query}")
        assert code(reply) == expected
        assert reply.json()["error"]["details"].get("field") == field
        assert reply.headers["cache-control"] == "no-store"


async def test_a_cursor_of_one_list_is_no_cursor_of_another(world: World):
    ada = await world.register()
    for n in range(2):
        await put_on_shelf(ada, price=monthly(group=f"g{n}"))
    cursors = {
        path: (await world.call("GET", f"{path}?limit=1")).json()["nextCursor"] for path in ("/products", "/plans")
    }
    assert all(cursors.values())
    assert code(await world.call("GET", f"/plans?cursor={cursors['/products']}")) == "MALFORMED_REQUEST"
    assert code(await world.call("GET", f"/products?cursor={cursors['/plans']}")) == "MALFORMED_REQUEST"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at_first=st.integers(0, 9),
    limit=st.integers(1, 4),
    meanwhile=st.lists(st.tuples(st.integers(0, 2), st.none() | st.integers(0, 8)), max_size=10),
)
async def test_whoever_turns_the_pages_meets_each_product_once_while_others_come_and_go(
    world: World, at_first, limit, meanwhile
):
    seller = await world.register()
    caller = Caller(user_id=UUID(seller.user_id), session_id=uuid4())

    async def add() -> str:
        async with world.context.db.begin() as session:
            body = ProductIn(name="Honey", kind="physical")
            return str((await service.create(session, world.context, body, caller=caller, origin=SYSTEM)).id)

    async def remove(product_id: str) -> None:
        async with world.context.db.begin() as session:
            await service.archive(session, world.context, UUID(product_id), caller=caller, origin=SYSTEM)

    old = [await add() for _ in range(at_first)]
    removed: set[str] = set()
    seen: list[str] = []
    cursor, turns = "", iter(meanwhile)
    while True:
        page = (await world.call("GET", f"/products?sellerId={seller.user_id}&limit={limit}{cursor}")).json()
        assert len(page["items"]) <= limit
        assert not removed & {item["id"] for item in page["items"]}
        seen += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        assert len(page["items"]) == limit
        assert len(seen) <= len(old)
        cursor = f"&cursor={page['nextCursor']}"
        added, gone = next(turns, (0, None))
        for _ in range(added):
            await add()
        if gone is not None and gone < len(old):
            await remove(old[gone])
            removed.add(old[gone])
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen, reverse=True)
    assert set(old) - removed <= set(seen) <= set(old)


async def test_plans_are_shown_by_group_with_their_product(world: World):
    ada = await world.register()
    silver, gold = await put_on_shelf(ada, name="Silver"), await put_on_shelf(ada, name="Gold", kind="digital")
    cheap, dear = await publish(ada, silver, monthly(500)), await publish(ada, gold, monthly(900))
    await publish(ada, gold, euros(99_00))
    await put_on_shelf(ada, name="Paper", price=monthly(100, group="news"))
    reply = await world.call("GET", "/plans")
    assert reply.status_code == 200
    groups: list[dict[str, Any]] = reply.json()["items"]
    assert [group["name"] for group in groups] == ["news", "membership"]
    assert reply.json()["nextCursor"] is None
    assert groups[1]["sellerId"] == ada.user_id
    assert [plan["price"] for plan in groups[1]["plans"]] == [cheap, dear]
    assert groups[1]["plans"][1]["product"] == {"id": gold["id"], "name": "Gold", "kind": "digital", "imageUrls": []}


async def test_plans_that_ended_and_groups_without_any_are_not_shown(world: World):
    ada = await world.register()
    silver, gold = await put_on_shelf(ada, name="Silver"), await put_on_shelf(ada, name="Gold")
    ended, stays = await publish(ada, silver, monthly(500)), await publish(ada, gold, monthly(900))
    lonely = await put_on_shelf(ada, price=monthly(group="lonely"))
    await ada.call("DELETE", f"/products/{silver['id']}/prices/{ended['id']}")
    await ada.call("DELETE", f"/products/{lonely['id']}")
    (group,) = (await world.call("GET", "/plans")).json()["items"]
    assert [plan["price"]["id"] for plan in group["plans"]] == [stays["id"]]


async def test_plans_are_narrowed_by_seller_and_currency_and_turned_by_page(world: World):
    ada, bob = await world.register(), await world.register()
    for n in range(3):
        await put_on_shelf(ada, price=monthly(group=f"g{n}"))
    yen = {"unitAmount": {"amount": 500, "currency": "JPY"}}
    await put_on_shelf(bob, price=yen | {"type": "recurring", "interval": "year", "planGroup": "yearly"})
    assert await names(world, "/plans?currency=JPY") == ["yearly"]
    assert await names(world, f"/plans?sellerId={ada.user_id}") == ["g2", "g1", "g0"]
    assert await names(world, "/plans?sellerId=platform") == []
    first = (await world.call("GET", f"/plans?sellerId={ada.user_id}&limit=2")).json()
    second = (await world.call("GET", f"/plans?sellerId={ada.user_id}&limit=2&cursor={first['nextCursor']}")).json()
    assert [group["name"] for group in first["items"] + second["items"]] == ["g2", "g1", "g0"]
    assert second["nextCursor"] is None
