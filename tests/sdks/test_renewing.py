"""One renewal for all who need it: cut short, overtaken, hanging; on a service that is played."""

import asyncio

import httpx2
import pytest
from cleanly_client import AsyncCleanly, DeadlineExceeded, MemoryStore, Pace, Pair

from tests.sdks.test_python_sdk import ADDRESS, USER, blocking, refusal, signed_in


async def test_a_cancelled_call_leaves_the_session_to_the_others():
    asked, refreshed = asyncio.Event(), 0

    async def play(request: httpx2.Request) -> httpx2.Response:
        nonlocal refreshed
        if not request.url.path.endswith("/refresh"):
            return httpx2.Response(200, json=USER)
        refreshed += 1
        if refreshed == 1:
            asked.set()
            await asyncio.Event().wait()
        return httpx2.Response(200, json={"accessToken": "a2", "refreshToken": "r2", "expiresIn": 900})

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(play))
    client = AsyncCleanly(ADDRESS, http=http, store=signed_in(expires_at=1.0))
    first, second = (asyncio.create_task(client.users.get()) for _ in range(2))
    await asked.wait()
    first.cancel()
    assert (await second).name == "Ada"
    assert refreshed == 2
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_who_had_no_time_for_a_renewal_does_not_speak_for_who_has():
    refreshed = 0

    async def play(request: httpx2.Request) -> httpx2.Response:
        nonlocal refreshed
        if not request.url.path.endswith("/refresh"):
            return httpx2.Response(200, json=USER)
        refreshed += 1
        if refreshed == 1:
            await asyncio.Event().wait()
        return httpx2.Response(200, json={"accessToken": "a2", "refreshToken": "r2", "expiresIn": 900})

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(play))
    client = AsyncCleanly(ADDRESS, http=http, store=signed_in(expires_at=1.0), pace=Pace(chance=lambda: 1.0))
    hasty = asyncio.create_task(client.within(0.05).users.get())
    patient = asyncio.create_task(client.users.get())
    with pytest.raises(DeadlineExceeded):
        await hasty
    assert (await patient).name == "Ada"


def test_a_renewal_ahead_of_time_that_hangs_leaves_its_call_time_for_the_token_that_is_good():
    passed = [0.0]

    def play(request: httpx2.Request) -> httpx2.Response:
        if not request.url.path.endswith("/refresh"):
            return httpx2.Response(200, json=USER)
        passed[0] += request.extensions["timeout"]["read"]
        raise httpx2.ReadTimeout("it hangs")

    store = MemoryStore(Pair("access", "refresh", 0, expires_at=900, renew_at=700))
    client = blocking(play, store=store, pace=Pace(now=lambda: 800.0, monotonic=lambda: passed[0]))
    assert client.within(15).users.get().name == "Ada"
    assert passed == [5.0]


@pytest.mark.parametrize("ends", [None, "REFRESH_TOKEN_REUSED"], ids=["lost", "refused"])
def test_what_another_process_has_renewed_between_two_tries_is_taken(ends):
    store, used = signed_in(expires_at=1.0), list[str]()

    def play(request: httpx2.Request) -> httpx2.Response:
        if not request.url.path.endswith("/refresh"):
            used.append(request.headers["authorization"])
            return httpx2.Response(200, json=USER)
        used.append("refresh")
        store.save(Pair("a2", "r2", 0, 4e9, 4e9))
        if ends is None:
            raise httpx2.ReadTimeout("too late")
        return refusal(401, ends)

    assert blocking(play, store=store, sleep=lambda _: None).users.get().name == "Ada"
    assert used == ["refresh", "Bearer a2"]
    assert store.load() == Pair("a2", "r2", 0, 4e9, 4e9)
