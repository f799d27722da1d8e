"""Idempotency keys: once, whoever asks how often, and whatever dies in between."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from cleanly.kernel.db import Database
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import NotSent, Refused, Underway, Unknown
from cleanly.platform.providers.sandbox import acts
from cleanly.platform.providers.sandbox.rules import KEY_KEPT, KEY_RUNNING_MAX, Keyed, judge_key
from tests.platform.providers.sandbox.stage import eur, new, ours, sandbox_over


class Killed(BaseException):
    """The process is gone."""


async def test_the_same_key_at_once_has_one_effect(stage):
    others = [sandbox_over(stage.db, stage.clock, stage.ear) for _ in range(4)]

    async def one(number):
        return await others[number % 4].create_payment(new(1000), key="payment:1:1")

    results = await asyncio.gather(*(one(number) for number in range(16)), return_exceptions=True)
    kinds = Counter(type(result).__name__ for result in results)
    assert set(kinds) <= {"PaymentSnapshot", "Underway"}, kinds
    assert kinds["PaymentSnapshot"] >= 1
    assert {result.reference for result in results if not isinstance(result, Underway)} == {"py_000001"}
    assert len(await stage.books()) == 1


async def test_different_keys_at_once_have_an_effect_each(stage):
    paid = await asyncio.gather(*(stage.pay(1000, number=number) for number in range(1, 9)))
    assert {each.reference for each in paid} == {f"py_00000{number}" for number in range(1, 9)}
    assert len(await stage.books()) == 8


async def test_refunds_at_once_never_exceed_what_was_captured(stage):
    paid = await stage.pay(1000)
    results = await asyncio.gather(
        *(stage.refund(paid, 300, number=number) for number in range(1, 9)), return_exceptions=True
    )
    assert Counter(type(result).__name__ for result in results) == {"RefundSnapshot": 3, "Refused": 5}


async def test_a_key_answers_what_it_answered_first(stage):
    made = await stage.pay(1003)
    await stage.sandbox.confirm(made.reference)
    assert await stage.pay(1003) == made
    assert (await stage.sandbox.get_payment(made.reference)).state == "captured"


async def test_a_key_with_another_call_is_refused(stage):
    await stage.pay(1000)
    for other in (
        stage.sandbox.create_payment(new(2000), key="payment:1:1"),
        stage.sandbox.create_payment(new(1000, number=2), key="payment:1:1"),
        stage.sandbox.cancel_payment("py_000001", key="payment:1:1"),
    ):
        with pytest.raises(Refused) as caught:
            await other
        assert caught.value.code == "idempotency_error"
    assert await stage.sandbox.find_payment(ours(2)) is None
    assert len(await stage.books()) == 1


async def test_a_refusal_is_kept_too(stage):
    for _ in range(2):
        with pytest.raises(Refused):
            await stage.pay(1001)
    assert await stage.listed() == ["payment.created", "payment.failed"]


async def test_a_key_is_forgotten_after_a_day_and_then_acts_again(stage):
    first = await stage.pay(1000)
    stage.clock.move(hours=24, seconds=-1)
    assert await stage.pay(1000) == first
    stage.clock.move(seconds=1)
    again = await stage.pay(1000)
    assert again.reference != first.reference
    assert (await stage.sandbox.find_payment(ours(1))).reference == again.reference


async def test_the_pump_sweeps_forgotten_keys(stage):
    await stage.pay(1000)
    stage.clock.move(hours=23)
    await stage.pay(2000, number=2)
    stage.clock.move(hours=1)
    await stage.sandbox.pump()
    async with stage.db.begin() as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql("SELECT key FROM sandbox_keys")
        assert [row[0] for row in rows] == ["payment:2:1"]


@pytest.mark.parametrize("amount", [1006, 1009])
async def test_what_was_lost_once_is_not_lost_again_because_it_was_long_ago(stage, amount):
    with pytest.raises((Unknown, NotSent)):
        await stage.pay(amount)
    stage.clock.move(hours=25)
    await stage.sandbox.pump()
    assert (await stage.pay(amount)).state == "captured"


async def test_news_that_breaks_off_after_the_effect_is_doubt(stage, monkeypatch):
    async def breaks():
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(stage.sandbox._engine, "pump", breaks)
        with pytest.raises(Unknown):
            await stage.pay(1013)  # its news goes out before the answer
    assert (await stage.sandbox.find_payment(ours(1))).state == "captured"
    assert len(await stage.books()) == 1


async def test_a_second_call_is_not_sent_while_the_first_is_running(stage, monkeypatch):
    inside, go_on = asyncio.Event(), asyncio.Event()
    # The first is between its two transactions: the key is taken, the world is free.
    engine = stage.sandbox._engine
    arrive = engine._arrive

    async def stop_after(key, request, fate):
        kept = await arrive(key, request, fate)
        inside.set()
        await go_on.wait()
        return kept

    monkeypatch.setattr(engine, "_arrive", stop_after)
    first = asyncio.create_task(stage.pay(1000))
    await inside.wait()
    other = sandbox_over(stage.db, stage.clock, stage.ear)
    with pytest.raises(Underway):
        await other.create_payment(new(1000), key="payment:1:1")
    assert await other.find_payment(ours(1)) is None
    go_on.set()
    assert (await first).state == "captured"
    assert await other.create_payment(new(1000), key="payment:1:1") == await first


async def test_a_process_killed_before_the_effect_leaves_a_key_that_works_after_a_minute(stage, monkeypatch):
    async def dies(_world, _new, *, fate):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(acts, "create_payment", dies)
        with pytest.raises(Killed):
            await stage.pay(1000)
    reborn = sandbox_over(stage.db, stage.clock, stage.ear)
    with pytest.raises(Underway):
        await reborn.create_payment(new(1000), key="payment:1:1")
    stage.clock.move(minutes=1)
    assert (await reborn.create_payment(new(1000), key="payment:1:1")).state == "captured"
    assert len(await stage.books()) == 1


async def test_a_process_killed_between_effect_and_answer_finds_the_effect_under_its_key(stage, monkeypatch):
    async def dies():
        raise Killed

    monkeypatch.setattr(stage.sandbox._engine, "pump", dies)
    with pytest.raises(Killed):
        await stage.pay(1013)  # its news goes out before the answer
    reborn = sandbox_over(stage.db, stage.clock, stage.ear)
    paid = await reborn.create_payment(new(1013), key="payment:1:1")
    assert paid == await reborn.find_payment(ours(1))
    assert len(await stage.books()) == 1
    assert await stage.listed() == ["payment.created", "payment.captured"]


async def test_two_that_run_under_one_key_have_one_effect(stage, monkeypatch):
    """The first was taken for dead, and lives."""
    engine = stage.sandbox._engine
    arrive = engine._arrive

    async def overtaken(key, request, fate):
        kept = await arrive(key, request, fate)
        stage.clock.move(minutes=2)
        other = sandbox_over(stage.db, stage.clock, stage.ear)
        await other.create_payment(new(1000), key=key)
        return kept

    monkeypatch.setattr(engine, "_arrive", overtaken)
    with pytest.raises(Unknown):
        await stage.pay(1000)
    assert len(await stage.books()) == 1


async def test_a_database_that_is_away_is_a_provider_that_is_away(stage):
    away = Database("postgresql://nobody@127.0.0.1:1/none", deadline_seconds=0.5)
    sandbox = sandbox_over(away, stage.clock, stage.ear)
    with pytest.raises(NotSent):
        await sandbox.create_payment(new(1000), key="payment:1:1")
    with pytest.raises(NotSent):
        await sandbox.get_payment("py_000001")
    await away.close()


async def test_a_connection_lost_with_the_effect_is_doubt(stage, monkeypatch):
    async def breaks(*_arguments, **_options):
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(acts, "create_payment", breaks)
        with pytest.raises(Unknown):
            await stage.pay(1000)
    assert await stage.sandbox.find_payment(ours(1)) is None


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "is_same", "age", "verdict"),
    [
        ("missed", True, MINUTE, Keyed.AFTER_MISS),
        ("missed", False, MINUTE, Keyed.AFTER_MISS),
        ("running", True, MINUTE / 2, Keyed.RUNNING),
        ("running", True, KEY_RUNNING_MAX, Keyed.AFTER_MISS),
        ("running", False, KEY_RUNNING_MAX, Keyed.MISMATCH),
        ("done", True, MINUTE, Keyed.REPLAY),
        ("done", False, MINUTE, Keyed.MISMATCH),
        ("done", True, KEY_KEPT, Keyed.FIRST),
        ("done", False, KEY_KEPT, Keyed.FIRST),
        ("running", True, KEY_KEPT, Keyed.FIRST),
    ],
)
def test_what_a_key_means(state, is_same, age, verdict):
    assert judge_key(state, is_same=is_same, age=age) is verdict


async def test_a_customer_is_one_per_user_and_may_pay(stage):
    first = await stage.sandbox.ensure_customer(ours(1), "ada@example.com", key="customer:1")
    again = await stage.sandbox.ensure_customer(ours(1), "ada@example.com", key="customer:again")
    assert first == again == "cus_000001"
    paid = await stage.pay(1000, customer=first)
    told = await stage.sandbox.client_parameters(paid.reference, customer=first)
    assert {"clientSecret", "customer", "ephemeralKey", "publishableKey"} <= set(told)
    async with stage.db.begin() as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql("SELECT count(*) FROM sandbox_objects WHERE data::text LIKE '%%@%%'")
        assert rows.scalar() == 0  # no address is kept


async def test_money_of_another_currency_is_neither_taken_nor_returned(stage):
    held = await stage.pay(1000, capture="manual")
    with pytest.raises(Refused):
        await stage.sandbox.capture_payment(held.reference, Money(500, "USD"), key="capture:1:1")
    taken = await stage.sandbox.capture_payment(held.reference, eur(1000), key="capture:1:2")
    with pytest.raises(Refused):
        await stage.sandbox.refund(taken.reference, taken.charge, Money(500, "USD"), our_id=ours(9), key="refund:1:1")
    with pytest.raises(Refused):
        await stage.sandbox.refund(taken.reference, "ch_999999", eur(500), our_id=ours(9), key="refund:1:2")
    assert len(await stage.books()) == 1
