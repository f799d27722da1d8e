"""Prices: what is refused when it is published, and that what was used never changes."""

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.catalog import rules, service
from cleanly.domain.catalog.queries import CatalogSettings, PriceForSale
from cleanly.kernel.money import Money
from cleanly.platform.providers.currencies import PAYPAL, STRIPE
from tests.domain.catalog.shelf import admin, euros, monthly, publish, put_on_shelf
from tests.world import World, code


async def for_sale(world: World, price_id: str | UUID) -> PriceForSale | None:
    async with world.context.db.begin() as session:
        settings = world.context.part(CatalogSettings)
        return await catalog.price_for_sale(session, UUID(str(price_id)), settings)


async def use(world: World, price_id: str) -> None:
    async with world.context.db.begin() as session:
        await service.mark_used(session, UUID(price_id), now=world.clock.now())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (euros(0), "unitAmount.amount"),
        (euros(-1), "unitAmount.amount"),
        (euros(12.5), "unitAmount.amount"),
        (euros(12.0), "unitAmount.amount"),
        (euros("1250"), "unitAmount.amount"),
        (euros(True), "unitAmount.amount"),
        (euros(rules.UNIT_AMOUNT_MAX + 1), "unitAmount.amount"),
        ({"unitAmount": {"amount": 5, "currency": "eur"}}, "unitAmount.currency"),
        ({"unitAmount": {"amount": 5, "currency": "ZZZ"}}, "unitAmount.currency"),
        ({"unitAmount": 5}, "unitAmount"),
        ({}, "unitAmount"),
        (euros(type="rental"), "type"),
        (euros(interval="month"), "interval"),
        (euros(intervalCount=1), "intervalCount"),
        (euros(trialDays=1), "trialDays"),
        (euros(planGroup="a"), "planGroup"),
        (euros(type="recurring", planGroup="a"), "interval"),
        (euros(type="recurring", interval="month"), "planGroup"),
        (monthly(intervalCount=13), "intervalCount"),
        (monthly(intervalCount=0), "intervalCount"),
        (monthly(interval="year", intervalCount=2), "intervalCount"),
        (monthly(interval="fortnight"), "interval"),
        (monthly(trialDays=0), "trialDays"),
        (monthly(trialDays=731), "trialDays"),
        (monthly(group=" "), "planGroup"),
    ],
)
async def test_terms_that_make_no_sense_are_refused_by_their_field(world: World, body, field):
    ada = await world.register()
    made = await put_on_shelf(ada)
    reply = await ada.call("POST", f"/products/{made['id']}/prices", body)
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    assert reply.json()["error"]["details"]["field"] == field
    assert await world.rows("SELECT 1 FROM prices") == []
    assert await world.rows("SELECT 1 FROM plan_groups") == []


@pytest.mark.parametrize(
    ("amount", "currency", "published"),
    [
        (1, "EUR", True),
        (500, "JPY", True),
        (1250, "KWD", True),
        (1251, "KWD", False),  # Stripe's last digit of three is 0
        (100, "MGA", True),
        (150, "MGA", False),
        (1000, "HUF", True),
        (1050, "HUF", False),  # PayPal has no fillér
    ],
)
async def test_an_amount_that_a_provider_can_not_charge_exactly_is_not_published(
    world: World, monkeypatch, amount, currency, published
):
    monkeypatch.setitem(world.context.parts, service.PriceRules, service.PriceRules((STRIPE, PAYPAL)))
    ada = await world.register()
    made = await put_on_shelf(ada)
    reply = await ada.call(
        "POST", f"/products/{made['id']}/prices", {"unitAmount": {"amount": amount, "currency": currency}}
    )
    if published:
        assert reply.status_code == 201
        return
    assert code(reply) == "VALIDATION_ERROR"
    assert reply.json()["error"]["details"] == {"field": "unitAmount", "reason": "not_chargeable"}
    assert await world.rows("SELECT 1 FROM prices") == []


async def test_a_recurring_price_joins_its_sellers_group(world: World):
    ada, eve = await world.register(), await world.register()
    silver, gold = await put_on_shelf(ada, name="Silver"), await put_on_shelf(ada, name="Gold")
    first = await publish(ada, silver, monthly(500))
    second = await publish(ada, gold, monthly(900, interval="week", intervalCount=2, trialDays=14))
    others = await publish(eve, await put_on_shelf(eve), monthly(700))
    assert first["planGroup"] == "membership"
    assert (first["interval"], first["intervalCount"], first["trialDays"]) == ("month", 1, None)
    assert (second["interval"], second["intervalCount"], second["trialDays"]) == ("week", 2, 14)
    assert first["planGroupId"] == second["planGroupId"] != others["planGroupId"]


async def test_the_platform_has_groups_of_its_own_one_for_each_name(world: World):
    boss = await admin(world)
    made = [await put_on_shelf(boss, platform=True, kind="digital", price=monthly()) for _ in range(2)]
    assert made[0]["prices"][0]["planGroupId"] == made[1]["prices"][0]["planGroupId"]


async def test_a_group_named_by_many_at_once_is_made_once(world: World):
    ada = await world.register()
    products = [await put_on_shelf(ada) for _ in range(6)]
    await asyncio.gather(*(publish(ada, product, monthly()) for product in products))
    assert await world.rows("SELECT count(*) FROM plan_groups") == [(1,)]


async def test_a_price_that_ended_is_not_shown_nor_sold_and_ending_it_again_is_well(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, price=euros(100))
    newer = await publish(ada, made, euros(200))
    old = made["prices"][0]["id"]
    for _ in range(2):
        assert (await ada.call("DELETE", f"/products/{made['id']}/prices/{old}")).status_code == 204
    assert (await world.call("GET", f"/products/{made['id']}")).json()["prices"] == [newer]
    ended, current = await for_sale(world, old), await for_sale(world, newer["id"])
    assert ended is not None
    assert current is not None
    assert (ended.active, current.active) == (False, True)
    assert (await world.actions()).count("price.deactivated") == 1


async def test_a_price_is_ended_only_by_its_own_products_path(world: World):
    ada = await world.register()
    one, two = await put_on_shelf(ada, price=euros()), await put_on_shelf(ada, price=euros())
    for price in (two["prices"][0]["id"], uuid4()):
        assert code(await ada.call("DELETE", f"/products/{one['id']}/prices/{price}")) == "NOT_FOUND"
    assert (await world.call("GET", f"/products/{two['id']}")).json()["prices"] == two["prices"]


async def test_a_product_has_so_many_prices_on_offer_and_no_more(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada)
    place = f"/products/{made['id']}/prices"
    for amount in range(1, rules.PRICES_PER_PRODUCT_MAX):
        await publish(ada, made, euros(amount))
    replies = await asyncio.gather(*(ada.call("POST", place, euros(100 + n)) for n in range(4)))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    assert {code(reply) for reply in replies if reply.status_code == 409} == {"CONFLICT"}
    (last,) = [reply.json() for reply in replies if reply.status_code == 201]
    await ada.call("DELETE", f"{place}/{last['id']}")
    await publish(ada, made, euros(999))


async def test_a_group_has_so_many_plans_and_no_more(world: World):
    ada = await world.register()
    for n in range(rules.PLANS_PER_GROUP_MAX):
        if n % 10 == 0:
            product = await put_on_shelf(ada)
        await publish(ada, product, monthly(n + 1))
    full = await ada.call("POST", f"/products/{product['id']}/prices", monthly(999))
    assert code(full) == "CONFLICT"
    await publish(ada, product, monthly(999, group="another"))


async def test_a_sale_learns_everything_from_the_price(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, name="Gold", kind="digital", price=monthly(900, trialDays=7))
    (price,) = made["prices"]
    assert await for_sale(world, price["id"]) == PriceForSale(
        price_id=UUID(price["id"]),
        product_id=UUID(made["id"]),
        product_name="Gold",
        seller_id=UUID(ada.user_id),
        money=Money(900, "EUR"),
        type="recurring",
        interval="month",
        interval_count=1,
        trial_days=7,
        access_days=None,
        plan_group_id=UUID(price["planGroupId"]),
        kind="digital",
        fee_basis_points=1000,
        fee_fixed=0,
        active=True,
    )
    assert await for_sale(world, uuid4()) is None


async def test_nothing_of_an_archived_product_is_for_sale(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, price=euros())
    await ada.call("DELETE", f"/products/{made['id']}")
    sold = await for_sale(world, made["prices"][0]["id"])
    assert sold is not None
    assert not sold.active


CHANGES = (
    "unit_amount = unit_amount + 1",
    "currency = 'USD'",
    "interval = 'year'",
    "interval_count = 2",
    "trial_days = 3",
    "product_id = (SELECT id FROM products WHERE name = 'Other')",
    "type = 'one_time', interval = NULL, interval_count = NULL, trial_days = NULL, plan_group_id = NULL",
    "id = gen_random_uuid()",
    "created_at = created_at - interval '1 day'",
    (
        "type = 'one_time', interval = NULL, interval_count = NULL, trial_days = NULL, plan_group_id = NULL,"
        " access_days = 3"
    ),
    "used_at = NULL",
    "used_at = used_at + interval '1 day'",
)


@pytest.mark.parametrize("change", CHANGES)
async def test_the_database_refuses_to_change_a_used_price(world: World, change):
    ada = await world.register()
    await put_on_shelf(ada, name="Other")
    (price,) = (await put_on_shelf(ada, price=monthly(trialDays=7)))["prices"]
    statement = f"UPDATE prices SET {change} WHERE id = CAST(:id AS uuid) RETURNING id"
    if "used_at" not in change:
        async with world.context.db.begin() as session, session.begin_nested() as undone:
            connection = await session.connection()
            await connection.exec_driver_sql(statement.replace(":id", "%s"), (price["id"],))
            await undone.rollback()
    await use(world, price["id"])
    before = await world.rows("SELECT * FROM prices")
    with pytest.raises(IntegrityError, match="was used and does not change"):
        await world.rows(statement, id=price["id"])
    assert await world.rows("SELECT * FROM prices") == before


async def test_the_database_refuses_to_delete_a_used_price_only(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, price=euros())
    unused = await publish(ada, made, euros(1))
    await use(world, made["prices"][0]["id"])
    with pytest.raises(IntegrityError, match="was used and does not change"):
        await world.rows("DELETE FROM prices RETURNING id")
    gone = await world.rows("DELETE FROM prices WHERE id = CAST(:id AS uuid) RETURNING id", id=unused["id"])
    assert gone == [(UUID(unused["id"]),)]


async def test_a_used_price_can_still_be_ended(world: World):
    ada = await world.register()
    made = await put_on_shelf(ada, price=euros())
    price = made["prices"][0]["id"]
    await use(world, price)
    assert (await ada.call("DELETE", f"/products/{made['id']}/prices/{price}")).status_code == 204
    assert await world.rows("SELECT is_active FROM prices") == [(False,)]


async def test_a_price_is_marked_once_and_by_a_crowd_without_a_deadlock(world: World):
    ada = await world.register()
    (price,) = (await put_on_shelf(ada, price=euros()))["prices"]
    first = world.clock.now()
    await asyncio.gather(*(use(world, price["id"]) for _ in range(8)))
    world.clock.move(days=1)
    await use(world, price["id"])
    assert await world.rows("SELECT used_at FROM prices") == [(first,)]


async def test_what_a_sale_reads_after_marking_is_what_stays(world: World):
    """A change races with the first sale: either it comes first and is sold, or it is refused."""
    ada = await world.register()
    settings = world.context.part(CatalogSettings)

    async def sell(price_id: UUID) -> int:
        async with world.context.db.begin() as session:
            await service.mark_used(session, price_id, now=world.clock.now())
            sold = await catalog.price_for_sale(session, price_id, settings)
            assert sold is not None
            return sold.money.amount

    async def tamper(price_id: UUID) -> None:
        with suppress(IntegrityError):
            await world.rows("UPDATE prices SET unit_amount = 7 WHERE id = :id RETURNING id", id=price_id)

    for _ in range(10):
        (price,) = (await put_on_shelf(ada, price=euros()))["prices"]
        price_id = UUID(price["id"])
        sold, _ = await asyncio.gather(sell(price_id), tamper(price_id))
        assert await world.rows("SELECT unit_amount FROM prices WHERE id = :id", id=price_id) == [(sold,)]
