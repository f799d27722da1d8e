"""GET /transactions: one item per event, by page and by file, and nobody else's."""

import csv
import io
from datetime import timedelta

import pytest

from cleanly.domain.ledger import history as windows
from cleanly.domain.ledger.service import chart
from cleanly.domain.payouts.history import flows
from cleanly.kernel.clock import rfc3339
from tests.domain.payouts.stall import Stall
from tests.world import World, code

CSV = {"Accept": "text/csv"}


async def read_csv(stall: Stall, query: str = "") -> list[dict[str, str]]:
    reply = await stall.get(f"/transactions?{query}", **CSV)
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(reply.text, newline="")))


async def test_a_history_tells_what_happened_and_what_for(stall: Stall):
    payment = await stall.market.paid(10_000)
    refunded = (await stall.market.refund(payment["id"], 4_000)).json()
    await stall.rest(days=8)
    released, refund, sold = await stall.transactions()
    assert sold | {"id": "", "createdAt": ""} == {
        "id": "",
        "createdAt": "",
        "type": "payment.captured",
        "currency": "EUR",
        "amount": {"amount": 9_000, "currency": "EUR"},
        "changes": {"pending": 9_000, "available": 0, "reserve": 0, "disputed": 0, "inTransit": 0, "receivable": 0},
        "object": {"type": "payment", "id": payment["id"]},
        "paymentId": payment["id"],
        "description": "Honey",
    }
    assert sold["createdAt"] == "2026-11-22T12:00:00.000Z"
    assert released["createdAt"] == "2026-11-30T12:00:00.000Z"
    assert (refund["type"], refund["amount"]["amount"]) == ("refund.made", -3_600)
    assert (refund["object"], refund["paymentId"]) == ({"type": "refund", "id": refunded["id"]}, payment["id"])
    assert (released["type"], released["amount"]["amount"]) == ("hold.released", 0)
    assert (released["changes"]["pending"], released["changes"]["available"]) == (-5_400, 5_400)
    assert [item["description"] for item in (released, refund)] == ["Honey", "Honey"]


async def test_a_history_is_its_owners_alone(stall: Stall):
    other = await stall.beside()
    payment = await stall.market.paid(10_000)
    assert len(await stall.transactions()) == 1
    assert await other.transactions() == []
    assert await other.transactions(f"object={payment['id']}") == []
    assert await stall.transactions("", stall.market.buyer) == []
    assert await read_csv(other, f"object={payment['id']}") == []
    assert code(await stall.world.call("GET", "/transactions")) == "TOKEN_MISSING"


async def test_filters_narrow_by_type_currency_time_and_object(stall: Stall):
    first = await stall.market.paid(1_000)
    await stall.market.refund(first["id"], 100)
    await stall.wait(days=1)
    second = await stall.market.paid(2_000)
    await stall.post("test.filled", (chart.AVAILABLE, -6), currency="JPY")
    amounts = {
        "type=payment.captured": [1_800, 900],
        "type=payment": [1_800, 900],
        "type=refund": [-90],
        "type=pay": [],
        "type=refund.failed": [],
        "currency=JPY": [6],
        "currency=EUR": [1_800, -90, 900],
        "currency=USD": [],
        "from=2026-11-23": [6, 1_800],
        "to=2026-11-23": [-90, 900],
        "from=2026-11-22T12:00:00Z&to=2026-11-23T12:00:00Z": [-90, 900],
        "from=2026-11-22T13:00:00%2B01:00&to=2026-11-22T12:00:00.001Z": [-90, 900],
        "from=2026-11-24": [],
        "from=2026-11-23&to=2026-11-22": [],
        f"object={first['id']}": [-90, 900],
        f"object={second['id']}&type=refund": [],
        f"object={first['id']}&type=refund&currency=EUR&from=2026-11-22": [-90],
    }
    for query, expected in amounts.items():
        assert [item["amount"]["amount"] for item in await stall.transactions(query)] == expected, query
        assert [int(row["amount"]) for row in await read_csv(stall, query)] == expected, query


@pytest.mark.parametrize(
    "query",
    ["type=Refund", "type=a%25", "currency=eur", "from=yesterday", "to=2026-11-22T12:00:00", "object=7", "limit=101"],
)
async def test_a_filter_that_makes_no_sense_is_told(stall: Stall, query: str):
    assert code(await stall.seller.call("GET", f"/transactions?{query}")) == "VALIDATION_ERROR"


async def test_a_cursor_of_another_list_is_refused(stall: Stall):
    assert code(await stall.seller.call("GET", "/transactions?cursor=abc")) == "MALFORMED_REQUEST"


async def test_pages_fit_together_and_newer_items_do_not_move_them(stall: Stall):
    for amount in range(1, 8):
        await stall.post("test.filled", (chart.AVAILABLE, -amount))
    whole = [item["id"] for item in await stall.transactions()]
    for limit in (1, 2, 3, 7, 100):
        assert [item["id"] for item in await stall.transactions(f"limit={limit}")] == whole
    first = (await stall.get("/transactions?limit=3")).json()
    await stall.post("test.filled", (chart.AVAILABLE, -50))
    second = (await stall.get(f"/transactions?limit=3&cursor={first['nextCursor']}")).json()
    assert [item["id"] for item in first["items"] + second["items"]] == whole[:6]


async def test_a_rare_type_in_a_long_history_is_found_in_bounded_looks(stall: Stall, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(windows, "_LOOKED_AT_MAX", 6)
    await stall.post("test.rare", (chart.AVAILABLE, -1_000))
    for amount in range(1, 20):
        await stall.post("test.filled", (chart.AVAILABLE, -amount))
    monkeypatch.setattr(windows, "WINDOW_MAX", 3)
    first = (await stall.get("/transactions?type=test.rare&limit=2")).json()
    assert first["items"] == []
    assert first["nextCursor"] is not None
    assert [item["amount"]["amount"] for item in await stall.transactions("type=test.rare&limit=2")] == [1_000]
    assert len(await stall.transactions("type=test.filled&limit=2")) == 19


async def test_a_file_says_what_the_pages_say(stall: Stall, monkeypatch: pytest.MonkeyPatch):
    payment = await stall.market.paid(10_000)
    await stall.market.refund(payment["id"], 4_000)
    await stall.rest(days=8)
    pages, rows = await stall.transactions(), await read_csv(stall)
    assert len(rows) == len(pages) == 3
    for item, row in zip(pages, rows, strict=True):
        assert row == {
            "id": item["id"],
            "createdAt": item["createdAt"],
            "type": item["type"],
            "currency": "EUR",
            "amount": str(item["amount"]["amount"]),
            "amountDecimal": f"{item['amount']['amount'] / 100:.2f}",
            **{name: str(amount) for name, amount in item["changes"].items()},
            "objectId": item["object"]["id"],
            "paymentId": item["paymentId"],
            "description": item["description"],
        }


async def test_an_amount_has_its_currencys_decimals(stall: Stall):
    for currency in ("EUR", "JPY", "KWD", "ISK", "TND"):
        await stall.post("test.filled", (chart.AVAILABLE, -1_234_567), currency=currency)
        await stall.post("test.spent", (chart.AVAILABLE, 5), currency=currency)
    found = {(row["currency"], row["type"]): row["amountDecimal"] for row in await read_csv(stall)}
    assert found == {
        ("EUR", "test.filled"): "12345.67",
        ("EUR", "test.spent"): "-0.05",
        ("JPY", "test.filled"): "1234567",
        ("JPY", "test.spent"): "-5",
        ("KWD", "test.filled"): "1234.567",
        ("KWD", "test.spent"): "-0.005",
        ("ISK", "test.filled"): "1234567",
        ("ISK", "test.spent"): "-5",
        ("TND", "test.filled"): "1234.567",
        ("TND", "test.spent"): "-0.005",
    }


@pytest.mark.parametrize(
    ("label", "cell"),
    [
        ("Honey", "Honey"),
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ('say "hi", twice\nor more', 'say "hi", twice\nor more'),
        ("Zürich 🍯", "Zürich 🍯"),
        ("", ""),
    ],
)
async def test_what_others_wrote_is_no_formula_and_breaks_no_line(stall: Stall, label: str, cell: str):
    await stall.post("test.filled", (chart.AVAILABLE, -100), label=label)
    (row,) = await read_csv(stall)
    assert row["description"] == cell
    (item,) = await stall.transactions()
    assert item["description"] == label


async def test_a_file_is_made_of_blocks_without_a_seam(stall: Stall, monkeypatch: pytest.MonkeyPatch):
    for amount in range(1, 12):
        await stall.post("test.odd" if amount % 2 else "test.even", (chart.AVAILABLE, -amount))
    block = windows.csv_block
    sizes: list[int] = []

    async def small(*arguments, **named):
        found = await block(*arguments, **named, size=3)
        sizes.append(found.rows)
        return found

    monkeypatch.setattr(flows.ledger, "csv_block", small)
    assert [int(row["amount"]) for row in await read_csv(stall)] == list(range(11, 0, -1))
    assert sizes == [3, 3, 3, 2]
    assert [int(row["amount"]) for row in await read_csv(stall, "type=test.even")] == [10, 8, 6, 4, 2]
    between = rfc3339(stall.world.clock.now() - timedelta(days=1))
    assert len(await read_csv(stall, f"from={between}")) == 11


async def test_an_empty_file_has_its_header(world: World):
    phone = await world.register()
    reply = await phone.call("GET", "/transactions", **CSV)
    assert reply.text == windows.CSV_HEADER
    assert reply.headers["content-disposition"] == 'attachment; filename="transactions.csv"'
    assert (reply.headers["vary"], reply.headers["cache-control"]) == ("Accept", "no-store")


async def test_more_files_than_allowed_are_told_to_come_again(stall: Stall):
    exports = stall.world.context.part(flows.Exports)
    with exports.writing(), exports.writing(), exports.writing(), exports.writing():
        reply = await stall.seller.call("GET", "/transactions", **CSV)
        assert (code(reply), reply.headers["retry-after"]) == ("SERVICE_UNAVAILABLE", "10")
        assert (await stall.seller.call("GET", "/transactions")).status_code == 200
    assert await read_csv(stall) == []


async def test_a_fault_in_the_middle_leaves_no_file_that_looks_whole(stall: Stall, monkeypatch: pytest.MonkeyPatch):
    for amount in range(1, 5):
        await stall.post("test.filled", (chart.AVAILABLE, -amount))
    block = windows.csv_block

    async def breaks(*arguments, before, **named):
        if before is not None:
            raise RuntimeError("the disk is gone")
        return await block(*arguments, before=before, **named, size=2)

    monkeypatch.setattr(flows.ledger, "csv_block", breaks)
    with pytest.raises((ConnectionAbortedError, RuntimeError, ExceptionGroup)):
        await stall.seller.call("GET", "/transactions", **CSV)
    monkeypatch.setattr(flows.ledger, "csv_block", block)
    assert len(await read_csv(stall)) == 4
