"""Posting through the service: once, all or none, last in its transaction."""

import pytest
from structlog.testing import capture_logs

from cleanly.domain.ledger import queries
from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.chart import BANK, FEES, Account
from cleanly.domain.ledger.errors import InsufficientBalance, PostingRefused, ReferenceReused
from cleanly.kernel.ids import new_id
from tests.domain.ledger.books import Books, locked, reference


async def refused(books: Books, *postings: ledger.Posting) -> str:
    with pytest.raises(PostingRefused) as caught:
        await books.post_all(*postings)
    return caught.value.reason


async def test_a_posting_moves_money_on_both_sides(books: Books):
    account, other = await books.available(1000), await books.available(0)
    made = await books.post((account, 300), (other, -300), named="transfer:1", meta={"provider_object": "stripe:ch_1"})
    assert not made.is_replay
    assert await books.balance(account) == 700
    assert await books.balance(other) == 300
    async with books.db.begin() as session:
        kept = await queries.transaction(session, made.transaction_id)
        assert kept == await queries.by_reference(session, "transfer:1")
        assert await queries.transaction(session, new_id()) is None
        assert await queries.by_reference(session, "transfer:2") is None
    assert kept is not None
    assert kept.meta == {"provider_object": "stripe:ch_1"}
    assert [(line.amount, line.balance_after) for line in kept.entries] == [(300, 700), (-300, 300)]


async def test_several_entries_on_one_account_are_one(books: Books):
    account, (bank, fees) = await books.available(1000), await books.platform(BANK, FEES)
    made = await books.post((account, 100), (bank, -60), (bank, -40), (fees, 0))
    rows = await books.rows("SELECT amount FROM ledger_entries WHERE transaction_id = :id", id=made.transaction_id)
    assert sorted(row.amount for row in rows) == [-100, 100]


async def test_the_same_posting_again_is_a_replay_whatever_its_order(books: Books):
    account, other, (bank,) = await books.available(1000), await books.available(0), await books.platform(BANK)
    first = await books.post((account, 100), (other, -70), (bank, -30), named="same:1", source_id=new_id())
    row = await books.rows("SELECT source_id FROM ledger_transactions WHERE reference = 'same:1'")
    again = await books.post((bank, -30), (other, -70), (account, 100), named="same:1", source_id=row[0].source_id)
    assert again == ledger.Posted("same:1", first.transaction_id, is_replay=True)
    assert await books.balance(account) == 900


async def test_a_reference_with_other_content_is_refused_and_told(books: Books):
    account, (bank, fees) = await books.available(1000), await books.platform(BANK, FEES)
    await books.post((account, 100), (bank, -100), named="same:2")
    count = await books.count("ledger_transactions")
    others = [
        books.posting((account, 101), (bank, -101), named="same:2"),
        books.posting((account, 100), (fees, -100), named="same:2"),
        books.posting((account, 100), (bank, -90), (fees, -10), named="same:2"),
        books.posting((account, 100), (bank, -100), named="same:2", kind="test.other"),
        books.posting((account, 100), (bank, -100), named="same:2", source_id=new_id()),
    ]
    for other in others:
        with capture_logs() as logs, pytest.raises(ReferenceReused):
            await books.post_all(other)
        assert [(log["event"], log["log_level"], log["references"]) for log in logs] == [
            ("ledger_refused", "error", ["same:2"])
        ]
    assert await books.count("ledger_transactions") == count
    assert await books.balance(account) == 900


async def test_a_batch_is_all_or_none_and_tells_its_replays(books: Books):
    account, other = await books.available(1000), await books.available(0)
    first = await books.post((account, 100), (other, -100), named="batch:1")
    again = books.posting((account, 100), (other, -100), named="batch:1")
    new = books.posting((account, 200), (other, -200), named="batch:0")
    outcomes = await books.post_all(new, again)
    assert [(made.reference, made.is_replay) for made in outcomes] == [("batch:0", False), ("batch:1", True)]
    assert outcomes[1].transaction_id == first.transaction_id
    too_much = books.posting((account, 9999), (other, -9999))
    with pytest.raises(InsufficientBalance):
        await books.post_all(books.posting((account, 1), (other, -1), named="batch:2"), too_much)
    assert await books.rows("SELECT 1 FROM ledger_transactions WHERE reference = 'batch:2'") == []
    assert await books.balance(account) == 700


async def test_the_floor_holds_to_the_last_cent_and_at_every_step_of_a_batch(books: Books):
    account, (bank,) = await books.available(1000), await books.platform(BANK)
    with capture_logs() as logs, pytest.raises(InsufficientBalance):
        await books.post((account, 1001), (bank, -1001))
    assert logs == [], "a client's refusal is no alarm"
    take, give = ((account, 600), (bank, -600)), ((account, -600), (bank, 600))
    await books.post_all(*(books.posting(*step) for step in (take, give, take)))
    with pytest.raises(InsufficientBalance):
        await books.post_all(*(books.posting(*step) for step in (take, give)))
    await books.post((account, 400), (bank, -400))
    assert await books.balance(account) == 0
    with pytest.raises(InsufficientBalance):
        await books.post((account, 1), (bank, -1))


async def test_unknown_accounts_and_other_currencies_are_refused(books: Books):
    account, (bank,) = await books.available(1000), await books.platform(BANK)
    dollars = Books(books.db, "USD")
    (dollar_bank,) = await dollars.platform(BANK)
    assert await refused(books, books.posting((account, 5), (987654, -5))) == "unknown_account"
    assert await refused(books, books.posting((account, 5), (dollar_bank, -5))) == "unknown_account"
    assert await refused(books, dollars.posting((account, 5), (bank, -5))) == "unknown_account"


async def test_an_overflow_is_refused(books: Books):
    bank, fees = await books.platform(BANK, Account("narrow", "income"))
    most = 2**63 - 1
    await books.post((bank, most), (fees, -most))
    assert await refused(books, books.posting((bank, 1), (fees, -1))) == "overflow"
    await books.post((bank, -most), (fees, most))


async def test_a_closed_account_takes_nothing_ever_again(books: Books):
    account, (bank,) = await books.available(5), await books.platform(BANK)
    with pytest.raises(PostingRefused, match="closed"):
        async with books.db.begin() as session:
            await ledger.close(session, account)
    await books.post((account, 5), (bank, -5))
    async with books.db.begin() as session:
        await ledger.close(session, account)
    assert await refused(books, books.posting((account, -5), (bank, 5))) == "closed"


async def test_a_reversal_mirrors_the_whole_and_happens_once(books: Books):
    account, other, (bank,) = await books.available(1000), await books.available(0), await books.platform(BANK)
    entries = ((account, 100), (other, -70), (bank, -30))
    made = await books.post(*entries)
    back = ledger.mirror(entries)
    part = books.posting((account, -50), (bank, 50), reverses_id=made.transaction_id)
    assert await refused(books, part) == "not_a_mirror"
    same = books.posting(*entries, reverses_id=made.transaction_id)
    assert await refused(books, same) == "not_a_mirror"
    assert await refused(books, books.posting(*back, reverses_id=new_id())) == "not_a_mirror"
    undone = await books.post(*back, named="undo:1", reverses_id=made.transaction_id)
    assert await books.post(*back, named="undo:1", reverses_id=made.transaction_id) == ledger.Posted(
        "undo:1", undone.transaction_id, is_replay=True
    )
    assert await refused(books, books.posting(*back, reverses_id=made.transaction_id)) == "reversed_twice"
    assert await books.balance(account) == 1000


async def test_a_transaction_posts_once_and_locks_before(books: Books):
    account, (bank,) = await books.available(1000), await books.platform(BANK)

    def step() -> ledger.Posting:
        return books.posting((account, 1), (bank, -1))

    async def post_and(second: str) -> None:
        async with books.db.begin() as session:
            await ledger.post(session, step())
            if second == "post":
                await ledger.post(session, step())
            else:
                await ledger.lock(session, [account])

    for second in ("post", "lock"):
        with pytest.raises(PostingRefused) as caught:
            await post_and(second)
        assert caught.value.reason == "second_call"
    assert await books.balance(account) == 1000
    async with books.db.begin() as session:
        assert await locked(session, account) == [1000]
        await ledger.post(session, step())
    assert await books.balance(account) == 999


async def test_a_savepoint_that_is_rolled_back_frees_the_one_call(books: Books):
    account, (bank,) = await books.available(10), await books.platform(BANK)
    async with books.db.begin() as session:
        with pytest.raises(InsufficientBalance):
            async with session.begin_nested():
                await ledger.post(session, books.posting((account, 11), (bank, -11)))
        await ledger.post(session, books.posting((account, 10), (bank, -10)))
    assert await books.balance(account) == 0


async def test_what_is_refused_before_it_is_sent_leaves_the_transaction_alive(books: Books):
    account, (bank,) = await books.available(10), await books.platform(BANK)
    async with books.db.begin() as session:
        with capture_logs() as logs, pytest.raises(PostingRefused):
            await ledger.post(session, books.posting((account, 5), (bank, -4)))
        await ledger.post(session, books.posting((account, 5), (bank, -5)))
    assert logs[0]["reason"] == "unbalanced"
    assert await books.balance(account) == 5


async def test_a_rolled_back_transaction_posts_nothing_and_frees_its_reference(books: Books):
    account, (bank,) = await books.available(10), await books.platform(BANK)
    posting = books.posting((account, 5), (bank, -5))

    async def post_and_fail() -> None:
        async with books.db.begin() as session:
            await ledger.post(session, posting)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await post_and_fail()
    assert await books.balance(account) == 10
    (made,) = await books.post_all(posting)
    assert not made.is_replay


async def test_only_bounded_accounts_can_be_locked(books: Books):
    account, (bank,) = await books.available(10), await books.platform(BANK)
    for odd in (bank, 987654):
        with pytest.raises(PostingRefused) as caught:
            async with books.db.begin() as session:
                await ledger.lock(session, [account, odd])
        assert caught.value.reason == "not_bounded"


async def test_a_busy_account_is_spread_over_its_shards_and_read_as_one(crowd: Books):
    account = await crowd.available(1000)
    (fees,) = await crowd.platform(FEES)
    for _ in range(3):
        await crowd.post((account, 100), (fees, -100))
    assert await crowd.balance(fees) == 300
    rows = await crowd.rows("SELECT shard FROM ledger_balances WHERE account_id = :id", id=fees)
    assert sorted(row.shard for row in rows) == list(range(16))


async def test_the_largest_batch_is_taken_in_one_call(books: Books):
    account, (bank,) = await books.available(1000), await books.platform(BANK)
    made = await books.post_all(*(books.posting((account, 1), (bank, -1), named=reference("big")) for _ in range(1000)))
    assert len({posted.transaction_id for posted in made}) == 1000
    assert await books.balance(account) == 0
