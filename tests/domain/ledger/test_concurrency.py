"""Many at once, on real connections: nothing twice, nothing lost, nobody stuck."""

import asyncio
import random
from collections import Counter
from uuid import UUID

import psycopg
import pytest

from cleanly.domain.ledger import queries
from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.chart import AVAILABLE, BANK, FEES, PENDING, RECEIVABLE, of_seller
from cleanly.domain.ledger.errors import InsufficientBalance, PostingRefused
from cleanly.domain.ledger.service import Posted, Posting
from cleanly.kernel.ids import new_id
from tests.domain.ledger.books import CLEARING, Books, locked, outcomes, reference


async def test_of_64_withdrawals_of_100_from_1000_exactly_10_succeed(crowd: Books):
    account, (bank,) = await crowd.available(1000), await crowd.platform(BANK)
    made = await outcomes([crowd.post((account, 100), (bank, -100)) for _ in range(64)])
    assert Counter(map(type, made)) == {Posted: 10, InsufficientBalance: 54}
    assert await crowd.balance(account) == 0


async def test_one_reference_64_times_at_once_is_one_transaction(crowd: Books):
    account, (bank,) = await crowd.available(1000), await crowd.platform(BANK)
    made = await outcomes([crowd.post((account, 100), (bank, -100), named="once:1") for _ in range(64)])
    assert {type(posted) for posted in made} == {Posted}
    assert len({posted.transaction_id for posted in made}) == 1
    assert sorted(posted.is_replay for posted in made) == [False] + [True] * 63
    assert await crowd.balance(account) == 900


async def test_of_32_reversals_at_once_one_happens(crowd: Books):
    account, (bank,) = await crowd.available(1000), await crowd.platform(BANK)
    entries = ((account, 100), (bank, -100))
    made = await crowd.post(*entries)
    back = ledger.mirror(entries)
    ended = await outcomes([crowd.post(*back, reverses_id=made.transaction_id) for _ in range(32)])
    assert Counter(map(type, ended)) == {Posted: 1, PostingRefused: 31}
    assert {refused.reason for refused in ended if isinstance(refused, PostingRefused)} == {"reversed_twice"}
    assert await crowd.balance(account) == 1000


async def test_a_crowd_opens_the_same_accounts_once(crowd: Books):
    places = of_seller(new_id(), "EUR")
    orders = [random.Random(n).sample(places, 6) for n in range(32)]
    opened = await outcomes([crowd.open(*order) for order in orders])
    found = [dict(zip(order, ids, strict=True)) for order, ids in zip(orders, opened, strict=True)]
    assert all(ids == found[0] for ids in found)
    assert len(set(found[0].values())) == 6


async def test_5000_crossing_transfers_never_lock_each_other_up(crowd: Books):
    accounts = [await crowd.available(1_000_000) for _ in range(4)]
    (fees,) = await crowd.platform(FEES)

    async def walk(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(250):
            source, target = chance.sample(accounts, 2)
            amount = chance.randint(2, 50)
            await crowd.post((source, amount), (target, 1 - amount), (fees, -1))

    ended = await outcomes([walk(seed) for seed in range(20)])
    assert ended == [None] * 20
    total = sum([await crowd.balance(account) for account in accounts])
    assert total == 4_000_000 - 20 * 250
    assert await crowd.balance(fees) == 5_000


async def test_360_overlapping_batches_of_25_never_lock_each_other_up_and_post_each_reference_once(crowd: Books):
    accounts = [await crowd.available(100_000) for _ in range(4)]
    chance = random.Random(7)
    postings = [
        crowd.posting((source, n + 1), (target, -n - 1), named=f"overlap:{n}")
        for n in range(200)
        for source, target in [chance.sample(accounts, 2)]
    ]
    batches = [chance.sample(postings, 25) for _ in range(360)]
    ended = await outcomes([crowd.post_all(*batch) for batch in batches])
    assert {type(made) for made in ended} == {tuple}
    new = Counter(posted.reference for made in ended for posted in made if not posted.is_replay)
    assert set(new.values()) == {1}
    assert set(new) == {posting.reference for batch in batches for posting in batch}
    assert sum([await crowd.balance(account) for account in accounts]) == 400_000


async def test_4000_postings_retried_while_connections_are_killed_happen_once_each(crowd: Books, database_url: str):
    accounts = [await crowd.available(100_000) for _ in range(8)]
    (fees,) = await crowd.platform(FEES)
    postings = [crowd.posting((accounts[n % 8], 1), (fees, -1)) for n in range(4_000)]
    somebody_is_done = asyncio.Event()
    killed = done = 0

    async def kill() -> None:
        """Somebody at work, each time that some got done: so there is always progress, however slow."""
        nonlocal killed
        chance = random.Random(3)
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            while True:
                await somebody_is_done.wait()
                somebody_is_done.clear()
                found = await connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                    " AND application_name = 'crowd' AND state <> 'idle'"
                )
                pids = [row[0] for row in await found.fetchall()]
                if pids:
                    await connection.execute("SELECT pg_terminate_backend(%s)", (chance.choice(pids),))
                    killed += 1

    async def insist(share: list[Posting]) -> list[Posted]:
        nonlocal done
        known: list[Posted] = []
        for posting in share:
            known += await crowd.post_until_known(posting)
            done += 1
            if done % 64 == 0:
                somebody_is_done.set()
        return known

    killer = asyncio.create_task(kill())
    made = await outcomes([insist(postings[first::32]) for first in range(32)])
    killer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killer
    assert {type(known) for known in made} == {list}, made
    assert killed > 20
    assert [await crowd.balance(account) for account in accounts] == [100_000 - 500] * 8
    rows = await crowd.rows(
        "SELECT count(*), count(DISTINCT reference) FROM ledger_transactions WHERE reference = ANY(:all)",
        all=[posting.reference for posting in postings],
    )
    assert tuple(rows[0]) == (4_000, 4_000)


async def test_a_close_that_races_a_posting_200_times_never_leaves_money_behind(crowd: Books):
    (bank,) = await crowd.platform(BANK)

    async def close(account: int) -> None:
        async with crowd.db.begin() as session:
            await ledger.close(session, account)

    both: Counter[tuple[bool, bool]] = Counter()
    for _ in range(200):
        account = await crowd.available(0)
        posted, closed = await outcomes([crowd.post((account, -5), (bank, 5)), close(account)])
        refused = [ended for ended in (posted, closed) if isinstance(ended, PostingRefused)]
        assert [one.reason for one in refused] == ["closed"], (posted, closed)
        both[isinstance(posted, Posted), closed is None] += 1
        assert await crowd.balance(account) == (5 if isinstance(posted, Posted) else 0)
    assert set(both) <= {(True, False), (False, True)}


async def refund(crowd: Books, parts: dict[UUID, int], clearing: int) -> None:
    """Take from pending, then available, then owe: as a refund does, on several sellers in one transaction."""
    async with crowd.db.begin(deadline_seconds=60) as session:
        names = (PENDING, AVAILABLE, RECEIVABLE)
        ids = {seller: [crowd.ids[seller, account.name] for account in names] for seller in parts}
        balances = await ledger.lock(session, [account for three in ids.values() for account in three])
        entries: list[tuple[int, int]] = []
        for seller, amount in parts.items():
            pending, available, receivable = ids[seller]
            first = min(amount, balances[pending])
            second = min(amount - first, balances[available])
            entries += [(pending, first), (available, second), (receivable, amount - first - second)]
            entries.append((clearing, -amount))
        await ledger.post(
            session, Posting(reference=reference("refund"), kind="refund.made", currency="EUR", entries=entries)
        )


async def test_300_racing_refunds_on_two_of_four_sellers_take_or_owe_every_cent(crowd: Books):
    (clearing,) = await crowd.platform(CLEARING)
    sellers = [await crowd.seller(pending=700, available=500) for _ in range(4)]
    chance = random.Random(11)
    orders = [{seller: chance.randint(1, 90) for seller in chance.sample(sellers, 2)} for _ in range(300)]
    ended = await outcomes([refund(crowd, order, clearing) for order in orders])
    assert ended == [None] * 300
    for seller in sellers:
        wanted = sum(order.get(seller, 0) for order in orders)
        left = await crowd.balances(seller)
        assert wanted > 1200, "more was asked for than there was"
        assert left == {"receivable": wanted - 1200}


async def test_two_calls_in_one_transaction_would_have_locked_up_and_are_refused(crowd: Books):
    first, second = await crowd.available(1000), await crowd.available(1000)
    (fees,) = await crowd.platform(FEES)

    async def twice(one: int, other: int) -> None:
        async with crowd.db.begin() as session:
            await ledger.post(session, crowd.posting((one, 5), (fees, -5)))
            await ledger.post(session, crowd.posting((other, 5), (fees, -5)))

    ended = await outcomes([twice(*pair) for pair in [(first, second), (second, first)] * 8])
    assert [getattr(error, "reason", error) for error in ended] == ["second_call"] * 16
    assert await crowd.balance(first) == await crowd.balance(second) == 1000


async def test_what_is_locked_stays_until_the_end(crowd: Books):
    account, (bank,) = await crowd.available(1000), await crowd.platform(BANK)
    async with crowd.db.begin() as session:
        assert await locked(session, account) == [1000]
        other = asyncio.create_task(crowd.post((account, 1000), (bank, -1000)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(other), 0.2)
        await ledger.post(session, crowd.posting((account, 600), (bank, -600)))
    with pytest.raises(InsufficientBalance):
        await other
    assert await crowd.balance(account) == 400


async def test_a_check_under_load_raises_no_false_alarm(crowd: Books):
    accounts = [await crowd.available(100_000) for _ in range(3)]
    (fees,) = await crowd.platform(FEES)
    done = asyncio.Event()

    async def load(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(25):
            await crowd.post((chance.choice(accounts), 2), (fees, -2))

    async def look() -> int:
        looks = 0
        while not done.is_set():
            await crowd.assert_sound()
            looks += 1
        return looks

    looking = asyncio.create_task(look())
    ended = await outcomes([load(seed) for seed in range(8)])
    done.set()
    assert ended == [None] * 8
    assert await looking > 2
    async with crowd.db.begin() as session:
        assert (await queries.check_everything(session, seconds_max=60)).extent is not None
