"""Reads balance transactions from the oldest on. Stripe lists the newest first.

`ending_before` gives the page just after (newer than) a known one: so the newest one older than `since` is looked up
first, and from there the pages go forward. Source: https://docs.stripe.com/api/pagination.
"""

from datetime import datetime
from typing import Any, Final

from stripe import BalanceTransactionService

from cleanly.platform.providers.protocol import Listing
from cleanly.platform.providers.stripe import bodies
from cleanly.platform.providers.stripe.snapshots import entry

_PAGES_MAX: Final = 1000


async def entries_since(transactions: BalanceTransactionService, since: datetime, cursor: str | None) -> Listing:
    """One page, oldest first; the cursor is the newest id that was read."""
    anchor = cursor
    if anchor is None:
        before = (await transactions.list_async(bodies.newest_before(since))).to_dict()
        if not before["data"]:
            return await _from_the_very_first(transactions, since)
        anchor = str(before["data"][0]["id"])
    page = (await transactions.list_async(bodies.lines(since, newer_than=anchor))).to_dict()
    return _listing(page["data"], more=page["has_more"])


async def _from_the_very_first(transactions: BalanceTransactionService, since: datetime) -> Listing:
    """Nothing is older than `since`, so no anchor: walk down to the oldest page once.

    Raises:
        ValueError: the list has no end.
    """
    older_than: str | None = None
    for number in range(_PAGES_MAX):
        page = (await transactions.list_async(bodies.lines(since, older_than=older_than))).to_dict()
        if not page["has_more"]:
            return _listing(page["data"], more=number > 0)
        older_than = str(page["data"][-1]["id"])
    raise ValueError("the list has no end")


def _listing(newest_first: list[Any], *, more: bool) -> Listing:
    found = tuple(entry(it) for it in reversed(newest_first))
    return Listing(entries=found, cursor=found[-1].id if more and found else None)
