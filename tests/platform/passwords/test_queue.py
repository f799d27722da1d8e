"""The bound on waiting hashes: full is a 503, and every way of ending gives the slot back."""

import asyncio
import threading
from collections.abc import Iterator

import argon2
import pytest

from cleanly.kernel.errors import Unavailable
from cleanly.platform.passwords.hashing import Hasher, Verdict

ROOM = 3  # the fixture's one thread and two that wait
WRONG = Verdict(ok=False, rehash=False)


class Gate:
    """Holds Argon2 in its thread until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()
        self.calls = 0

    def hash(self, *_: object) -> str:
        self.calls += 1
        self.entered.set()
        assert self.open.wait(10)
        return "hash"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    built = Gate()
    monkeypatch.setattr(argon2.PasswordHasher, "hash", built.hash)
    yield built
    built.open.set()


async def started(hasher: Hasher, count: int) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(hasher.hash("correct horse")) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_one_more_than_fits_is_refused_at_once_and_told_when_to_retry(hasher: Hasher, gate: Gate) -> None:
    tasks = await started(hasher, ROOM)
    with pytest.raises(Unavailable) as refusal:
        await hasher.hash("correct horse")
    assert refusal.value.status == 503
    assert int(refusal.value.headers["Retry-After"]) >= 1
    with pytest.raises(Unavailable):
        await hasher.verify(None, "correct horse")
    gate.open.set()
    assert await asyncio.gather(*tasks) == ["hash"] * ROOM


async def test_the_slots_are_free_again_afterwards(hasher: Hasher, gate: Gate) -> None:
    gate.open.set()
    for _ in range(ROOM + 1):
        await hasher.hash("correct horse")
    assert await asyncio.gather(*await started(hasher, ROOM)) == ["hash"] * ROOM


async def test_a_cancelled_waiter_frees_its_slot_and_is_never_hashed(hasher: Hasher, gate: Gate) -> None:
    tasks = await started(hasher, ROOM)
    assert await asyncio.to_thread(gate.entered.wait, 10)
    tasks[2].cancel()
    await asyncio.wait([tasks[2]])
    tasks[2:] = await started(hasher, 1)
    with pytest.raises(Unavailable):
        await hasher.hash("correct horse")
    gate.open.set()
    assert await asyncio.gather(*tasks) == ["hash"] * ROOM
    assert gate.calls == ROOM


async def test_cancelling_a_running_hash_keeps_its_slot_until_the_thread_is_done(hasher: Hasher, gate: Gate) -> None:
    tasks = await started(hasher, ROOM)
    assert await asyncio.to_thread(gate.entered.wait, 10)
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    with pytest.raises(Unavailable):
        await hasher.hash("correct horse")
    gate.open.set()
    assert await asyncio.gather(*tasks[1:]) == ["hash", "hash"]
    assert await asyncio.gather(*await started(hasher, ROOM)) == ["hash"] * ROOM


async def test_a_failing_hash_frees_its_slot(hasher: Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise argon2.exceptions.HashingError("Memory allocation error")

    monkeypatch.setattr(argon2.PasswordHasher, "hash", fail)
    for _ in range(ROOM + 1):
        with pytest.raises(Unavailable) as refusal:
            await hasher.hash("correct horse")
        assert isinstance(refusal.value.__cause__, argon2.exceptions.HashingError)


async def test_closing_answers_those_who_wait_and_refuses_the_next(hasher: Hasher, gate: Gate) -> None:
    tasks = await started(hasher, ROOM - 1)
    hasher.close()
    for _ in range(ROOM):
        with pytest.raises(Unavailable) as refusal:
            await hasher.hash("correct horse")
        assert isinstance(refusal.value.__cause__, RuntimeError)
    gate.open.set()
    assert await asyncio.gather(*tasks) == ["hash"] * (ROOM - 1)
