"""A seller's stall in a market: money that rests, is released and looked at, at the market's own time."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2

from cleanly.domain.ledger import queries as books
from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.reconciliation.messages import RECONCILE
from cleanly.domain.ledger.service import Account, Place, Posting, chart
from cleanly.domain.payments.holds import queries as holds
from cleanly.domain.payments.holds.messages import RELEASE_HOLDS
from tests.domain.catalog.shelf import admin
from tests.domain.payments.market import Market, open_market
from tests.moved_clock import MovedClock
from tests.world import Phone, World

_references = itertools.count(1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DatedIds:
    """Ids of version 7 that tell the moved clock's time, in the order in which they are made."""

    def __init__(self, clock: MovedClock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)

    def __call__(self) -> UUID:
        since = self._clock.now() - _EPOCH
        milliseconds = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
        return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62 | next(self._numbers))


@dataclass
class Stall:
    """A market whose books are dated by its clock."""

    market: Market

    @property
    def world(self) -> World:
        return self.market.world

    @property
    def seller(self) -> Phone:
        return self.market.seller

    async def beside(self) -> "Stall":
        """Another seller and another buyer in the same world."""
        return Stall(await open_market(self.world))

    async def wait(self, **units: float) -> None:
        await self.market.wait(**units)

    async def learn(self) -> None:
        """Read the providers' books, as every hour."""
        await self.market._ask(RECONCILE)

    async def release(self) -> None:
        """What the cron does every ten minutes."""
        await self.market._ask(RELEASE_HOLDS)

    async def rest(self, **units: float) -> None:
        """Time passes, the providers' books are read, what is due is released."""
        await self.wait(**units)
        await self.market.deliver()
        await self.learn()
        await self.release()

    async def agree(self, **terms: Any) -> dict[str, Any]:
        """An administrator agrees on terms with the seller."""
        boss = await admin(self.world)
        reply = await boss.call("PUT", f"/admin/sellers/{self.seller.user_id}/hold-terms", terms)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def get(self, path: str, phone: Phone | None = None, **headers: str) -> httpx2.Response:
        """As the seller, who signs in again when the clock was moved too far."""
        phone = phone or self.seller
        reply = await phone.call("GET", path, **headers)
        if reply.status_code == 401:
            phone.access = (await self.world.login(phone.email)).access
            reply = await phone.call("GET", path, **headers)
        assert reply.status_code == 200, reply.text
        return reply

    async def balance(self, currency: str = "EUR") -> dict[str, int]:
        """What GET /balance says in one currency, zeros left out; `held`, `reserve`, `disputed` beside `pending`."""
        reply = await self.get("/balance")
        found = {one["currency"]: one for one in reply.json()["items"]}
        shown = found.get(currency, {})
        assert all(part["currency"] == currency for name, part in shown.items() if name != "currency")
        return {name: part["amount"] for name, part in shown.items() if name != "currency" and part["amount"]}

    async def transactions(self, query: str = "", phone: Phone | None = None) -> list[dict[str, Any]]:
        """Every page of GET /transactions."""
        items, cursor = [], ""
        for _ in range(1000):
            reply = await self.get(f"/transactions?{query}{cursor}", phone)
            items += reply.json()["items"]
            if reply.json()["nextCursor"] is None:
                return items
            cursor = f"&cursor={reply.json()['nextCursor']}"
        raise AssertionError("there is no end to the pages")

    async def post(self, kind: str, *lines: tuple[Account, int], currency: str = "EUR", **meta: str) -> UUID:
        """Book this on the seller's accounts, the rest on the platform's bank; the transaction's id."""
        seller = UUID(self.seller.user_id)
        places = [Place(seller, account, currency) for account, _ in lines]
        async with self.world.context.db.begin() as session:
            await ledger.open_accounts(session, *chart.of_seller(seller, currency))
            *mine, bank = await ledger.open_accounts(session, *places, Place(None, chart.BANK, currency))
        entries = [(one, amount) for one, (_, amount) in zip(mine, lines, strict=True)]
        entries.append((bank, -sum(amount for _, amount in lines)))
        async with self.world.context.db.begin() as session:
            posting = Posting(
                reference=f"test:{next(_references)}", kind=kind, currency=currency, entries=entries, meta=meta
            )
            (posted,) = await ledger.post(session, posting)
        return posted.transaction_id

    async def spend(self, amount: int) -> None:
        """As a payout that has arrived: out of what is available."""
        await self.post("payout.paid", (chart.AVAILABLE, amount))

    async def holds(self) -> list[Any]:
        return await self.world.rows(
            "SELECT kind, amount, remaining, released_at IS NOT NULL AS is_released FROM holds"
            " ORDER BY created_at, kind"
        )

    async def is_right(self) -> None:
        """The books are sound, and every pending and reserve balance is explained by open holds."""
        async with self.world.context.db.begin() as session:
            report = await books.check_everything(session, seconds_max=30)
            differences = await holds.differences(session)
        assert report.is_clean, report
        assert differences == []
        for row in await self.world.rows(
            "SELECT owner_id, currency FROM ledger_totals WHERE owner_id IS NOT NULL GROUP BY owner_id, currency"
            " HAVING sum(posted) FILTER (WHERE name = 'receivable') > 0"
            " AND sum(posted) FILTER (WHERE name = 'available') > 0"
        ):
            raise AssertionError(f"who owes has nothing available: {row}")
