"""Every row of the table of postings, executed: 100.00 EUR sold is seller 85, fee 10, tax 5."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from cleanly.domain.ledger import queries
from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.chart import (
    AVAILABLE,
    BAD_DEBT,
    BANK,
    DISPUTE_FEES,
    DISPUTE_LOSS,
    DISPUTE_SUSPENSE,
    DISPUTED,
    FEES,
    FX,
    IN_PAYOUT,
    PENDING,
    PROVIDER_FEES,
    RECEIVABLE,
    RESERVE,
    SALES,
    SELLER,
    Account,
    in_transit,
    provider,
)
from cleanly.domain.ledger.errors import InsufficientBalance
from cleanly.kernel.ids import new_id
from tests.domain.ledger.books import CLEARING, TAX, Books

STRIPE = provider("stripe")
TRANSIT = in_transit("stripe")


@dataclass
class Shop:
    """One seller and the platform. Amounts are minor units, + debit, - credit, as the table has them."""

    books: Books
    seller: UUID

    def posting(self, name: str, lines: dict[Account, int], ids: dict[str, int], **more: Any) -> ledger.Posting:
        entries = tuple((ids[account.name], amount) for account, amount in lines.items())
        return self.books.posting(*entries, named=name, kind=name.partition(":")[0] + ".event", **more)

    async def ids(self, *accounts: Account) -> dict[str, int]:
        places = [
            ledger.Place(self.seller if account in SELLER else None, account, self.books.currency)
            for account in accounts
        ]
        return dict(zip((account.name for account in accounts), await self.books.open(*places), strict=True))

    async def post(self, name: str, lines: dict[Account, int], **more: Any) -> ledger.Posted:
        ids = await self.ids(*lines)
        return (await self.books.post_all(self.posting(name, lines, ids, **more)))[0]

    async def reverse(self, **names: str) -> tuple[ledger.Posted, ...]:
        """Exact reversals, by new name and the reversed one's, in one call."""
        async with self.books.db.begin() as session:
            postings = [await self.mirror(session, new, old) for new, old in names.items()]
            return await ledger.post(session, *postings)

    async def mirror(self, session: Any, new: str, old: str) -> ledger.Posting:
        made = await queries.by_reference(session, old)
        assert made is not None
        entries = ledger.mirror((line.account_id, line.amount) for line in made.entries)
        return self.books.posting(*entries, named=f"payout:1:{new}", reverses_id=made.id)

    async def has(self, **amounts: int) -> None:
        assert await self.books.balances(self.seller) == amounts

    async def platform_has(self, **amounts: int) -> None:
        found = await self.books.balances(None)
        for name, amount in amounts.items():
            place = {"clearing": CLEARING, "provider": STRIPE, "in_transit": TRANSIT, "tax": TAX}.get(name)
            assert found.get(place.name if place else name, 0) == amount, name

    async def sold(self) -> None:
        await self.post("payment:1:captured", {CLEARING: 10000, PENDING: -8500, FEES: -1000, TAX: -500})

    async def paid_out(self, amount: int) -> None:
        """Released and gone, so that nothing of the sale is left with us."""
        await self.post("hold:1:released", {PENDING: 8500, AVAILABLE: -8500})
        await self.post("payout:1:reserved", {AVAILABLE: amount, IN_PAYOUT: -amount})
        await self.post("payout:1:sent:1", {TRANSIT: amount, CLEARING: -amount})
        await self.post("payout:1:paid:1", {IN_PAYOUT: amount, TRANSIT: -amount})


@pytest.fixture
async def shop(books: Books) -> Shop:
    return Shop(books, await books.seller())


async def test_a_capture(shop: Shop):
    await shop.sold()
    await shop.has(pending=8500)
    await shop.platform_has(clearing=10000, fees=1000, tax=500)


async def test_a_capture_of_the_platforms_own_plan(shop: Shop):
    await shop.post("payment:2:captured", {CLEARING: 1200, SALES: -1000, TAX: -200})
    await shop.platform_has(clearing=1200, sales=1000, tax=200)
    await shop.has()


async def test_the_providers_entries_settle_what_we_booked(shop: Shop):
    await shop.sold()
    await shop.post("provider_entry:1:fee", {PROVIDER_FEES: 320, CLEARING: -320})
    await shop.post("provider_entry:1:available", {STRIPE: 9680, CLEARING: -9680})
    await shop.platform_has(clearing=0, provider=9680, provider_fees=320)


async def test_a_negative_entry_turns_the_signs(shop: Shop):
    await shop.sold()
    await shop.post("refund:1:made", {PENDING: 8500, FEES: 1000, TAX: 500, CLEARING: -10000})
    await shop.post("provider_entry:2:available", {CLEARING: 10000, STRIPE: -10000})
    await shop.platform_has(clearing=10000, provider=-10000)
    await shop.has()


async def test_a_hold_is_released_into_available_and_reserve(shop: Shop):
    await shop.sold()
    await shop.post("hold:1:released", {PENDING: 8500, RESERVE: -500, AVAILABLE: -8000})
    await shop.has(reserve=500, available=8000)
    await shop.post("hold:2:released", {RESERVE: 500, AVAILABLE: -500})
    await shop.has(available=8500)


async def test_a_release_nets_what_the_seller_owes_first(shop: Shop):
    await shop.sold()
    await shop.paid_out(8500)
    await shop.post("refund:1:made", {RECEIVABLE: 3400, FEES: 400, TAX: 200, CLEARING: -4000})
    await shop.post("payment:2:captured", {CLEARING: 10000, PENDING: -8500, FEES: -1000, TAX: -500})
    await shop.post("hold:2:released", {PENDING: 8500, RECEIVABLE: -3400, RESERVE: -500, AVAILABLE: -4600})
    await shop.has(reserve=500, available=4600)


async def test_a_refund_of_what_is_held(shop: Shop):
    await shop.sold()
    await shop.post("refund:1:made", {PENDING: 3400, FEES: 400, TAX: 200, CLEARING: -4000})
    await shop.has(pending=5100)
    await shop.platform_has(clearing=6000, fees=600, tax=300)


async def test_a_refund_after_the_payout_becomes_a_debt(shop: Shop):
    await shop.sold()
    await shop.paid_out(7500)
    await shop.has(available=1000)
    await shop.post("refund:1:made", {AVAILABLE: 1000, RECEIVABLE: 2400, FEES: 400, TAX: 200, CLEARING: -4000})
    await shop.has(receivable=2400)


async def test_a_refund_that_fails_is_split_anew_debt_first(shop: Shop):
    await shop.sold()
    await shop.paid_out(7500)
    await shop.post("refund:1:made", {AVAILABLE: 1000, RECEIVABLE: 2400, FEES: 400, TAX: 200, CLEARING: -4000})
    await shop.post("refund:1:failed", {CLEARING: 4000, RECEIVABLE: -2400, AVAILABLE: -1000, FEES: -400, TAX: -200})
    await shop.has(available=1000)
    await shop.platform_has(clearing=2500, fees=1000, tax=500)


async def disputed(shop: Shop) -> None:
    """The provider takes the money, and with it the seller's part; 25 of that is out of reach."""
    await shop.sold()
    await shop.paid_out(6000)
    ids = await shop.ids(DISPUTE_SUSPENSE, CLEARING, AVAILABLE, RECEIVABLE, DISPUTED)
    await shop.books.post_all(
        shop.posting("dispute:1:withdrawn", {DISPUTE_SUSPENSE: 10000, CLEARING: -10000}, ids),
        shop.posting("dispute:1:held", {AVAILABLE: 2500, RECEIVABLE: 6000, DISPUTED: -8500}, ids),
    )
    await shop.post("provider_entry:3:fee", {DISPUTE_FEES: 1500, CLEARING: -1500})
    await shop.has(receivable=6000, disputed=8500)
    await shop.platform_has(dispute_suspense=10000, dispute_fees=1500, clearing=-7500)


async def test_a_dispute_that_is_won_gives_all_back_debt_first(shop: Shop):
    await disputed(shop)
    ids = await shop.ids(DISPUTE_SUSPENSE, CLEARING, AVAILABLE, RECEIVABLE, DISPUTED)
    await shop.books.post_all(
        shop.posting("dispute:1:reinstated", {CLEARING: 10000, DISPUTE_SUSPENSE: -10000}, ids),
        shop.posting("dispute:1:unheld", {DISPUTED: 8500, RECEIVABLE: -6000, AVAILABLE: -2500}, ids),
    )
    await shop.has(available=2500)
    await shop.platform_has(dispute_suspense=0, clearing=2500)


async def test_a_dispute_that_is_lost_costs_the_seller_his_part_and_us_ours(shop: Shop):
    await disputed(shop)
    await shop.post("dispute:1:lost", {DISPUTED: 8500, DISPUTE_LOSS: 1500, DISPUTE_SUSPENSE: -10000})
    await shop.has(receivable=6000)
    await shop.platform_has(dispute_suspense=0, dispute_loss=1500)


async def test_a_payout_is_reserved_sent_and_paid(shop: Shop):
    await shop.sold()
    await shop.post("hold:1:released", {PENDING: 8500, AVAILABLE: -8500})
    await shop.post("payout:1:reserved", {AVAILABLE: 6000, IN_PAYOUT: -6000})
    await shop.has(available=2500, in_payout=6000)
    await shop.post("payout:1:sent:1", {TRANSIT: 6000, CLEARING: -6000})
    await shop.platform_has(in_transit=6000, clearing=4000)
    await shop.post("payout:1:paid:1", {IN_PAYOUT: 6000, TRANSIT: -6000})
    await shop.has(available=2500)
    await shop.platform_has(in_transit=0, clearing=4000)


async def test_a_payout_that_comes_back_is_reversed_step_by_step_in_one_call(shop: Shop):
    await shop.sold()
    await shop.paid_out(6000)
    made = await shop.reverse(
        **{
            "unpaid:1": "payout:1:paid:1",
            "unsent:1": "payout:1:sent:1",
            "returned": "payout:1:reserved",
        }
    )
    assert len(made) == 3
    await shop.has(available=8500)
    await shop.platform_has(in_transit=0, clearing=10000)


async def test_a_payout_that_comes_back_to_a_debtor_pays_his_debt(shop: Shop):
    await shop.sold()
    await shop.paid_out(8500)
    await shop.post("refund:1:made", {RECEIVABLE: 240, CLEARING: -240})
    ids = await shop.ids(AVAILABLE, RECEIVABLE)
    async with shop.books.db.begin() as session:
        back = [
            await shop.mirror(session, new, old)
            for new, old in (
                ("unpaid:1", "payout:1:paid:1"),
                ("unsent:1", "payout:1:sent:1"),
                ("returned", "payout:1:reserved"),
            )
        ]
        netted = shop.posting("payout:1:netted", {AVAILABLE: 240, RECEIVABLE: -240}, ids)
        await ledger.post(session, *back, netted)
    await shop.has(available=8260)


async def test_a_debt_is_given_up(shop: Shop):
    await shop.sold()
    await shop.paid_out(8500)
    await shop.post("refund:1:made", {RECEIVABLE: 3400, CLEARING: -3400})
    await shop.post("write_off:1", {BAD_DEBT: 3400, RECEIVABLE: -3400})
    await shop.has()
    await shop.platform_has(bad_debt=3400)


async def test_nobody_is_forgiven_more_than_he_owes(shop: Shop):
    await shop.sold()
    await shop.paid_out(8500)
    await shop.post("refund:1:made", {RECEIVABLE: 3400, CLEARING: -3400})
    with pytest.raises(InsufficientBalance):
        await shop.post("write_off:1", {BAD_DEBT: 3401, RECEIVABLE: -3401})
    await shop.has(receivable=3400)


async def test_the_platforms_own_withdrawal(shop: Shop):
    await shop.sold()
    await shop.post("provider_entry:4:payout", {BANK: 1000, CLEARING: -1000})
    await shop.platform_has(bank=1000, clearing=9000)


async def test_a_conversion_is_two_transactions_of_one_currency_each(shop: Shop):
    await shop.sold()
    dollars = Shop(Books(shop.books.db, "USD"), new_id())
    await shop.post("provider_entry:5:fx_out", {FX: 1000, CLEARING: -1000})
    await dollars.post("provider_entry:5:fx_in", {CLEARING: 1090, FX: -1090})
    euros = {(b.name, b.currency): b.amount for b in await platform(shop.books)}
    assert euros["fx", "EUR"] == -1000
    assert euros["fx", "USD"] == 1090
    assert euros[CLEARING.name, "EUR"] == 9000
    assert euros[CLEARING.name, "USD"] == 1090


async def platform(books: Books) -> list[queries.Balance]:
    async with books.db.begin() as session:
        return await queries.balances(session, None)
