"""A provider whose books a test writes, and what a test may do to our side of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import text

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.chart import BANK, Place, clearing
from cleanly.domain.ledger.reconciliation import flows
from cleanly.domain.ledger.service import Posting
from cleanly.kernel.messages import Tick
from cleanly.kernel.money import Money
from cleanly.platform.providers.protocol import Balance, Capability, Entry, Listing, Provider
from cleanly.platform.providers.registry import Providers
from tests.domain.ledger.books import reference
from tests.world import Phone, World

PATH = "/admin/reconciliation"


class ScriptedBooks:
    """Fulfils the part of the protocol by which books are read. `fault` is raised on the page of that number."""

    account = "acct_ours"
    capabilities = frozenset({Capability.LIST_ENTRIES})

    def __init__(self, name: str = "scripted") -> None:
        self.name = name
        self.pages: list[list[Entry]] = [[]]
        self.held: Balance | None = None
        self.fault: tuple[int, Exception] | None = None
        self.asked_since: list[datetime] = []
        self.told_until: dict[int, datetime] = {}
        self.balances: list[Balance | Exception] = []  # told first, one for each look

    async def list_entries(self, since: datetime, cursor: str | None) -> Listing:
        number = int(cursor or 0)
        if cursor is None:
            self.asked_since.append(since)
        if self.fault is not None and self.fault[0] == number:
            raise self.fault[1]
        more = number + 1 < len(self.pages)
        found = [entry for entry in self.pages[number] if entry.created_at >= since]
        return Listing(entries=found, cursor=str(number + 1) if more else None, told_until=self.told_until.get(number))

    async def get_balance(self) -> Balance:
        if self.balances:
            told = self.balances.pop(0)
            if isinstance(told, Exception):
                raise told
            return told
        if self.held is not None:
            return self.held
        sums: dict[str, int] = {}
        for entry in {entry.id: entry for page in self.pages for entry in page}.values():
            sums[entry.net.currency] = sums.get(entry.net.currency, 0) + entry.net.amount
        return Balance(available={}, pending=sums)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Reconciled:
    """A service with scripted books beside ours."""

    world: World
    provider: ScriptedBooks = field(default_factory=ScriptedBooks)

    def use(self, *providers: object) -> None:
        """These are the providers from now on."""
        parts = cast("dict[type, object]", self.world.context.parts)
        parts[Providers] = Providers(cast("Sequence[Provider]", providers), is_live=False)

    def entry(self, name: str, gross: int = 10_000, **changes: Any) -> Entry:
        """A line that is two hours old, on the object `ch_1`, available in two days."""
        now = self.world.clock.now()
        currency, fee = changes.pop("currency", "EUR"), changes.pop("fee", 320)
        given: dict[str, Any] = {
            "provider": self.provider.name,
            "id": name,
            "kind": "charge",
            "source": "ch_1",
            "gross": Money(gross, currency),
            "fee": Money(fee, currency),
            "net": Money(gross - fee, currency),
            "created_at": now - timedelta(hours=2),
            "available_on": now + timedelta(days=2),
        }
        return Entry(**(given | changes))

    def tells(self, *entries: Entry) -> None:
        """The provider's books are these lines."""
        self.provider.pages = [list(entries)]

    async def run(self) -> None:
        """What the cron does."""
        await flows.run(self.world.context, Tick(due_at=self.world.clock.now().isoformat()))

    async def booked(self, amount: int = 10_000, *, source: str = "ch_1", currency: str = "EUR", days: int = 0) -> str:
        """Something of ours that the provider must know of, so many days old; its reference."""
        places = Place(None, clearing(self.provider.name), currency), Place(None, BANK, currency)
        async with self.world.context.db.begin() as session:
            held, bank = await ledger.open_accounts(session, *places)
        posting = Posting(
            reference=reference("booked"),
            kind="test.captured",
            currency=currency,
            entries=((held, amount), (bank, -amount)),
            meta={"provider_object": f"{self.provider.name}:{source}"},
        )
        async with self.world.context.db.begin() as session:
            await ledger.post(session, posting)
        if days:
            await self.age(days, posting.reference)
        return posting.reference

    async def age(self, days: int, like: str = "%") -> None:
        """Make what we have booked so many days older: past the triggers that forbid it."""
        statement = (
            "UPDATE ledger_transactions SET created_at = created_at - make_interval(days => :days)"
            " WHERE reference LIKE :like"
        )
        async with self.world.context.db.begin() as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(text(statement), {"days": days, "like": like})
            # The same clock dates how far ours were judged.
            judged = "UPDATE provider_imports SET judged_until = judged_until - make_interval(days => :days)"
            await session.execute(text(judged), {"days": days})

    async def items(self) -> list[tuple[str, str]]:
        """Kind and object of every difference, in the order found."""
        rows = await self.world.rows("SELECT kind, object FROM reconciliation_items ORDER BY id")
        return [(row.kind, row.object) for row in rows]

    async def only(self) -> Any:
        rows = await self.world.rows("SELECT * FROM reconciliation_items")
        assert len(rows) == 1, rows
        return rows[0]

    async def balance(self, name: str, currency: str = "EUR") -> int:
        rows = await self.world.rows(
            "SELECT posted FROM ledger_totals WHERE name = :name AND currency = :currency AND owner_id IS NULL",
            name=name,
            currency=currency,
        )
        return int(rows[0].posted) if rows else 0

    async def postings(self) -> list[str]:
        """The kinds of what was booked from the provider's lines, sorted."""
        rows = await self.world.rows("SELECT kind FROM ledger_transactions WHERE kind LIKE 'provider_entry.%'")
        return sorted(row.kind for row in rows)

    async def admin(self) -> Phone:
        phone = await self.world.register()
        await self.world.rows("UPDATE users SET role = 'admin' WHERE id = :id RETURNING id", id=phone.user_id)
        return await self.world.login(phone.email)
