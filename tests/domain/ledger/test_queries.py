"""Reading the books: balances, transactions whole, histories page by page."""

from cleanly.domain.ledger import queries
from cleanly.domain.ledger.chart import AVAILABLE, FEES, PENDING, RECEIVABLE, Place
from cleanly.kernel.ids import new_id
from tests.domain.ledger.books import CLEARING, Books


async def pages(books: Books, owner, *, limit: int, **wanted) -> list[list[queries.HistoryItem]]:
    found: list[list[queries.HistoryItem]] = []
    before = None
    async with books.db.begin() as session:
        await queries.prepare(session)
        while True:
            page = await queries.page(session, owner, queries.Wanted(**wanted), before=before, limit=limit)
            found.append(list(page.items))
            before = page.before
            if before is None:
                return found


async def test_balances_are_on_their_natural_side_and_of_one_owner(books: Books):
    ada, bob = await books.seller(available=500, receivable=30), await books.seller(pending=70)
    dollars = Books(books.db, "USD")
    await dollars.open(Place(ada, AVAILABLE, "USD"))
    async with books.db.begin() as session:
        found = {(b.name, b.currency): b for b in await queries.balances(session, ada)}
        platform = await queries.balances(session, None)
        assert await queries.balances(session, new_id()) == []
    assert len(found) == 7
    available, owed = found["available", "EUR"], found["receivable", "EUR"]
    assert (available.amount, available.kind, available.entries) == (500, "liability", 1)
    assert (owed.amount, owed.kind) == (30, "asset")
    assert found["available", "USD"].amount == 0
    assert [(b.name, b.amount, b.owner_id) for b in platform] == [("bank", 540, None)]
    assert await books.balances(bob) == {"pending": 70}


async def test_a_history_has_one_item_per_transaction_newest_first(books: Books):
    ada = await books.seller()
    clearing, fees = await books.platform(CLEARING, FEES)
    pending, available, owed = (books.ids[ada, account.name] for account in (PENDING, AVAILABLE, RECEIVABLE))
    source = new_id()
    sold = await books.post((clearing, 95), (pending, -85), (fees, -10), kind="payment.captured", source_id=source)
    released = await books.post((pending, 85), (available, -85), kind="hold.released")
    refunded = await books.post((available, 85), (owed, 5), (clearing, -90), kind="refund.made")
    async with books.db.begin() as session:
        items = (await queries.page(session, ada, queries.Wanted(), before=None, limit=9)).items
    assert [(item.id, item.kind, item.amount, dict(item.changes)) for item in items] == [
        (refunded.transaction_id, "refund.made", -90, {"available": -85, "receivable": 5}),
        (released.transaction_id, "hold.released", 0, {"pending": -85, "available": 85}),
        (sold.transaction_id, "payment.captured", 85, {"pending": 85}),
    ]
    assert items[-1].source_id == source
    assert {item.currency for item in items} == {"EUR"}


async def test_a_history_is_paged_without_a_gap_and_without_a_repeat(books: Books):
    ada, bob = await books.seller(), await books.seller(available=100)
    (clearing,) = await books.platform(CLEARING)
    pending, available = books.ids[ada, "pending"], books.ids[ada, "available"]
    made = []
    for n in range(11):
        moved = (clearing, 5), ((pending, available)[n % 2], -5)
        made.append((await books.post(*moved)).transaction_id)
    whole = [item.id for page in await pages(books, ada, limit=1000) for item in page]
    assert whole == made[::-1]
    for limit in (1, 3, 11):
        found = await pages(books, ada, limit=limit)
        assert [item.id for page in found for item in page] == whole
        assert all(len(page) == limit for page in found[:-1])
    assert len([item for page in await pages(books, bob, limit=5) for item in page]) == 1


async def test_a_history_of_one_currency_leaves_out_the_others(books: Books):
    ada = await books.seller(available=500)
    dollars = Books(books.db, "USD")
    (usd,) = await dollars.open(Place(ada, AVAILABLE, "USD"))
    (clearing,) = await dollars.platform(CLEARING)
    await dollars.post((clearing, 7), (usd, -7))
    assert [item.currency for page in await pages(books, ada, limit=9) for item in page] == ["USD", "EUR"]
    (only,) = await pages(books, ada, limit=9, currency="USD")
    assert [(item.amount, item.changes) for item in only] == [(7, {"available": 7})]
