"""A seller who is paid out: an account at the sandbox, money that is available, and the proofs that none left twice."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from cleanly.domain.ledger.service import chart
from cleanly.domain.payouts.schedules.messages import RUN
from cleanly.domain.payouts.sending.messages import JANITOR
from cleanly.platform.providers.protocol import Entry
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.sandbox.rules import Fate
from tests.domain.catalog.shelf import admin
from tests.domain.payments.market import Market, new_key, open_market
from tests.domain.payouts.stall import Stall
from tests.world import Phone, World


@dataclass
class Till:
    """A stall whose seller has somewhere to be paid."""

    stall: Stall
    boss: Phone
    account: str = ""

    @property
    def world(self) -> World:
        return self.stall.world

    @property
    def market(self) -> Market:
        return self.stall.market

    @property
    def seller(self) -> Phone:
        return self.stall.seller

    @property
    def sandbox(self) -> Sandbox:
        return self.market.sandbox

    async def earn(self, amount: int, currency: str = "EUR") -> None:
        """So much is available; the sandbox holds it for us."""
        await self.stall.post("test.earned", (chart.AVAILABLE, -amount), currency=currency)

    async def ask(self, amount: int, currency: str = "EUR", *, key: str | None = None, **more: Any) -> httpx2.Response:
        body = {"amount": amount, "currency": currency} | more
        return await self.seller.call("POST", "/payouts", body, Idempotency_Key=key or new_key())

    async def asked(self, amount: int, currency: str = "EUR", **more: Any) -> dict[str, Any]:
        reply = await self.ask(amount, currency, **more)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    async def look(self, payout_id: str) -> dict[str, Any]:
        return dict((await self.stall.get(f"/payouts/{payout_id}")).json())

    async def state(self, payout_id: str) -> str:
        return str((await self.look(payout_id))["state"])

    async def cancel(self, payout_id: str) -> httpx2.Response:
        return await self.seller.call("POST", f"/payouts/{payout_id}/cancel", Idempotency_Key=new_key())

    async def review(self, verdict: str, payout_id: str) -> httpx2.Response:
        """approve, refuse, hold or retry, as an administrator."""
        if not self.market.stays_signed_in:
            self.boss.access = (await self.world.login(self.boss.email)).access
        return await self.boss.call("POST", f"/admin/payouts/{payout_id}/{verdict}", {"reason": "looked at it"})

    async def work(self) -> None:
        """Whatever waits is done, and the sandbox's news heard, until nothing more happens at this time."""
        await self.market.deliver()

    async def tidy(self) -> None:
        await self.market._ask(JANITOR)
        await self.work()

    async def run_schedules(self) -> None:
        await self.market._ask(RUN)
        await self.work()

    async def wait(self, **units: float) -> None:
        """Time passes, news comes, the janitor looks."""
        await self.stall.wait(**units)
        await self.work()
        await self.tidy()

    async def theirs(self) -> list[Any]:
        """The sandbox's transfers and payouts, in order: kind, state or what was reversed, amount."""
        return await self.world.rows(
            "SELECT kind, coalesce(data ->> 'state', data ->> 'reversed_amount') AS state,"
            " CAST(data ->> 'amount' AS bigint) AS amount, data ->> 'currency' AS currency, our_id"
            " FROM sandbox_objects WHERE kind IN ('transfer', 'payout') ORDER BY created_at, kind DESC, number"
        )

    async def left(self, currency: str = "EUR") -> int:
        """What has left us by the sandbox's own books: transfers less what came back."""
        return -sum(one.gross.amount for one in await self.lines(currency) if one.kind == "transfer")

    async def lines(self, currency: str) -> list[Entry]:
        """The sandbox's own books in one currency."""
        found: list[Entry] = []
        cursor = None
        while True:
            page = await self.sandbox.list_entries(self.world.clock.now().replace(year=2020), cursor)
            found += [one for one in page.entries if one.gross.currency == currency]
            if (cursor := page.cursor) is None:
                return found

    async def arrived(self) -> list[int]:
        """What reached a bank and stayed there, by the sandbox."""
        return [one.amount for one in await self.theirs() if (one.kind, one.state) == ("payout", "paid")]

    async def is_right(self, currency: str = "EUR") -> None:
        """The books are sound; what they say is out is what the sandbox says; no payout of ours has two of theirs."""
        await self.stall.is_right()
        held = await self.world.rows(
            "SELECT coalesce(sum(posted), 0)::bigint FROM ledger_totals WHERE owner_id IS NULL AND currency = :currency"
            " AND name IN ('clearing.sandbox', 'provider.sandbox', 'provider_fees', 'dispute_fees')",
            currency=currency,
        )
        assert held[0][0] == sum(one.gross.amount for one in await self.lines(currency))
        alive = [
            one.our_id for one in await self.theirs() if (one.kind == "payout" and one.state in {"in_transit", "paid"})
        ]
        assert len(alive) == len(set(alive))
        in_payout = await self.world.rows(
            "SELECT coalesce(sum(posted), 0)::bigint FROM ledger_totals WHERE name = 'in_payout'"
        )
        open_ones = await self.world.rows(
            "SELECT coalesce(sum(amount), 0)::bigint FROM payouts"
            " WHERE state IN ('requested', 'held', 'sending', 'unknown', 'in_transit')"
        )
        assert in_payout[0][0] == open_ones[0][0]

    def next(self, fate: Fate, *, on: str) -> None:
        self.sandbox.next(fate, on=on)

    async def reference(self) -> str:
        """The seller's account, as the sandbox calls it."""
        rows = await self.world.rows("SELECT reference FROM payout_accounts WHERE id = :id", id=UUID(self.account))
        return str(rows[0][0])


LONG = 10**8
# For stories of weeks: signing in again and again would be most of what they cost.
LASTING = {"jwt_access_token_expiry": LONG, "jwt_refresh_token_expiry": LONG, "session_absolute_expiry": LONG}


async def open_till(world: World, *, stays_signed_in: bool = False) -> Till:
    """A seller with an account at the sandbox, and nothing earned."""
    till = Till(Stall(await open_market(world)), await admin(world))
    till.market.stays_signed_in = stays_signed_in
    body = {"provider": "sandbox", "country": "DE", "currencies": ["EUR"]}
    reply = await till.seller.call("POST", "/payout-accounts", body, Idempotency_Key=new_key())
    assert reply.status_code == 201, reply.text
    till.account = reply.json()["id"]
    await till.work()
    return till
