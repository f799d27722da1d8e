"""Several processes on one real server: what one forgets, all forget; a broken server costs speed, nothing else."""

import asyncio
import time

import pytest

from cleanly.platform.cache.follower import HEARTBEAT_SECONDS
from cleanly.platform.cache.metrics import TALLY
from cleanly.platform.cache.service import Cache, Store
from cleanly.platform.cache.settings import CacheSettings
from cleanly.platform.cache.shared import Shared
from tests.platform.cache.conftest import Source
from tests.valkey import until


async def _held(valkey) -> list[bytes]:
    """The values that lie in the store, leases left out."""
    async with valkey.client() as client:
        values = [await client.get(key) async for key in client.scan_iter("cleanly:cache:*")]
    return [value[1:] for value in values if value is not None and value.startswith(b"v")]


async def test_a_second_process_reads_what_the_first_loaded(open_cache, source, valkey):
    first, second = await open_cache(valkey), await open_cache(valkey)
    await first.get_or_load("k", 300, source)
    assert await second.get_or_load("k", 300, source) == b"old"
    assert second.peek("k") == b"old"
    assert source.loads == 1


async def test_any_bytes_come_back_as_they_were(open_cache, valkey):
    first, second = await open_cache(valkey), await open_cache(valkey)
    for number, value in enumerate((b"", b"v", b"l" + b"\x00" * 16, bytes(range(256)), b"\x80\x04pickle?.")):
        await first.get_or_load(f"k{number}", 300, Source(value))
        assert await second.get_or_load(f"k{number}", 300, Source(b"wrong")) == value


async def test_what_one_process_forgets_another_forgets_promptly(open_cache, source, valkey):
    first, second = await open_cache(valkey), await open_cache(valkey)
    await first.get_or_load("k", 300, source)
    await second.get_or_load("k", 300, source)
    await second.get_or_load("other", 300, source)
    source.value = b"new"
    began = time.monotonic()
    await first.forget("k")
    await until(lambda: second.peek("k") is None)
    assert time.monotonic() - began < 2
    assert await second.get_or_load("k", 300, source) == b"new"
    assert second.peek("other") == b"old"


async def test_a_near_copy_of_a_shared_one_ends_no_later_than_it(open_cache, source, valkey, clock):
    first, second = await open_cache(valkey), await open_cache(valkey)
    await first.get_or_load("k", 300, source)
    await second.get_or_load("k", 99_999, source)
    clock.move(seconds=301)
    assert second.peek("k") is None


async def test_a_value_read_before_another_process_committed_does_not_come_back(open_cache, source, valkey):
    reader, writer = await open_cache(valkey), await open_cache(valkey)
    source.hold()
    slow = asyncio.create_task(reader.get_or_load("k", 300, source))
    await source.has_read.wait()
    source.value = b"new"
    await writer.forget("k")

    source.release()
    assert await slow == b"old"
    assert await _held(valkey) == []
    await until(lambda: reader.peek("k") is None)
    assert await reader.get_or_load("k", 300, source) == b"new"
    assert await writer.get_or_load("k", 300, source) == b"new"


async def test_the_store_itself_refuses_a_reader_that_has_not_heard_of_the_commit(valkey):
    reader, writer = (Shared(Store(valkey.url, purpose="test")) for _ in range(2))
    try:
        lease = (await reader.read("k")).lease
        assert lease is not None
        await writer.forget(["k"])
        await reader.fill("k", lease, b"old", 300)
        assert await _held(valkey) == []

        later = (await writer.read("k")).lease
        assert later is not None
        assert (await reader.read("k")).lease is None  # one at a time
        await reader.fill("k", lease, b"old", 300)
        await writer.fill("k", later, b"new", 300)
        await reader.fill("k", lease, b"old", 300)
        assert await _held(valkey) == [b"new"]
    finally:
        await reader._store.close()
        await writer._store.close()


async def test_a_slow_reader_does_not_overwrite_the_copy_that_a_later_one_made(open_cache, source, valkey):
    slow_one, other = await open_cache(valkey), await open_cache(valkey)
    source.hold()
    slow = asyncio.create_task(slow_one.get_or_load("k", 300, source))
    await source.has_read.wait()
    source.value = b"new"
    await other.forget("k")
    fresh = Source(b"new")
    assert await other.get_or_load("k", 300, fresh) == b"new"

    source.release()
    await slow
    assert await _held(valkey) == [b"new"]
    assert await slow_one.get_or_load("k", 300, fresh) == b"new"


async def test_a_process_that_forgets_while_it_reads_keeps_nothing(open_cache, source, valkey):
    cache = await open_cache(valkey)
    source.hold()
    slow = asyncio.create_task(cache.get_or_load("k", 300, source))
    await source.has_read.wait()
    source.value = b"new"
    await cache.forget("k")
    source.release()
    await slow
    assert await _held(valkey) == []
    assert await cache.get_or_load("k", 300, source) == b"new"


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_a_broken_store_costs_a_moment_once_and_then_nothing(open_cache, source, valkey, fault):
    cache = await open_cache(valkey)
    await cache.get_or_load("k", 300, source)
    errors = TALLY.errors
    getattr(valkey, fault)()
    began = time.monotonic()
    for number in range(200):
        assert await cache.get_or_load(f"k{number}", 300, source) == b"old"
        await cache.forget(f"k{number}")
    # Frozen, the first call waits for its deadline, and so does one probe a second; 400 deadlines would be 80.
    assert time.monotonic() - began < 10
    assert TALLY.errors > errors
    await until(lambda: not cache.hears_others)
    assert cache.peek("k") is None


async def test_a_frozen_store_is_noticed_by_a_process_that_asks_it_nothing(open_cache, source, valkey):
    cache = await open_cache(valkey)
    await cache.get_or_load("k", 300, source)
    valkey.freeze()
    began = time.monotonic()
    await until(lambda: not cache.hears_others)
    assert time.monotonic() - began < 4 * HEARTBEAT_SECONDS
    assert cache.peek("k") is None


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_a_store_that_comes_back_is_used_again_and_holds_nothing_forgotten(open_cache, valkey, fault):
    writer, reader = await open_cache(valkey), await open_cache(valkey)
    source = Source()
    await writer.get_or_load("k", 300, source)
    await reader.get_or_load("k", 300, source)

    getattr(valkey, fault)()
    source.value = b"new"
    await writer.forget("k")  # nobody hears it
    await until(lambda: not reader.hears_others)
    assert await reader.get_or_load("k", 300, source) == b"new"

    valkey.start() if fault == "kill" else valkey.thaw()
    await until(lambda: writer.hears_others and reader.hears_others)
    await _no_old_value(valkey)
    assert await reader.get_or_load("k", 300, source) == b"new"
    assert await writer.get_or_load("k", 300, source) == b"new"
    loads = source.loads
    await until(lambda: reader.peek("k") == b"new" and writer.peek("k") == b"new")
    assert await reader.get_or_load("k", 300, source) == b"new"
    assert source.loads == loads


async def _no_old_value(valkey) -> None:
    assert b"old" not in await _held(valkey)


async def test_a_server_restarted_from_an_old_snapshot_does_not_bring_old_values_back(open_cache, source, valkey):
    cache = await open_cache(valkey)
    await cache.get_or_load("k", 300, source)
    async with valkey.client() as client:
        await client.save()
    source.value = b"new"
    await cache.forget("k")
    valkey.kill()
    await until(lambda: not cache.hears_others)
    valkey.start()
    await until(lambda: cache.hears_others)
    assert await _held(valkey) == [b"old"]  # the snapshot did hold it
    assert await cache.get_or_load("k", 300, source) == b"new"


async def test_a_process_starts_while_the_store_is_down_and_finds_it_later(source, valkey, clock):
    valkey.kill()
    cache = Cache(CacheSettings.model_validate({"redis_url": valkey.url}), clock=clock)
    began = time.monotonic()
    await cache.start()
    try:
        assert await cache.get_or_load("k", 300, source) == b"old"
        assert time.monotonic() - began < 2
        assert cache.peek("k") is None  # what others forget could not be heard
        valkey.start()
        await until(lambda: cache.hears_others)
        await cache.get_or_load("k", 300, source)
        assert cache.peek("k") == b"old"
    finally:
        await cache.close()


async def test_a_forgotten_word_is_made_good_though_only_the_telling_failed(open_cache, source, valkey, monkeypatch):
    writer, reader = await open_cache(valkey), await open_cache(valkey)
    await writer.get_or_load("k", 300, source)
    await reader.get_or_load("k", 300, source)
    source.value = b"new"
    # The subscription is well; the command alone meets a fault.
    monkeypatch.setattr(writer._store, "_is_blown", True)
    monkeypatch.setattr(writer._store, "_asks_again_at", asyncio.get_running_loop().time() + 60)
    await writer.forget("k")
    await until(lambda: writer.hears_others and reader.peek("k") is None)
    assert await _held(valkey) == []
    assert await reader.get_or_load("k", 300, source) == b"new"


async def test_a_caller_that_goes_away_while_it_forgets_leaves_nothing_stale(open_cache, source, valkey):
    writer, reader = await open_cache(valkey), await open_cache(valkey)
    await reader.get_or_load("k", 300, source)
    valkey.freeze()
    going = asyncio.create_task(writer.forget("k"))
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    valkey.thaw()
    await until(lambda: writer.hears_others and reader.peek("k") is None)
    assert await _held(valkey) == []


async def test_many_processes_that_miss_and_forget_at_once_agree_in_the_end(open_cache, valkey):
    caches = [await open_cache(valkey) for _ in range(4)]
    truth = {"k": 0}

    async def load() -> bytes:
        seen = truth["k"]
        await asyncio.sleep(0)
        return str(seen).encode()

    async def live(number: int) -> None:
        for step in range(40):
            if (step + number) % 5 == 0:
                truth["k"] += 1
                await caches[number].forget("k")
            else:
                await caches[number].get_or_load("k", 300, load)

    await asyncio.gather(*(live(number) for number in range(4)))
    last = str(truth["k"]).encode()
    await until(lambda: all(cache.peek("k") in {None, last} for cache in caches))
    assert [await cache.get_or_load("k", 300, load) for cache in caches] == [last] * 4
    assert await _held(valkey) in ([last], [])


async def test_without_a_cache_started_forgetting_still_reaches_the_others(open_cache, source, valkey, clock):
    """A command-line process that changes a user opens no subscription."""
    reader = await open_cache(valkey)
    await reader.get_or_load("k", 300, source)
    passing = Cache(CacheSettings.model_validate({"redis_url": valkey.url}), clock=clock)
    try:
        await passing.forget("k")
        await until(lambda: reader.peek("k") is None)
    finally:
        await passing.close()
