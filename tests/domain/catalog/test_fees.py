"""The platform's fee: the usual one, and what is agreed with a seller."""

from uuid import UUID, uuid4

import pytest

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.catalog.queries import CatalogSettings
from tests.domain.catalog.shelf import admin, euros, put_on_shelf
from tests.world import World, code, running


async def fee(world: World, price_id: str) -> tuple[int, int]:
    async with world.context.db.begin() as session:
        sold = await catalog.price_for_sale(session, UUID(price_id), world.context.part(CatalogSettings))
    assert sold is not None
    return sold.fee_basis_points, sold.fee_fixed


async def test_what_is_agreed_with_a_seller_stands_in_place_of_the_usual_fee(world: World):
    ada, bob, boss = await world.register(), await world.register(), await admin(world)
    of_ada = (await put_on_shelf(ada, price=euros()))["prices"][0]["id"]
    yen = {"unitAmount": {"amount": 500, "currency": "JPY"}}
    in_yen = (await put_on_shelf(ada, price=yen))["prices"][0]["id"]
    of_bob = (await put_on_shelf(bob, price=euros()))["prices"][0]["id"]
    place = f"/admin/sellers/{ada.user_id}/fee"
    usual = {"sellerId": ada.user_id, "basisPoints": 1000, "fixed": {}, "isAgreed": False}
    assert (await boss.call("GET", place)).json() == usual
    agreed = await boss.call("PUT", place, {"basisPoints": 850, "fixed": {"EUR": 30}})
    assert agreed.status_code == 200
    assert agreed.json() == (await boss.call("GET", place)).json()
    assert agreed.json() == {"sellerId": ada.user_id, "basisPoints": 850, "fixed": {"EUR": 30}, "isAgreed": True}
    assert await fee(world, of_ada) == (850, 30)
    assert await fee(world, in_yen) == (850, 0)
    assert await fee(world, of_bob) == (1000, 0)
    await boss.call("PUT", place, {"basisPoints": 0})
    assert await fee(world, of_ada) == (0, 0)
    for _ in range(2):
        assert (await boss.call("DELETE", place)).status_code == 204
    assert (await boss.call("GET", place)).json() == usual
    assert await fee(world, of_ada) == (1000, 0)
    assert [name for name in await world.actions() if name.startswith("seller_fee")] == [
        "seller_fee.agreed",
        "seller_fee.agreed",
        "seller_fee.ended",
    ]


async def test_the_usual_fee_is_a_setting_with_a_fixed_part_by_currency(database_url: str, clock, world: World):
    async with running(
        database_url, clock, platform_fee_basis_points=250, platform_fee_fixed="EUR:30,JPY:40"
    ) as priced:
        ada, boss = await priced.register(), await admin(priced)
        made = await put_on_shelf(ada, price=euros())
        own = await put_on_shelf(boss, platform=True, price=euros())
        assert await fee(priced, made["prices"][0]["id"]) == (250, 30)
        assert await fee(priced, own["prices"][0]["id"]) == (0, 0)


async def test_only_an_admin_sees_and_sets_fees(world: World):
    ada = await world.register()
    place = f"/admin/sellers/{ada.user_id}/fee"
    for method, body in (("GET", None), ("PUT", {"basisPoints": 0}), ("DELETE", None)):
        assert code(await ada.call(method, place, body)) == "FORBIDDEN"
        assert code(await world.call(method, place, body)) == "TOKEN_MISSING"
    assert await world.rows("SELECT 1 FROM seller_fees") == []


async def test_nobodys_fee_is_not_found(world: World):
    boss = await admin(world)
    place = f"/admin/sellers/{uuid4()}/fee"
    assert code(await boss.call("GET", place)) == "NOT_FOUND"
    assert code(await boss.call("PUT", place, {"basisPoints": 1})) == "NOT_FOUND"
    assert (await boss.call("DELETE", place)).status_code == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"basisPoints": 10_001}, "basisPoints"),
        ({"basisPoints": -1}, "basisPoints"),
        ({"basisPoints": 8.5}, "basisPoints"),
        ({"basisPoints": "850"}, "basisPoints"),
        ({}, "basisPoints"),
        ({"basisPoints": 1, "fixed": {"EUR": -1}}, "fixed.EUR"),
        ({"basisPoints": 1, "fixed": {"EUR": 0.3}}, "fixed.EUR"),
        ({"basisPoints": 1, "fixed": {"ZZZ": 1}}, "fixed.ZZZ.[key]"),
    ],
)
async def test_a_fee_that_makes_no_sense_is_refused_by_its_field(world: World, body, field):
    boss = await admin(world)
    reply = await boss.call("PUT", f"/admin/sellers/{boss.user_id}/fee", body)
    assert code(reply) == "VALIDATION_ERROR"
    assert reply.json()["error"]["details"]["field"] == field


@pytest.mark.parametrize("text", ["EUR", "EUR:", "EUR:-1", "EUR:0.3", "eur:30", "ZZZ:1", "EUR:1,EUR:2", "EUR:²"])
def test_a_fixed_fee_that_can_not_be_read_stops_the_boot(text):
    with pytest.raises(ValueError, match=r"fixed fee|named twice"):
        CatalogSettings.model_validate({"platform_fee_fixed": text})
