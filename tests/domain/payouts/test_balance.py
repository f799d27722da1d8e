"""GET /balance: what a seller has, one currency at a time, and nobody else's."""

from cleanly.domain.ledger.service import chart
from tests.domain.payouts.stall import Stall
from tests.world import World, code


async def test_who_has_never_sold_has_no_balance(world: World):
    phone = await world.register()
    reply = await phone.call("GET", "/balance")
    assert (reply.status_code, reply.json()) == (200, {"items": []})
    assert code(await world.call("GET", "/balance")) == "TOKEN_MISSING"


async def test_a_balance_shows_each_part_and_their_sum(stall: Stall):
    await stall.post("test.filled", (chart.PENDING, -100), (chart.RESERVE, -20), (chart.DISPUTED, -3))
    await stall.post("test.filled", (chart.IN_PAYOUT, -4), (chart.RECEIVABLE, 5))
    await stall.post("test.filled", (chart.AVAILABLE, -6), currency="JPY")
    (euros, yen) = (await stall.get("/balance")).json()["items"]
    assert euros == {"currency": "EUR"} | {
        name: {"amount": amount, "currency": "EUR"}
        for name, amount in {
            "pending": 123,
            "held": 100,
            "reserve": 20,
            "disputed": 3,
            "available": 0,
            "inTransit": 4,
            "receivable": 5,
        }.items()
    }
    assert (yen["currency"], yen["available"]["amount"], yen["pending"]["amount"]) == ("JPY", 6, 0)
    # The stall proves at its end that held money is explained by holds.
    await stall.post("test.emptied", (chart.PENDING, 100), (chart.RESERVE, 20))


async def test_a_balance_is_its_owners_alone(stall: Stall):
    other = await stall.beside()
    await stall.post("test.filled", (chart.AVAILABLE, -500))
    await other.post("test.filled", (chart.AVAILABLE, -7))
    assert await stall.balance() == {"available": 500}
    assert await other.balance() == {"available": 7}
    assert (await stall.get("/balance", stall.market.buyer)).json() == {"items": []}
