"""What a seller takes along, and what is left when a seller leaves."""

from tests.domain.catalog.shelf import euros, monthly, names, publish, put_on_shelf
from tests.world import World


async def test_a_seller_exports_all_that_was_listed_and_nothing_of_others(world: World):
    ada, bob = await world.register(), await world.register()
    made = await put_on_shelf(ada, name="Honey", description="Sweet", price=euros())
    recurring = await publish(ada, made, monthly())
    await ada.call("DELETE", f"/products/{made['id']}/prices/{made['prices'][0]['id']}")
    gone = await put_on_shelf(ada, name="Wax", price=euros(5))
    await ada.call("DELETE", f"/products/{gone['id']}")
    await put_on_shelf(bob, name="Bread")
    exported = (await ada.call("GET", "/users/me/export")).json()["catalog"]["products"]
    assert [(item["name"], item["status"]) for item in exported] == [("Honey", "active"), ("Wax", "archived")]
    assert exported[0]["description"] == "Sweet"
    assert exported[0]["prices"] == [made["prices"][0] | {"active": False}, recurring]
    assert exported[1]["prices"] == gone["prices"]


async def test_who_sells_nothing_exports_nothing(world: World):
    ada = await world.register()
    assert (await ada.call("GET", "/users/me/export")).json()["catalog"] == {}


async def test_a_seller_who_leaves_takes_the_words_and_pictures_but_the_names_stay_for_buyers(world: World):
    ada, bob = await world.register(), await world.register()
    made = await put_on_shelf(
        ada, name="Honey", description="From my garden", imageUrls=["https://example.com/me.jpg"], price=euros()
    )
    await put_on_shelf(bob, name="Bread", description="Fresh")
    assert (await ada.call("DELETE", "/users/me")).status_code == 204
    assert await names(world) == ["Bread"]
    left = (await world.call("GET", f"/products/{made['id']}")).json()
    assert (left["name"], left["status"], left["description"], left["imageUrls"]) == ("Honey", "archived", "", [])
    assert left["prices"] == []
    assert await world.rows("SELECT description FROM products WHERE name = 'Bread'") == [("Fresh",)]
