"""A call that is sent again takes effect once, and gets the same answer."""

import asyncio
from collections import Counter

import pytest

from cleanly.platform.idempotency import service
from tests.platform.idempotency.world import World

REPLAYED = "idempotency-replayed"


@pytest.mark.parametrize(("path", "keys"), [("/v1/things", 200), ("/v1/accounts", 20)])
async def test_six_concurrent_calls_of_each_key_have_one_effect_and_one_answer(world: World, path: str, keys: int):
    names = [f"key-{number}" for number in range(keys)]
    for name in names:
        answers = await asyncio.gather(*(world.post(path, key=name, what=name) for _ in range(6)))
        assert Counter(answer.status_code for answer in answers)[201] >= 1
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
        for answer in answers:
            if answer.status_code == 409:
                assert answer.json()["error"]["code"] == "IDEMPOTENCY_IN_PROGRESS"
                assert answer.headers["retry-after"] == "1"
    assert Counter(await world.effects()) == dict.fromkeys(names, 1)


@pytest.mark.parametrize("path", ["/v1/things", "/v1/accounts"])
async def test_a_repeat_is_byte_for_byte_the_first_answer_and_says_so(world: World, path: str):
    first, again = await world.post(path), await world.post(path)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["content-length"] == first.headers["content-length"]
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert await world.effects() == ["tea"]


async def test_only_headers_that_matter_are_replayed_and_never_a_cookie(world: World):
    first, again = await world.post("/v1/things"), await world.post("/v1/things")
    assert "set-cookie" in first.headers
    assert again.headers["location"] == "/things/1"
    assert {"set-cookie", "authorization", "x-other"}.isdisjoint(again.headers)
    (row,) = await world.rows()
    assert row.headers == {"content-type": "application/json", "location": "/things/1"}


async def test_a_token_stays_uncacheable_when_replayed(world: World):
    await world.post("/v1/accounts")
    assert (await world.post("/v1/accounts")).headers["cache-control"] == "no-store"


async def test_an_answer_without_a_body_is_replayed_without_one(world: World):
    first, again = await world.post("/v1/departures"), await world.post("/v1/departures")
    assert (first.status_code, again.status_code) == (204, 204)
    assert first.content == again.content == b""
    assert again.headers[REPLAYED] == "true"
    assert await world.effects() == ["tea"]


async def test_the_same_key_with_another_body_is_refused(world: World):
    await world.post("/v1/things", what="tea")
    other = await world.post("/v1/things", what="coffee")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert await world.effects() == ["tea"]
    assert (await world.post("/v1/things", what="tea")).status_code == 201


async def test_the_same_json_in_other_bytes_is_another_body(world: World):
    await world.client.post("/v1/things", content=b'{"what":"tea"}', headers=_headers("k"))
    other = await world.client.post("/v1/things", content=b'{"what": "tea"}', headers=_headers("k"))
    assert other.status_code == 422


async def test_the_query_counts_but_not_the_order_of_its_names(world: World):
    assert (await world.post("/v1/things?a=1&b=2")).status_code == 201
    assert (await world.post("/v1/things?b=2&a=1")).headers[REPLAYED] == "true"
    assert (await world.post("/v1/things?a=1&b=3")).status_code == 422


async def test_a_key_on_another_path_or_method_is_another_key(world: World):
    await world.client.put("/v1/things/one", json={"what": "tea"}, headers=_headers("k"))
    other = await world.client.put("/v1/things/two", json={"what": "coffee"}, headers=_headers("k"))
    assert other.status_code == 200
    assert REPLAYED not in other.headers
    assert (await world.post("/v1/things", key="k")).status_code == 201
    assert await world.effects() == ["one", "tea", "two"]


@pytest.mark.parametrize("name", ["x" * 4_000, "nul%00byte", "%F0%9F%8D%B5"])
async def test_any_path_can_be_remembered(world: World, name: str):
    for _ in range(2):
        answer = await world.client.put(f"/v1/things/{name}", json={"what": "tea"}, headers=_headers("k"))
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (200, "true")
    assert len(await world.effects()) == 1


async def test_without_a_key_each_call_has_its_effect(world: World):
    for path in ("/v1/things", "/v1/accounts"):
        first, again = await world.post(path, key=None), await world.post(path, key=None)
        assert first.content != again.content
    assert await world.effects() == ["tea"] * 4
    assert await world.rows() == []


async def test_another_users_same_key_is_another_key(world: World):
    first = await world.post("/v1/mine", authorization="1")
    other = await world.post("/v1/mine", authorization="2", what="coffee")
    again = await world.post("/v1/mine", authorization="1", x_address="198.51.100.9")
    assert (first.status_code, other.status_code) == (201, 201)
    assert again.content == first.content  # a phone changes its address, not its user
    assert await world.effects() == ["coffee of 2", "tea of 1"]


async def test_strangers_are_told_apart_by_address(world: World):
    first = await world.post("/v1/things", x_address="192.0.2.1")
    other = await world.post("/v1/things", x_address="192.0.2.2", what="coffee")
    assert (first.status_code, other.status_code) == (201, 201)
    assert other.content != first.content
    assert await world.effects() == ["coffee", "tea"]


async def test_a_known_answer_is_given_before_the_expensive_work(world: World):
    await world.post("/v1/accounts")
    await world.post("/v1/accounts")
    assert world.hashed == 1


async def test_a_second_call_during_the_first_is_told_to_wait(world: World):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def at_work() -> None:
        if not begun.is_set():
            begun.set()
            await go_on.wait()

    world.at_work = at_work
    first = asyncio.create_task(world.post("/v1/things"))
    await begun.wait()
    second = await world.post("/v1/things")
    go_on.set()
    assert (second.status_code, second.headers["retry-after"]) == (409, "1")
    assert (await first).status_code == 201
    assert (await world.post("/v1/things")).content == (await first).content
    assert await world.effects() == ["tea"]


@pytest.fixture
def blind_claim(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A claim whose snapshot is older than the winner's commit: while the list says so, it sees no row."""
    is_blind = [False]
    real = service.claim

    async def claim(session, name, *, now):
        is_locked, known = await real(session, name, now=now)
        if is_blind.pop():
            known = None
        is_blind.insert(0, False)
        return is_locked, known

    monkeypatch.setattr(service, "claim", claim)
    return is_blind


@pytest.mark.parametrize("path", ["/v1/things", "/v1/departures"])
async def test_work_that_collides_is_rolled_back_and_the_winners_answer_given(world: World, blind_claim, path: str):
    first = await world.post(path)
    blind_claim[:] = [True]
    again = await world.post(path)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers[REPLAYED] == "true"
    assert await world.effects() == ["tea"]


async def test_a_collision_with_another_request_is_a_reused_key(world: World, blind_claim):
    await world.post("/v1/things")
    blind_claim[:] = [True]
    other = await world.post("/v1/things", what="coffee")
    assert other.json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert await world.effects() == ["tea"]


def _headers(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key, "Content-Type": "application/json"}
