"""GET /statements/{month}: opening and what happened make the closing, which is the next month's opening."""

import csv
import io
import random
from calendar import isleap
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cleanly.domain.ledger.service import Account, chart
from tests.domain.payouts.stall import Stall
from tests.world import World, code

BALANCES = ("pending", "available", "reserve", "disputed", "inTransit", "receivable", "total")
MOVES: dict[str, tuple[tuple[Account, int], ...]] = {
    "payment.captured": ((chart.PENDING, -1),),
    "hold.released": ((chart.PENDING, 1), (chart.AVAILABLE, -1)),
    "refund.made": ((chart.AVAILABLE, 1), (chart.RECEIVABLE, 1)),
    "dispute.held": ((chart.AVAILABLE, 1), (chart.DISPUTED, -1)),
    "payout.reserved": ((chart.AVAILABLE, 1), (chart.IN_PAYOUT, -1)),
}


async def statement(stall: Stall, month: str) -> dict[str, Any]:
    body = (await stall.get(f"/statements/{month}")).json()
    assert body["month"] == month
    return {one["currency"]: one for one in body["items"]}


def adds_up(one: dict[str, Any]) -> bool:
    return all(
        one["opening"][name] + sum(kind["sums"][name] for kind in one["types"]) == one["closing"][name]
        for name in BALANCES
    )


async def a_year_of(stall: Stall, year: int, chance: random.Random) -> None:
    """Something happens now and then, and at the first and last millisecond of every month."""
    clock = stall.world.clock
    # Sound at every step: enough of everything to take from.
    clock.at = datetime(year - 1, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    for currency in ("EUR", "JPY"):
        lines = ((chart.AVAILABLE, -10_000), (chart.PENDING, -10_000))
        await stall.post("payment.captured", *lines, currency=currency)
    for month in range(1, 13):
        first = datetime(year, month, 1, tzinfo=UTC)
        last = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) - timedelta(milliseconds=1)
        between = [first + timedelta(seconds=chance.randrange(27 * 86_400)) for _ in range(2)]
        for moment in (first, *sorted(between), last):
            clock.at = moment
            kind = chance.choice(sorted(MOVES))
            amount, currency = chance.randrange(1, 90), chance.choice(["EUR", "EUR", "JPY"])
            lines = tuple((account, sign * amount) for account, sign in MOVES[kind])
            await stall.post(kind, *lines, currency=currency)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_month_of_a_year_opens_as_the_last_one_closed(stall: Stall, seed: int):
    chance = random.Random(seed)
    year = chance.choice([2024, 2028, 2096]) if seed == 1 else chance.choice([2025, 2027, 2100])
    assert isleap(year) is (seed == 1)
    await a_year_of(stall, year, chance)
    stall.world.clock.at = datetime(year + 1, 2, 1, tzinfo=UTC)
    await stall.wait(seconds=1)
    before = await statement(stall, f"{year - 1}-12")
    everything = await stall.transactions("limit=100")
    for month in range(1, 13):
        text = f"{year}-{month:02}"
        found = await statement(stall, text)
        assert set(found) == {"EUR", "JPY"}
        for currency, one in found.items():
            assert adds_up(one), (text, one)
            assert one["opening"] == before[currency]["closing"]
            within = [i for i in everything if i["currency"] == currency and i["createdAt"].startswith(text)]
            assert {kind["type"] for kind in one["types"]} == {item["type"] for item in within}
            moved = sum(item["amount"]["amount"] for item in within)
            assert one["closing"]["total"] - one["opening"]["total"] == moved
        assert sum(len(one["types"]) for one in found.values()) > 0
        before = found
    following = await statement(stall, f"{year + 1}-01")
    for currency, one in following.items():
        balance = await stall.balance(currency)
        assert one["opening"] == one["closing"] == before[currency]["closing"]
        assert one["types"] == []
        assert one["closing"]["available"] == balance.get("available", 0)
        assert one["closing"]["pending"] == balance.get("held", 0)
        assert one["closing"]["receivable"] == balance.get("receivable", 0)
        await _empty(stall, currency, balance)


async def _empty(stall: Stall, currency: str, balance: dict[str, int]) -> None:
    """The stall proves at its end that money is held for a reason, and that nobody has while owing."""
    if balance.get("held"):
        await stall.post("test.emptied", (chart.PENDING, balance["held"]), currency=currency)
    if balance.get("receivable"):
        await stall.post("test.paid", (chart.RECEIVABLE, -balance["receivable"]), currency=currency)


async def test_a_statement_is_a_file_too(stall: Stall):
    payment = await stall.market.paid(10_000)
    await stall.rest(days=8)
    await stall.rest(days=2)
    await stall.market.refund(payment["id"], 5_000)
    assert (await stall.get("/statements/2026-11")).json()["isFinal"] is True
    december = (await stall.get("/statements/2026-12")).json()
    assert (december["isFinal"], december["since"], december["until"]) == (
        False,
        "2026-12-01T00:00:00.000Z",
        "2027-01-01T00:00:00.000Z",
    )
    for month in ("2026-11", "2026-12"):
        (one,) = (await statement(stall, month)).values()
        reply = await stall.get(f"/statements/{month}", Accept="text/csv")
        assert reply.headers["content-disposition"] == f'attachment; filename="statement-{month}.csv"'
        opening, *types, closing = csv.DictReader(io.StringIO(reply.text, newline=""))
        for line, row, sums in (("opening", opening, one["opening"]), ("closing", closing, one["closing"])):
            assert row["line"] == line
            assert {name: int(row[name]) for name in BALANCES[:-1]} == {name: sums[name] for name in BALANCES[:-1]}
            assert (int(row["amount"]), row["currency"]) == (sums["total"], "EUR")
            assert row["amountDecimal"] == f"{sums['total'] // 100}.{sums['total'] % 100:02}"
        assert [(row["type"], int(row["amount"])) for row in types] == [
            (kind["type"], kind["sums"]["total"]) for kind in one["types"]
        ]


async def test_a_month_is_final_when_nothing_of_it_can_be_under_way(stall: Stall):
    for moment, is_final in (
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 12, 1, 0, 1, tzinfo=UTC), False),
        (datetime(2026, 12, 1, 0, 5, tzinfo=UTC), True),
    ):
        stall.world.clock.at = moment
        assert (await stall.get("/statements/2026-11")).json()["isFinal"] is is_final


async def test_a_statement_is_its_owners_alone_and_empty_for_who_never_sold(stall: Stall):
    other = await stall.beside()
    await stall.post("test.filled", (chart.AVAILABLE, -500))
    assert await statement(other, "2026-11") == {}
    assert (await statement(stall, "2026-11"))["EUR"]["closing"]["available"] == 500
    assert code(await stall.world.call("GET", "/statements/2026-11")) == "TOKEN_MISSING"


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "2026-1", "nonsense", "2026-11-01", "9999-12"])
async def test_what_is_no_month_is_told(world: World, month: str):
    phone = await world.register()
    assert code(await phone.call("GET", f"/statements/{month}")) == "VALIDATION_ERROR"


async def test_a_month_that_has_not_begun_has_no_statement(world: World):
    phone = await world.register()
    assert code(await phone.call("GET", "/statements/2026-12")) == "NOT_FOUND"
    assert (await phone.call("GET", "/statements/1970-01")).json()["items"] == []
