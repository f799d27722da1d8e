"""A set of books that a test may write in: places by name, one line to post, and the proof that all is sound."""

import asyncio
import itertools
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import queries
from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.chart import AVAILABLE, BANK, Account, Place, of_seller
from cleanly.domain.ledger.service import Posted, Posting
from cleanly.kernel.db import Database
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.ids import new_id

CLEARING = ledger.chart.clearing("stripe")
TAX = ledger.chart.tax_payable("DE")
_numbers = itertools.count(1)


def reference(what: str = "test") -> str:
    """A reference that no other posting has."""
    return f"{what}:{next(_numbers)}"


@dataclass
class Books:
    db: Database
    currency: str = "EUR"
    ids: dict[tuple[UUID | None, str], int] = field(default_factory=dict)

    async def open(self, *places: Place) -> tuple[int, ...]:
        async with self.db.begin() as session:
            return await ledger.open_accounts(session, *places)

    async def platform(self, *accounts: Account) -> tuple[int, ...]:
        return await self.open(*(Place(None, account, self.currency) for account in accounts))

    async def seller(self, **amounts: int) -> UUID:
        """A seller with six accounts and, from the bank, these balances."""
        seller_id = new_id()
        places = of_seller(seller_id, self.currency)
        opened = await self.open(*places)
        for place, account_id in zip(places, opened, strict=True):
            self.ids[seller_id, place.account.name] = account_id
        (bank,) = await self.platform(BANK)
        for name, amount in amounts.items():
            sign = 1 if name == "receivable" else -1
            await self.post((self.ids[seller_id, name], sign * amount), (bank, -sign * amount))
        return seller_id

    async def available(self, amount: int) -> int:
        """The account of a new seller that has this much to spend."""
        seller_id = await self.seller(**({"available": amount} if amount else {}))
        return self.ids[seller_id, AVAILABLE.name]

    def posting(self, *entries: tuple[int, int], named: str | None = None, **more: Any) -> Posting:
        kind = more.pop("kind", "test.moved")
        currency = more.pop("currency", self.currency)
        return Posting(reference=named or reference(), kind=kind, currency=currency, entries=entries, **more)

    async def post(self, *entries: tuple[int, int], named: str | None = None, **more: Any) -> Posted:
        return (await self.post_all(self.posting(*entries, named=named, **more)))[0]

    async def post_all(self, *postings: Posting) -> tuple[Posted, ...]:
        async with self.db.begin(deadline_seconds=60) as session:
            return await ledger.post(session, *postings)

    async def post_until_known(self, *postings: Posting, tries_max: int = 200) -> tuple[Posted, ...]:
        """What a job does: the same posting again until an answer comes."""
        for _ in range(tries_max):
            try:
                return await self.post_all(*postings)
            except Unavailable:
                continue
        raise AssertionError("no answer in any of the tries")

    async def balance(self, account_id: int) -> int:
        row = await self.rows("SELECT posted FROM ledger_totals WHERE account_id = :id", id=account_id)
        return int(row[0][0])

    async def balances(self, owner_id: UUID | None) -> dict[str, int]:
        """Every balance that is not zero."""
        async with self.db.begin() as session:
            found = await queries.balances(session, owner_id)
        return {balance.name: balance.amount for balance in found if balance.amount}

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.db.begin() as session:
            return list((await session.execute(text(statement), values)).all())

    async def count(self, table: str) -> int:
        return int((await self.rows(f"SELECT count(*) FROM {table}"))[0][0])

    async def report(self) -> queries.Report:
        async with self.db.begin() as session:
            return await queries.check_everything(session, seconds_max=60)

    async def assert_sound(self) -> None:
        found = await self.report()
        assert found.is_clean, found
        async with self.db.begin() as session:
            recent = await queries.check_recent(session)
        assert recent.is_clean, recent


async def outcomes(work: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """All at once; what each returned or raised."""
    return await asyncio.gather(*work, return_exceptions=True)


async def locked(session: AsyncSession, *account_ids: int) -> list[int]:
    """The balances, in the order asked for."""
    found = await ledger.lock(session, account_ids)
    return [found[account_id] for account_id in account_ids]
