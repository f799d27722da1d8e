"""The calls that are noted: one key until it surely did not happen, one content per key, a look when it is too old."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cleanly.kernel.db import Database
from cleanly.kernel.ids import new_id
from cleanly.kernel.money import Money
from cleanly.platform.providers import rules
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.rules import LOOKS_APART, Again
from cleanly.platform.providers.service import NEVER_ARRIVED, Call, LookAgain, OtherArguments

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MEMORY = timedelta(hours=6)
EUROS = Money(1_000, "EUR")
PROVIDER: Any = SimpleNamespace(name="paypal", key_memory=MEMORY)


async def begin(
    db: Database, subject: UUID, *, after: timedelta = timedelta(0), money: Money | None = EUROS
) -> Call | LookAgain:
    async with db.begin() as session:
        return await calls.begin_call(session, PROVIDER, "refund", subject, money, now=NOW + after)


async def call(db: Database, subject: UUID, **terms: Any) -> Call:
    begun = await begin(db, subject, **terms)
    assert isinstance(begun, Call)
    return begun


async def end(db: Database, one: Call, how: calls.CallEnd, code: str | None = None) -> None:
    async with db.begin() as session:
        await calls.end_call(session, one.id, how, error_code=code, now=NOW)


async def test_a_call_without_an_answer_is_made_again_under_its_key(db: Database):
    subject = new_id()
    first = await call(db, subject)
    assert (first.key, first.attempt, first.money, first.state) == (f"refund:{subject}:1", 1, EUROS, "started")
    await end(db, first, "unknown")
    again = await call(db, subject, after=timedelta(hours=5))
    assert (again.key, again.id) == (first.key, first.id)


@pytest.mark.parametrize("money", [Money(1_001, "EUR"), Money(1_000, "USD"), None])
async def test_a_key_never_carries_another_amount(db: Database, money: Money | None):
    subject = new_id()
    first = await call(db, subject)
    for how in ("unknown", "succeeded"):
        with pytest.raises(OtherArguments):
            await begin(db, subject, money=money)
        await end(db, first, how)
    with pytest.raises(OtherArguments):
        await begin(db, subject, money=money, after=timedelta(days=2))


async def test_after_a_refusal_the_number_rises_and_the_amount_may_change(db: Database):
    subject = new_id()
    await end(db, await call(db, subject), "refused", "card_declined")
    second = await call(db, subject, money=Money(900, "EUR"))
    assert (second.key, second.money) == (f"refund:{subject}:2", Money(900, "EUR"))


async def test_a_key_that_is_too_old_needs_two_looks_ten_minutes_apart(db: Database):
    subject = new_id()
    first = await call(db, subject)
    await end(db, first, "unknown")
    assert await begin(db, subject, after=MEMORY) == LookAgain(NOW + MEMORY + LOOKS_APART)
    # Looking often does not shorten it, nor does the second look's haste.
    assert await begin(db, subject, after=MEMORY + timedelta(minutes=9)) == LookAgain(NOW + MEMORY + LOOKS_APART)
    second = await call(db, subject, after=MEMORY + LOOKS_APART)
    assert (second.attempt, second.state, second.money) == (2, "started", EUROS)
    async with db.begin() as session:
        assert await calls.open_call(session, "refund", subject) == second
        assert [one.id for one in await calls.open_calls(session, ("refund", "create"), subject)] == [second.id]
    # The first one's late answer no longer opens it, but a success is written down.
    await end(db, first, "unknown")
    async with db.begin() as session:
        assert [one.id for one in await calls.open_calls(session, ("refund",), subject)] == [second.id]
    await end(db, first, "succeeded")
    await end(db, second, "refused", NEVER_ARRIVED)
    async with db.begin() as session:
        assert await calls.open_call(session, "refund", subject) is None
        last = await calls.last_call(session, "refund", subject)
    assert last is not None
    assert (last.id, last.error_code) == (second.id, NEVER_ARRIVED)


async def test_a_new_key_has_its_own_memory(db: Database):
    subject = new_id()
    await call(db, subject)
    await begin(db, subject, after=MEMORY)
    second = await call(db, subject, after=MEMORY + LOOKS_APART)
    assert (await call(db, subject, after=MEMORY * 2 - timedelta(minutes=5))).key == second.key
    assert isinstance(await begin(db, subject, after=MEMORY * 2 + LOOKS_APART), LookAgain)


async def test_calls_whose_maker_is_gone_are_in_doubt_after_a_minute(db: Database):
    old, young, over = new_id(), new_id(), new_id()
    await end(db, await call(db, over), "succeeded")
    await call(db, old)
    await call(db, young, after=timedelta(seconds=30))
    async with db.begin() as session:
        assert await calls.doubt_old_calls(session, now=NOW + timedelta(seconds=60)) == 1
        assert await calls.doubt_old_calls(session, now=NOW + timedelta(seconds=60)) == 0
    states = {}
    for subject in (old, young, over):
        async with db.begin() as session:
            last = await calls.last_call(session, "refund", subject)
        assert last is not None
        states[subject] = last.state
    assert states == {old: "unknown", young: "started", over: "succeeded"}


async def test_a_look_ends_the_calls_that_it_answers(db: Database):
    subject = new_id()
    async with db.begin() as session:
        for operation in ("create", "capture", "cancel"):
            await calls.begin_call(session, PROVIDER, operation, subject, None, now=NOW)
    said: dict[str, calls.CallEnd | None] = {"create": "succeeded", "capture": "refused", "cancel": None}
    async with db.begin() as session:
        left = await calls.end_open_calls(session, tuple(said), subject, said.__getitem__, now=NOW)
    assert [one.operation for one in left] == ["cancel"]
    async with db.begin() as session:
        created = await calls.last_call(session, "create", subject)
        captured = await calls.last_call(session, "capture", subject)
    assert created is not None
    assert captured is not None
    assert (created.state, captured.state, captured.error_code) == ("succeeded", "refused", "overtaken")


ages = some.timedeltas(min_value=timedelta(0), max_value=timedelta(days=60))


@given(ages, some.none() | ages, some.sampled_from([timedelta(hours=6), timedelta(hours=24)]))
def test_no_key_is_used_again_when_it_may_be_forgotten_nor_given_up_while_it_is_known(
    age: timedelta, missed_ago: timedelta | None, memory: timedelta
):
    missed_at = None if missed_ago is None else NOW - missed_ago
    again = rules.judge(NOW - age, missed_at, key_memory=memory, now=NOW)
    if again is Again.SAME_KEY:
        assert age < memory
    else:
        assert age >= memory - rules.MEMORY_MARGIN
    assert (again is Again.NEW_KEY) == (
        age >= memory - rules.MEMORY_MARGIN and missed_ago is not None and missed_ago >= LOOKS_APART
    )
