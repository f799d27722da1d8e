"""The cache of one process: how long copies live, how many, and what a forgotten one must never do."""

import asyncio

import pytest
from pydantic import ValidationError

from cleanly.kernel.errors import Unavailable
from cleanly.platform.cache import service
from cleanly.platform.cache.metrics import TALLY
from cleanly.platform.cache.service import Cache
from cleanly.platform.cache.settings import CacheSettings


async def test_a_second_read_asks_no_source(open_cache, source):
    cache = await open_cache()
    assert await cache.get_or_load("k", 300, source) == b"old"
    source.value = b"new"
    assert await cache.get_or_load("k", 300, source) == b"old"
    assert cache.peek("k") == b"old"
    assert source.loads == 1


async def test_a_copy_ends_with_its_time(open_cache, source, clock):
    cache = await open_cache()
    await cache.get_or_load("k", 300, source)
    source.value = b"new"
    clock.move(seconds=299)
    assert await cache.get_or_load("k", 300, source) == b"old"
    clock.move(seconds=1)
    assert cache.peek("k") is None
    assert await cache.get_or_load("k", 300, source) == b"new"


@pytest.mark.parametrize(("chance", "lasts"), [(0.0, 270), (1.0, 330)])
async def test_copies_end_a_tenth_earlier_or_later_by_chance(clock, source, chance, lasts):
    cache = Cache(CacheSettings(), clock=clock, chance=lambda: chance)
    await cache.get_or_load("k", 300, source)
    clock.move(seconds=lasts - 1)
    assert cache.peek("k") == b"old"
    clock.move(seconds=1)
    assert cache.peek("k") is None


async def test_a_clock_that_is_set_back_ends_a_copy_instead_of_keeping_it(open_cache, source, clock):
    cache = await open_cache()
    await cache.get_or_load("k", 300, source)
    clock.move(hours=-1)
    assert cache.peek("k") is None


async def test_those_who_miss_together_share_one_load(open_cache, source):
    cache = await open_cache()
    source.hold()
    readers = [asyncio.create_task(cache.get_or_load("k", 300, source)) for _ in range(50)]
    await source.has_read.wait()
    source.release()
    assert await asyncio.gather(*readers) == [b"old"] * 50
    assert source.loads == 1


async def test_a_caller_that_goes_away_takes_nobody_with_it(open_cache, source):
    cache = await open_cache()
    source.hold()
    first = asyncio.create_task(cache.get_or_load("k", 300, source))
    await source.has_read.wait()
    second = asyncio.create_task(cache.get_or_load("k", 300, source))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    source.release()
    assert await second == b"old"
    assert source.loads == 1


async def test_a_failed_load_fails_all_who_wait_and_nobody_after(open_cache, source):
    cache = await open_cache()

    loads: list[int] = []

    async def broken() -> bytes:
        loads.append(1)
        raise ConnectionError("the source is away")

    answers = await asyncio.gather(*(cache.get_or_load("k", 300, broken) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError] * 3
    assert len(loads) == 1
    assert await cache.get_or_load("k", 300, source) == b"old"


async def test_a_load_without_end_is_given_up(open_cache, source, monkeypatch):
    monkeypatch.setattr(service, "LOAD_SECONDS_MAX", 0.01)
    cache = await open_cache()
    source.hold()
    with pytest.raises(Unavailable):
        await cache.get_or_load("k", 300, source)
    source.release()
    assert await cache.get_or_load("k", 300, source) == b"old"


async def test_what_is_not_there_is_not_remembered(open_cache, source):
    cache = await open_cache()
    source.value = None
    assert await cache.get_or_load("k", 300, source) is None
    source.value = b"born"
    assert await cache.get_or_load("k", 300, source) == b"born"


async def test_a_forgotten_value_is_loaded_anew_and_others_stay(open_cache, source):
    cache = await open_cache()
    await cache.get_or_load("k", 300, source)
    await cache.get_or_load("other", 300, source)
    source.value = b"new"
    await cache.forget("k")
    assert await cache.get_or_load("k", 300, source) == b"new"
    assert await cache.get_or_load("other", 300, source) == b"old"


async def test_a_value_read_before_the_commit_does_not_come_back_after_it(open_cache, source):
    cache = await open_cache()
    source.hold()
    slow = asyncio.create_task(cache.get_or_load("k", 300, source))
    await source.has_read.wait()
    source.value = b"new"
    await cache.forget("k")

    source.release()
    assert await slow == b"old"  # it began before the commit
    assert cache.peek("k") is None
    assert await cache.get_or_load("k", 300, source) == b"new"


async def test_who_asks_after_the_commit_does_not_join_a_load_from_before_it(open_cache, source):
    cache = await open_cache()
    source.hold()
    slow = asyncio.create_task(cache.get_or_load("k", 300, source))
    await source.has_read.wait()
    source.value = b"new"
    await cache.forget("k")

    source.has_read.clear()
    late = asyncio.create_task(cache.get_or_load("k", 300, source))
    await source.has_read.wait()
    source.release()
    assert await asyncio.gather(slow, late) == [b"old", b"new"]
    assert cache.peek("k") == b"new"


async def test_the_least_lately_used_copy_makes_room(open_cache, source):
    cache = await open_cache(cache_entries_max=2)
    for key in ("a", "b", "a", "c"):
        await cache.get_or_load(key, 300, source)
    assert cache.peek("a") is not None
    assert cache.peek("c") is not None
    assert cache.peek("b") is None


async def test_a_large_value_is_passed_on_but_not_kept(open_cache, source):
    cache = await open_cache(cache_value_bytes_max=3)
    source.value = b"1234"
    assert await cache.get_or_load("k", 300, source) == b"1234"
    assert cache.peek("k") is None


async def test_hits_and_misses_are_counted(open_cache, source):
    cache = await open_cache()
    hits, misses = TALLY.hits, TALLY.misses
    for _ in range(3):
        await cache.get_or_load("k", 300, source)
    assert (TALLY.hits - hits, TALLY.misses - misses) == (2, 1)


async def test_closing_ends_a_load_under_way(open_cache, source):
    cache = await open_cache()
    source.hold()
    reader = asyncio.create_task(cache.get_or_load("k", 300, source))
    await source.has_read.wait()
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await reader


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("redis://h:6379/1", "redis://h:6379/1"),
        ("rediss://u:p@h", "rediss://u:p@h"),
        ("valkey://h", "redis://h"),
        ("valkeys://h", "rediss://h"),
        (" unix:///run/s ", "unix:///run/s"),
    ],
)
def test_a_server_is_named_by_the_usual_urls(given, kept):
    found = CacheSettings.model_validate({"redis_url": given}).redis_url
    assert found is not None
    assert found.get_secret_value() == kept


def test_a_blank_url_is_no_url():
    assert CacheSettings.model_validate({"redis_url": "  "}).redis_url is None


@pytest.mark.parametrize("given", ["h:6379", "http://u:topsecret@h", "redis://", "mem://"])
def test_another_url_is_refused_by_name_without_being_shown(given):
    with pytest.raises(ValidationError, match="REDIS_URL") as refused:
        CacheSettings.model_validate({"redis_url": given})
    assert "topsecret" not in str(refused.value)
