"""Opening accounts: each once, its id asked for once and known only after the commit."""

import pytest

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.chart import AVAILABLE, BANK, PENDING, Account, Place, of_seller
from cleanly.domain.ledger.errors import PostingRefused, ReferenceReused
from cleanly.kernel.db import Database
from cleanly.kernel.ids import new_id
from tests.domain.ledger.books import Books


async def test_opening_again_returns_the_same_account(books: Books, database_url: str):
    seller = new_id()
    places = of_seller(seller, "EUR")
    first = await books.open(*places)
    assert len(set(first)) == 6
    assert await books.open(*reversed(places)) == tuple(reversed(first))
    assert await books.open(places[0], places[0]) == (first[0], first[0])
    (dollars,) = await books.open(Place(seller, AVAILABLE, "USD"))
    assert dollars not in first
    elsewhere = Database(database_url, name="elsewhere")
    assert await Books(elsewhere).open(*places) == first
    await elsewhere.close()


async def test_an_account_is_never_opened_again_as_another_kind(books: Books):
    seller = new_id()
    await books.open(Place(seller, AVAILABLE, "EUR"))
    for other in (Account("available", "asset", floor=0), Account("available", "liability")):
        with pytest.raises(ReferenceReused):
            await books.open(Place(seller, other, "EUR"))


async def test_ids_are_asked_once_and_known_only_after_the_commit(books: Books):
    place = Place(new_id(), PENDING, "EUR")

    async def open_and_fail() -> None:
        async with books.db.begin() as session:
            await ledger.open_accounts(session, place)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await open_and_fail()
    with pytest.raises(PostingRefused) as caught:
        async with books.db.begin() as session:
            await ledger.account(session, place)
    assert caught.value.reason == "unknown_account"
    (opened,) = await books.open(place)
    statements = await _statements(books, place)
    assert statements == ([], opened)


async def test_an_id_is_found_by_those_who_did_not_open_it(books: Books, database_url: str):
    place = Place(None, BANK, "EUR")
    (opened,) = await books.open(place)
    elsewhere = Database(database_url, name="elsewhere")
    first, again = await _statements(Books(elsewhere), place), await _statements(Books(elsewhere), place)
    await elsewhere.close()
    assert (len(first[0]), first[1]) == (1, opened)
    assert again == ([], opened)


async def _statements(books: Books, place: Place) -> tuple[list[str], int]:
    from sqlalchemy import event

    seen: list[str] = []

    def note(_connection, _cursor, statement: str, *_rest: object) -> None:
        if "ledger" in statement:
            seen.append(statement)

    event.listen(books.db.engine.sync_engine, "before_cursor_execute", note)
    try:
        async with books.db.begin() as session:
            found = await ledger.account(session, place)
    finally:
        event.remove(books.db.engine.sync_engine, "before_cursor_execute", note)
    return seen, found
