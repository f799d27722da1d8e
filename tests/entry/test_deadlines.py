"""The time limit of calls: as asyncio.timeout's, by one timer for all."""

import asyncio

import pytest

from cleanly.entry.deadlines import Deadline, Deadlines

SHORT, LONG = 0.05, 60.0


async def limited(deadlines: Deadlines, work: asyncio.Future[None]) -> None:
    with Deadline(deadlines):
        await work


async def test_a_call_past_its_time_is_cancelled_and_says_so() -> None:
    deadlines = Deadlines(SHORT)
    work: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError):
        await limited(deadlines, work)
    assert work.cancelled()
    assert not deadlines.running
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_call_in_time_leaves_nothing_behind() -> None:
    deadlines = Deadlines(LONG)
    work: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    work.set_result(None)
    await limited(deadlines, work)
    assert not deadlines.running


async def test_each_call_has_its_own_time() -> None:
    deadlines, loop = Deadlines(SHORT), asyncio.get_running_loop()
    ends: list[float] = []

    async def one() -> None:
        began = loop.time()
        with pytest.raises(TimeoutError):
            await limited(deadlines, loop.create_future())
        ends.append(loop.time() - began)

    first = asyncio.create_task(one())
    await asyncio.wait({first}, timeout=SHORT / 2)
    await asyncio.gather(first, one(), one())
    assert len(ends) == 3
    assert min(ends) >= SHORT * 0.9
    assert not deadlines.running


async def test_being_cancelled_by_another_is_no_timeout() -> None:
    deadlines = Deadlines(LONG)
    task = asyncio.create_task(limited(deadlines, asyncio.get_running_loop().create_future()))
    await asyncio.wait({task}, timeout=SHORT)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not deadlines.running


async def test_a_fault_of_the_body_is_not_hidden_by_the_end_of_its_time() -> None:
    deadlines = Deadlines(SHORT)

    async def stubborn() -> None:
        with Deadline(deadlines):
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError as error:
                raise ValueError("cleaning up failed") from error

    with pytest.raises(ValueError, match="cleaning up failed"):
        await stubborn()


async def test_a_lifted_limit_cuts_nothing():
    deadlines, loop = Deadlines(SHORT), asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_later(SHORT * 3, over.set_result, None)
    with Deadline(deadlines) as deadline:
        deadline.lift()
        await over
    assert not deadline.expired
