"""A seller's money rests: until its time is over and the provider has it, less what was refunded meanwhile."""

import asyncio

import psycopg
import pytest
from sqlalchemy import event

from cleanly.domain.payments.holds import flows
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.messages import Tick
from tests.conftest import empty
from tests.domain.catalog.shelf import admin
from tests.domain.payments.market import open_market
from tests.domain.payouts.stall import Stall
from tests.world import World, code, running

TICK = Tick(due_at="2026-12-01T00:00:00Z")


async def test_a_sale_is_pending_and_then_available(stall: Stall):
    await stall.market.paid(10_000)
    assert await stall.balance() == {"pending": 9_000, "held": 9_000}
    await stall.rest(days=6)
    assert await stall.balance() == {"pending": 9_000, "held": 9_000}
    await stall.rest(days=1)
    assert await stall.balance() == {"available": 9_000}
    await stall.rest(days=30)
    assert await stall.balance() == {"available": 9_000}
    assert (await stall.market.postings()).count("hold.released") == 1


async def test_money_that_the_provider_has_said_nothing_of_is_not_released(stall: Stall):
    await stall.market.paid(10_000)
    await stall.wait(days=40)
    await stall.release()
    assert await stall.balance() == {"pending": 9_000, "held": 9_000}
    await stall.learn()
    await stall.release()
    assert await stall.balance() == {"available": 9_000}


async def test_money_waits_for_the_day_on_which_the_provider_makes_it_available(database_url, clock, dated):
    async with running(database_url, clock, sandbox_available_days=10) as world:
        stall = Stall(await open_market(world))
        await stall.market.paid(10_000)
        await stall.rest(days=8)
        assert "available" not in await stall.balance()
        await stall.rest(days=1.9)
        assert "available" not in await stall.balance()
        await stall.rest(hours=4)
        assert await stall.balance() == {"available": 9_000}
        await stall.is_right()

    empty(database_url)


async def test_an_unknown_hold_does_not_keep_back_the_others(stall: Stall):
    other = await stall.beside()
    await stall.market.paid(10_000)
    await other.market.paid(20_000)
    await stall.wait(days=8)
    await stall.learn()
    await stall.world.rows("DELETE FROM provider_entries WHERE gross = 10000 RETURNING id")
    await stall.release()
    assert await stall.balance() == {"pending": 9_000, "held": 9_000}
    assert await other.balance() == {"available": 18_000}


async def test_terms_of_ones_own_hold_for_what_is_captured_from_then_on(stall: Stall):
    before = await stall.market.paid(1_000)
    terms = await stall.agree(holdDays=30)
    assert terms == {
        "sellerId": stall.seller.user_id,
        "holdDays": 30,
        "reserveBasisPoints": 0,
        "isAgreed": True,
    }
    await stall.market.paid(2_000)
    await stall.rest(days=8)
    assert await stall.balance() == {"pending": 1_800, "held": 1_800, "available": 900}
    await stall.rest(days=23)
    assert await stall.balance() == {"available": 2_700}
    assert before["id"] in {item["paymentId"] for item in await stall.transactions("type=hold")}


async def test_terms_are_an_admins_to_read_set_and_end(stall: Stall):

    boss = await admin(stall.world)
    path = f"/admin/sellers/{stall.seller.user_id}/hold-terms"
    usual = {"sellerId": stall.seller.user_id, "holdDays": 7, "reserveBasisPoints": 0, "isAgreed": False}
    assert (await boss.call("GET", path)).json() == usual
    for method, body in (("GET", None), ("PUT", {"holdDays": 0}), ("DELETE", None)):
        assert code(await stall.seller.call(method, path, body)) == "FORBIDDEN"
    for wrong in ({"holdDays": 91}, {"holdDays": -1}, {"reserveBasisPoints": 10_001}, {"holdDays": "7"}, {"days": 7}):
        assert code(await boss.call("PUT", path, wrong)) == "VALIDATION_ERROR"
    agreed = (await boss.call("PUT", path, {"reserveBasisPoints": 500})).json()
    assert agreed == usual | {"reserveBasisPoints": 500, "isAgreed": True}
    assert (await boss.call("DELETE", path)).status_code == 204
    assert (await boss.call("DELETE", path)).status_code == 204
    assert (await boss.call("GET", path)).json() == usual
    nobody = "/admin/sellers/01900000-0000-7000-8000-000000000000/hold-terms"
    assert code(await boss.call("PUT", nobody, {"holdDays": 1})) == "NOT_FOUND"
    assert code(await boss.call("GET", nobody)) == "NOT_FOUND"
    actions = await stall.world.actions()
    assert [action for action in actions if action.startswith("hold_terms")] == [
        "hold_terms.agreed",
        "hold_terms.ended",
    ]


async def test_a_part_goes_into_the_reserve_and_is_free_ninety_days_later(stall: Stall):
    await stall.agree(reserveBasisPoints=1_000)
    await stall.market.paid(10_000)
    await stall.rest(days=8)
    assert await stall.balance() == {"pending": 900, "reserve": 900, "available": 8_100}
    assert [tuple(row) for row in await stall.holds()] == [
        ("pending", 9_000, 9_000, True),
        ("reserve", 900, 900, False),
    ]
    await stall.rest(days=89)
    assert await stall.balance() == {"pending": 900, "reserve": 900, "available": 8_100}
    await stall.rest(days=1)
    assert await stall.balance() == {"available": 9_000}
    types = [item["type"] for item in await stall.transactions()]
    assert types == ["hold.reserve_released", "hold.released", "payment.captured"]


async def test_a_refund_of_held_money_lowers_what_is_released(stall: Stall):
    payment = await stall.market.paid(10_000)
    await stall.market.refund(payment["id"], 4_000)
    assert await stall.balance() == {"pending": 5_400, "held": 5_400}
    await stall.rest(days=8)
    assert await stall.balance() == {"available": 5_400}


async def test_a_hold_that_refunds_have_emptied_ends_without_a_posting(stall: Stall):
    payment = await stall.market.paid(10_000)
    await stall.market.refund(payment["id"])
    await stall.wait(days=8)
    await stall.release()  # nobody's word is needed for nothing
    assert [tuple(row) for row in await stall.holds()] == [("pending", 9_000, 0, True)]
    assert await stall.balance() == {}
    assert "hold.released" not in await stall.market.postings()


async def test_a_refund_after_the_release_is_owed_and_the_next_release_pays_it(stall: Stall):
    payment = await stall.market.paid(10_000)
    await stall.rest(days=8)
    await stall.market.paid(2_000)
    await stall.spend(8_000)
    await stall.market.refund(payment["id"], 4_000)  # 3,600 of it the seller's
    assert await stall.balance() == {"pending": 1_800, "held": 1_800, "receivable": 2_600}
    await stall.rest(days=8)
    assert await stall.balance() == {"receivable": 800}
    await stall.market.paid(3_000)
    await stall.rest(days=8)
    assert await stall.balance() == {"available": 1_900}
    (release, *_) = await stall.transactions("type=hold.released")
    assert (release["amount"]["amount"], release["changes"]["receivable"]) == (0, -800)


async def test_a_refund_takes_the_oldest_reserve_before_anything_is_owed(stall: Stall):
    await stall.agree(reserveBasisPoints=1_000)
    first = await stall.market.paid(10_000)
    await stall.rest(days=8)
    second = await stall.market.paid(20_000)
    await stall.rest(days=8)
    assert await stall.balance() == {"pending": 2_700, "reserve": 2_700, "available": 24_300}
    await stall.spend(24_300)
    await stall.market.refund(second["id"], 1_111)  # 1,000 of it the seller's
    assert await stall.balance() == {"pending": 1_700, "reserve": 1_700}
    left = {(row.kind, row.amount): row.remaining for row in await stall.holds()}
    assert (left["reserve", 900], left["reserve", 1_800]) == (0, 1_700)
    await stall.market.refund(first["id"], 5_000)
    assert await stall.balance() == {"receivable": 2_800}
    await stall.rest(days=91)
    assert await stall.balance() == {"receivable": 2_800}


async def test_a_dispute_of_held_money_leaves_nothing_to_release_until_it_is_won(stall: Stall):
    payment = await stall.market.paid(10_000)
    reference = await stall.market.reference(payment["id"])
    dispute = await stall.market.sandbox.dispute(reference)
    await stall.market.deliver()
    assert await stall.balance() == {"pending": 9_000, "disputed": 9_000}
    await stall.rest(days=8)
    assert await stall.balance() == {"pending": 9_000, "disputed": 9_000}
    await stall.market.sandbox.close_dispute(dispute.reference, is_won=True)
    await stall.market.deliver()
    assert await stall.balance() == {"available": 9_000}


async def test_two_releases_at_once_release_once(stall: Stall):
    others = [await stall.beside() for _ in range(3)]
    for one in (stall, *others):
        for amount in (1_000, 2_000, 3_000):
            await one.market.paid(amount)
    await stall.wait(days=8)
    await stall.learn()

    await asyncio.gather(*(flows.run(stall.world.context, TICK) for _ in range(4)))
    for one in (stall, *others):
        assert await one.balance() == {"available": 5_400}
    assert (await stall.market.postings()).count("hold.released") == 12


async def test_many_pages_release_everything_once(stall: Stall, monkeypatch: pytest.MonkeyPatch):

    monkeypatch.setattr(flows, "BATCH", 2)
    for amount in range(1_000, 8_000, 1_000):
        await stall.market.paid(amount)
    await stall.rest(days=8)
    assert await stall.balance() == {"available": 25_200}


async def test_a_hold_that_the_books_do_not_cover_does_not_stop_the_others(stall: Stall, database_url: str):
    other = await stall.beside()
    await stall.market.paid(10_000)
    await other.market.paid(20_000)
    await stall.wait(days=8)
    await stall.learn()
    await stall.world.rows("UPDATE holds SET amount = 9999, remaining = 9999 WHERE amount = 9000 RETURNING id")
    await stall.release()
    assert await stall.balance() == {"pending": 9_000, "held": 9_000}
    assert await other.balance() == {"available": 18_000}
    await stall.world.rows("UPDATE holds SET amount = 9000, remaining = 9000 WHERE amount = 9999 RETURNING id")
    await stall.rest(hours=2)
    assert await stall.balance() == {"available": 9_000}


async def test_refunds_and_releases_of_the_same_money_never_wait_for_each_other_in_a_ring(stall: Stall):

    await stall.agree(reserveBasisPoints=2_500)
    for _ in range(3):
        payments = [await stall.market.paid(4_000) for _ in range(4)]
        await stall.wait(days=8)
        await stall.learn()
        work = [stall.market.refund(payment["id"], 3_000) for payment in payments]
        replies = await asyncio.gather(*work, *(flows.run(stall.world.context, TICK) for _ in range(2)))
        assert {reply.status_code for reply in replies if reply is not None} == {201}
        await stall.market.deliver()
        await stall.release()
    await stall.is_right()
    assert (await stall.market.postings()).count("hold.released") == 12


class Killer:
    """Kills the database's side of whoever runs the n-th statement, just before it runs."""

    def __init__(self, world: World, database_url: str) -> None:

        self._url = database_url
        self.left: int | None = None
        event.listen(world.context.db.engine.sync_engine, "before_cursor_execute", self._count)
        event.listen(world.context.db.engine.sync_engine, "commit", self._count_commit)

    def _count(self, connection, *_rest) -> None:
        self._step(connection.connection.dbapi_connection.driver_connection)

    def _count_commit(self, connection) -> None:
        self._step(connection.connection.dbapi_connection.driver_connection)

    def _step(self, raw) -> None:
        if self.left is None:
            return
        if self.left == 0:
            self.left = None
            with psycopg.connect(self._url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (raw.info.backend_pid,))
            return
        self.left -= 1


async def test_a_connection_killed_at_any_step_releases_once(stall: Stall, database_url: str):

    await stall.agree(reserveBasisPoints=1_000)
    payments = [await stall.market.paid(10_000) for _ in range(2)]
    await stall.market.refund(payments[0]["id"], 1_000)
    await stall.wait(days=8)
    await stall.learn()
    killer, deaths = Killer(stall.world, database_url), 0
    for step in range(60):
        killer.left = step
        try:
            await flows.run(stall.world.context, TICK)
        except Unavailable:
            deaths += 1
            await stall.is_right()
            continue
        if killer.left is not None:
            break
    killer.left = None
    assert deaths >= 8
    assert (await stall.market.postings()).count("hold.released") == 2
    assert await stall.balance() == {"pending": 1_710, "reserve": 1_710, "available": 15_390}
