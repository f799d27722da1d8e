"""Write the books: open accounts, lock balances, post. Use: `from cleanly.domain.ledger import service as ledger`.

Locks go one way: the caller's domain row, then `lock`, then `post`, which is the last statement of its transaction.
"""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import calls, chart, metrics, rules
from cleanly.domain.ledger.accounts import account, accounts, open_accounts
from cleanly.domain.ledger.chart import Account, Place
from cleanly.domain.ledger.errors import PostingRefused
from cleanly.domain.ledger.rules import Entry, Posting, mirror
from cleanly.kernel.ids import new_id

__all__ = [
    "Account",
    "Entry",
    "Place",
    "Posted",
    "Posting",
    "account",
    "accounts",
    "chart",
    "close",
    "lock",
    "mirror",
    "open_accounts",
    "post",
]

_POST = text(
    """
    SELECT reference, transaction_id, replayed FROM ledger_post(
        CAST(:ids AS uuid[]), CAST(:references AS text[]), CAST(:kinds AS text[]), CAST(:currencies AS text[]),
        CAST(:sources AS uuid[]), CAST(:reverses AS uuid[]), CAST(:metas AS jsonb[]),
        CAST(:of AS int[]), CAST(:accounts AS bigint[]), CAST(:amounts AS bigint[]))
    """
)
_LOCK = text("SELECT account_id, posted FROM ledger_lock(CAST(:accounts AS bigint[]))")
_CLOSE = text("SELECT ledger_close(:account)")


@dataclass(frozen=True, slots=True)
class Posted:
    """One posting's outcome. A replay had happened before, with the same content, and moved nothing now."""

    reference: str
    transaction_id: UUID
    is_replay: bool


async def post(session: AsyncSession, *postings: Posting) -> tuple[Posted, ...]:
    """Post one or many, all or none, in one round trip; the outcomes in the order given.

    Once per transaction, as its last statement: write rows, ask for jobs and publish before it. The floor holds at
    every step of a batch, in its order. At most 1,000 postings and 10,000 entries. Nothing is tried again here.

    Raises:
        InsufficientBalance: a bounded account would fall below its floor. The transaction is dead.
        ReferenceReused: a reference has happened with other content: our bug. The transaction is dead.
        PostingRefused: another bug of ours. `shape` and `unbalanced` are found before the database is asked.
    """
    try:
        netted = rules.prepare(postings)
    except PostingRefused as refused:
        calls.tell(refused, postings)
        raise
    began = time.perf_counter()
    rows = await calls.ask(session, _POST, _arrays(postings, netted), postings)
    metrics.POST_SECONDS.record(time.perf_counter() - began)
    outcomes = {row.reference: Posted(row.reference, row.transaction_id, row.replayed) for row in rows}
    return tuple(outcomes[posting.reference] for posting in postings)


async def lock(session: AsyncSession, accounts: Iterable[int]) -> dict[int, int]:
    """The balances of bounded accounts, held until the end of the transaction.

    For a posting whose split depends on what is there. Name every bounded account that it will touch, in one call,
    after locking the domain row and before `post`.

    Raises:
        PostingRefused: `not_bounded`: one is unbounded or unknown. `second_call`: after `post`.
    """
    wanted = sorted(set(accounts))
    rows = await calls.ask(session, _LOCK, {"accounts": wanted})
    balances = {row.account_id: row.posted for row in rows}
    if len(balances) < len(wanted):
        raise PostingRefused("not_bounded", f"accounts {sorted(set(wanted) - set(balances))}")
    return balances


async def close(session: AsyncSession, account_id: int) -> None:
    """Close a bounded, empty account for good: every later posting on it is refused.

    Raises:
        PostingRefused: `closed`: it is not empty, or not bounded. The transaction is dead.
    """
    await calls.ask(session, _CLOSE, {"account": account_id})


def _arrays(postings: Sequence[Posting], netted: Sequence[Sequence[Entry]]) -> dict[str, object]:
    numbered = [(number, entry) for number, entries in enumerate(netted, start=1) for entry in entries]
    return {
        "ids": [new_id() for _ in postings],
        "references": [posting.reference for posting in postings],
        "kinds": [posting.kind for posting in postings],
        "currencies": [posting.currency for posting in postings],
        "sources": [posting.source_id for posting in postings],
        "reverses": [posting.reverses_id for posting in postings],
        "metas": [json.dumps(dict(posting.meta)) for posting in postings],
        "of": [number for number, _ in numbered],
        "accounts": [account_id for _, (account_id, _) in numbered],
        "amounts": [amount for _, (_, amount) in numbered],
    }
