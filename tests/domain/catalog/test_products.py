"""Products over HTTP: who may write what, what is refused, and what stays."""

import asyncio
from uuid import uuid4

import pytest

from cleanly.domain.catalog.settings import CatalogSettings
from tests.domain.catalog.shelf import admin, euros, names, publish, put_on_shelf
from tests.world import World, code, running


async def test_a_seller_puts_a_product_with_its_price_on_the_shelf_and_everybody_reads_it(world: World):
    ada = await world.register()
    made = await put_on_shelf(
        ada,
        name="  A pot   of honey ",
        description="From the roof\r\nof the house",
        imageUrls=["https://example.com/honey.jpg"],
        price=euros(1250),
    )
    read = await world.call("GET", f"/products/{made['id']}")
    assert read.status_code == 200
    assert read.json() == made
    assert made["sellerId"] == ada.user_id
    assert made["name"] == "A pot of honey"
    assert made["description"] == "From the roof\nof the house"
    assert made["kind"] == "physical"
    assert made["status"] == "active"
    (price,) = made["prices"]
    assert price["unitAmount"] == {"amount": 1250, "currency": "EUR"}
    assert (price["type"], price["interval"], price["planGroup"], price["active"]) == ("one_time", None, None, True)
    assert price["taxBehavior"] == "inclusive"
    assert (await world.actions())[-1] == "product.created"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " \n "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\u0007b"}, "name"),
        ({"name": None}, "name"),
        ({"kind": "animal"}, "kind"),
        ({"description": "x" * 5001}, "description"),
        ({"description": "a\u001b[2J"}, "description"),
        ({"imageUrls": ["http://example.com/a.png"]}, "imageUrls.0"),
        ({"imageUrls": ["javascript:alert(1)"]}, "imageUrls.0"),
        ({"imageUrls": [f"https://example.com/{n}.png" for n in range(9)]}, "imageUrls"),
        ({"sellerId": str(uuid4())}, "sellerId"),
        ({"status": "archived"}, "status"),
        ({"price": euros(0)}, "price.unitAmount.amount"),
        ({"price": euros(type="recurring", planGroup="a")}, "price.interval"),
    ],
)
async def test_a_product_that_makes_no_sense_is_refused_by_its_field(world: World, change, field):
    ada = await world.register()
    reply = await ada.call("POST", "/products", {"name": "Honey", "kind": "physical"} | change)
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    assert reply.json()["error"]["details"]["field"] == field
    assert await world.rows("SELECT 1 FROM products") == []


async def test_nobody_writes_without_a_token(world: World):
    made = await put_on_shelf(await world.register(), price=euros())
    place = f"/products/{made['id']}"
    for method, path, body in (
        ("POST", "/products", {"name": "Honey", "kind": "physical"}),
        ("PUT", place, {"name": "Wax"}),
        ("DELETE", place, None),
        ("POST", f"{place}/prices", euros()),
        ("DELETE", f"{place}/prices/{made['prices'][0]['id']}", None),
    ):
        assert code(await world.call(method, path, body)) == "TOKEN_MISSING"
    assert (await world.call("GET", place)).json() == made


async def test_another_sellers_product_answers_a_write_as_if_it_were_not_there(world: World):
    ada, eve = await world.register(), await world.register()
    made = await put_on_shelf(ada, price=euros())
    for place, price in ((f"/products/{made['id']}", made["prices"][0]["id"]), (f"/products/{uuid4()}", uuid4())):
        assert code(await eve.call("PUT", place, {"name": "Mine"})) == "NOT_FOUND"
        assert code(await eve.call("DELETE", place)) == "NOT_FOUND"
        assert code(await eve.call("POST", f"{place}/prices", euros(1))) == "NOT_FOUND"
        assert code(await eve.call("DELETE", f"{place}/prices/{price}")) == "NOT_FOUND"
    assert (await world.call("GET", f"/products/{made['id']}")).json() == made


async def test_only_an_admin_adds_and_changes_the_platforms_own(world: World):
    ada, boss = await world.register(), await admin(world)
    refused = await ada.call("POST", "/products", {"name": "Gold", "kind": "digital", "platform": True})
    assert (refused.status_code, code(refused)) == (403, "FORBIDDEN")
    made = await put_on_shelf(boss, name="Gold", kind="digital", platform=True)
    assert made["sellerId"] is None
    assert code(await ada.call("PUT", f"/products/{made['id']}", {"name": "Mine"})) == "NOT_FOUND"
    changed = await boss.call("PUT", f"/products/{made['id']}", {"name": "Platinum"})
    assert changed.json()["name"] == "Platinum"
    await put_on_shelf(ada)
    assert await names(world, "/products?sellerId=platform") == ["Platinum"]


async def test_an_admin_may_take_a_sellers_product_off_the_shelf(world: World):
    made = await put_on_shelf(await world.register())
    assert (await (await admin(world)).call("DELETE", f"/products/{made['id']}")).status_code == 204
    assert await names(world) == []


async def test_a_change_names_only_what_changes(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, description="Sweet", imageUrls=["https://example.com/a.png"], price=euros())
    world.clock.move(minutes=1)
    changed = await ada.call("PUT", f"/products/{made['id']}", {"name": "Wax", "imageUrls": []})
    assert changed.status_code == 200
    expected = made | {"name": "Wax", "imageUrls": [], "updatedAt": "2026-11-22T12:01:00.000Z"}
    assert changed.json() == expected
    assert (await world.call("GET", f"/products/{made['id']}")).json() == expected


@pytest.mark.parametrize("field", ["name", "description", "imageUrls"])
async def test_a_field_can_not_be_taken_away(world: World, field):
    ada = await world.register()
    made = await put_on_shelf(ada)
    reply = await ada.call("PUT", f"/products/{made['id']}", {field: None})
    assert code(reply) == "VALIDATION_ERROR"
    assert reply.json()["error"]["details"]["field"] == field


async def test_the_kind_stays_because_prices_were_judged_by_it(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada)
    reply = await ada.call("PUT", f"/products/{made['id']}", {"kind": "digital"})
    assert reply.json()["error"]["details"]["reason"] == "unknown_field"


async def test_a_change_that_changes_nothing_leaves_the_time_alone(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada)
    world.clock.move(minutes=1)
    assert (await ada.call("PUT", f"/products/{made['id']}", {"name": "Honey"})).json() == made
    assert (await world.actions()).count("product.changed") == 0


async def test_if_match_refuses_a_change_of_what_was_not_read(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, price=euros())
    place = f"/products/{made['id']}"
    tag = (await world.call("GET", place)).headers["etag"]
    first = await ada.call("PUT", place, {"name": "Wax"}, if_match=tag)
    assert first.status_code == 200
    late = await ada.call("PUT", place, {"name": "Candles"}, if_match=tag)
    assert (late.status_code, code(late)) == (409, "CONFLICT")
    assert (await world.call("GET", place)).json()["name"] == "Wax"
    assert (await ada.call("PUT", place, {"name": "Candles"}, if_match=first.headers["etag"])).status_code == 200


async def test_if_match_sees_that_the_prices_have_changed(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, price=euros())
    tag = (await world.call("GET", f"/products/{made['id']}")).headers["etag"]
    await publish(ada, made, euros(999))
    assert code(await ada.call("PUT", f"/products/{made['id']}", {"name": "Wax"}, if_match=tag)) == "CONFLICT"


async def test_of_two_changes_with_one_tag_exactly_one_is_made(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada)
    place = f"/products/{made['id']}"
    tag = (await world.call("GET", place)).headers["etag"]
    replies = await asyncio.gather(*(ada.call("PUT", place, {"name": f"Wax {n}"}, if_match=tag) for n in range(6)))
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409, 409, 409]


async def test_the_tag_of_an_answer_to_a_write_is_the_tag_that_is_read(world: World):
    ada = await world.register()
    made = await ada.call("POST", "/products", {"name": "Honey", "kind": "physical", "price": euros()})
    place = f"/products/{made.json()['id']}"
    assert (await world.call("GET", place)).headers["etag"] == made.headers["etag"]
    changed = await ada.call("PUT", place, {"name": "Wax"})
    assert (await world.call("GET", place)).headers["etag"] == changed.headers["etag"] != made.headers["etag"]


async def test_an_archived_product_leaves_the_lists_but_can_still_be_read(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, price=euros())
    place = f"/products/{made['id']}"
    assert await names(world) == ["Honey"]
    for _ in range(2):
        assert (await ada.call("DELETE", place)).status_code == 204
    assert await names(world) == []
    read = await world.call("GET", place)
    assert read.status_code == 200
    assert (read.json()["status"], read.json()["prices"]) == ("archived", [])
    assert (await world.actions()).count("product.archived") == 1


async def test_an_archived_product_takes_no_change_and_no_price(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, price=euros())
    place = f"/products/{made['id']}"
    await ada.call("DELETE", place)
    for reply in (await ada.call("PUT", place, {"name": "Wax"}), await ada.call("POST", f"{place}/prices", euros())):
        assert (reply.status_code, code(reply)) == (409, "INVALID_STATE")
    assert (await ada.call("DELETE", f"{place}/prices/{made['prices'][0]['id']}")).status_code == 204


async def test_what_is_not_there_is_not_found_and_what_is_no_id_is_refused(world: World):
    assert code(await world.call("GET", f"/products/{uuid4()}")) == "NOT_FOUND"
    assert code(await world.call("GET", "/products/honey")) == "VALIDATION_ERROR"


async def test_a_repeated_post_under_one_key_makes_one_product(world: World):
    ada = await world.register()
    body = {"name": "Honey", "kind": "physical", "price": euros()}
    first = await ada.call("POST", "/products", body, idempotency_key="k1")
    again = await ada.call("POST", "/products", body, idempotency_key="k1")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert len(await names(world)) == 1
    place = f"/products/{first.json()['id']}/prices"
    prices = [await ada.call("POST", place, euros(5), idempotency_key="k2") for _ in range(2)]
    assert prices[0].json() == prices[1].json()
    assert len((await world.call("GET", f"/products/{first.json()['id']}")).json()["prices"]) == 2


async def test_a_sellers_shelf_has_an_end_and_archiving_makes_room(database_url: str, clock, world: World):
    async with running(database_url, clock, catalog_products_per_seller_max=2) as small:
        assert small.context.part(CatalogSettings).catalog_products_per_seller_max == 2
        ada, bob = await small.register(), await small.register()
        first = await put_on_shelf(ada)
        await put_on_shelf(ada)
        full = await ada.call("POST", "/products", {"name": "Third", "kind": "physical"})
        assert (full.status_code, code(full)) == (409, "CONFLICT")
        await put_on_shelf(bob)
        await ada.call("DELETE", f"/products/{first['id']}")
        await put_on_shelf(ada, name="Third")
