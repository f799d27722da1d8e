"""The limiter in one process and over several, with its store well, slow and gone."""

import asyncio
import time

import pytest

from cleanly.kernel.errors import RateLimited
from cleanly.platform.ratelimit import service
from tests.valkey import until


async def test_the_hit_above_the_limit_is_refused_and_waiting_as_told_lets_the_next_pass(open_limiter, clock):
    limiter = open_limiter(rate_limit_default="3/minute")
    for _ in range(3):
        await limiter.require("default", "k")
    clock.move(seconds=12.4)
    with pytest.raises(RateLimited) as refused:
        await limiter.require("default", "k")
    told = int(refused.value.headers["Retry-After"])
    assert told == 48
    clock.move(seconds=told - 1)
    with pytest.raises(RateLimited):
        await limiter.require("default", "k")
    clock.move(seconds=1)
    assert (await limiter.require("default", "k")).remaining == 2


async def test_policies_and_keys_are_counted_apart(open_limiter):
    limiter = open_limiter(rate_limit_default="1/minute", rate_limit_auth="1/minute")
    assert (await limiter.hit("default", "k")).allowed
    assert (await limiter.hit("auth", "k")).allowed
    assert (await limiter.hit("default", "other")).allowed
    assert not (await limiter.hit("default", "k")).allowed


async def test_an_account_is_limited_from_wherever_it_is_tried(open_limiter):
    limiter = open_limiter(rate_limit_account="2/minute")
    await limiter.require_account("account", "ann@example.org")
    await limiter.require_account("account", "ANN@example.org ")
    with pytest.raises(RateLimited):
        await limiter.require_account("account", "ann@example.org")
    assert (await limiter.require_account("account", "bob@example.org")).allowed


async def test_an_unknown_policy_is_a_fault_of_the_program(open_limiter):
    with pytest.raises(KeyError):
        await open_limiter().hit("nonsense", "k")


@pytest.mark.usefixtures("patient")
async def test_processes_share_one_limit(open_limiter, valkey):
    first, second = (open_limiter(valkey, rate_limit_default="10/minute") for _ in range(2))
    found = await asyncio.gather(*(limiter.hit("default", "k") for limiter in (first, second) for _ in range(10)))
    assert sum(hit.allowed for hit in found) == 10
    assert sorted(hit.remaining for hit in found if hit.allowed) == list(range(10))
    assert (await second.hit("default", "other")).remaining == 9


@pytest.mark.usefixtures("patient")
async def test_a_shared_window_ends_when_it_said_it_would(open_limiter, valkey):
    limiter = open_limiter(valkey, rate_limit_default="1/second")
    await limiter.require("default", "k")
    with pytest.raises(RateLimited) as refused:
        await limiter.require("default", "k")
    await asyncio.sleep(int(refused.value.headers["Retry-After"]))  # the promise itself, in the server's time
    await limiter.require("default", "k")


@pytest.mark.usefixtures("patient")
async def test_a_shared_window_tells_what_is_left_of_it_rounded_up(open_limiter, valkey):
    limiter = open_limiter(valkey, rate_limit_default="5/minute")
    assert (await limiter.hit("default", "k")).reset_after_seconds in {60, 61}
    async with valkey.client() as client:
        await client.pexpire("cleanly:limit:default:60:k", 20_400)
    assert (await limiter.hit("default", "k")).reset_after_seconds == 21


@pytest.mark.usefixtures("patient")
async def test_a_count_that_lost_its_end_gets_one(open_limiter, valkey):
    limiter = open_limiter(valkey, rate_limit_default="5/minute")
    async with valkey.client() as client:
        await client.set("cleanly:limit:default:60:k", 1_000)
        assert not (await limiter.hit("default", "k")).allowed
        assert 0 < await client.ttl("cleanly:limit:default:60:k") <= 60


@pytest.mark.usefixtures("patient")
async def test_no_address_lies_in_the_store(open_limiter, valkey):
    await open_limiter(valkey).require_account("mail", "ann@example.org")
    async with valkey.client() as client:
        keys = [key async for key in client.scan_iter("*")]
    assert len(keys) == 1
    assert b"ann" not in keys[0]
    assert b"example" not in keys[0]


@pytest.fixture
def counted(monkeypatch) -> list[int]:
    """What was added to the counter of store errors."""
    added: list[int] = []

    class Counter:
        def add(self, amount: int) -> None:
            added.append(amount)

    monkeypatch.setattr(service, "STORE_ERRORS", Counter())
    return added


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_with_the_store_broken_every_call_passes_quickly_and_is_counted(open_limiter, valkey, counted, fault):
    limiter = open_limiter(valkey, rate_limit_default="1/minute")
    await limiter.require("default", "k")
    getattr(valkey, fault)()
    began = time.monotonic()
    for _ in range(300):
        found = await limiter.require("default", "k")
        assert found.allowed
        assert found.remaining == 1
    assert time.monotonic() - began < 10  # 300 deadlines would be 60
    assert sum(counted) == 300


async def test_many_at_once_wait_for_a_frozen_store_once(open_limiter, valkey):
    limiter = open_limiter(valkey, rate_limit_default="1/minute")
    await limiter.require("default", "k")
    valkey.freeze()
    began = time.monotonic()
    found = await asyncio.gather(*(limiter.hit("default", "k") for _ in range(1000)))
    assert time.monotonic() - began < 3  # one deadline for all, not one for each connectionful
    assert all(hit.allowed for hit in found)


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_a_store_that_comes_back_counts_again(open_limiter, valkey, fault):
    limiter = open_limiter(valkey, rate_limit_default="2/minute")
    await limiter.require("default", "k")
    getattr(valkey, fault)()
    assert (await limiter.require("default", "k")).allowed
    valkey.start() if fault == "kill" else valkey.thaw()

    refused: list[bool] = []

    async def ask() -> None:
        while not (refused and refused[-1]):
            refused.append(not (await limiter.hit("default", "k")).allowed)
            await asyncio.sleep(0.01)

    asking = asyncio.create_task(ask())
    await until(asking.done)


async def test_a_broken_store_is_logged_once_a_minute_and_not_per_call(open_limiter, valkey, capsys):
    limiter = open_limiter(valkey)
    valkey.kill()
    for _ in range(50):
        await limiter.hit("default", "k")
    assert capsys.readouterr().out.count("store.down") == 1
