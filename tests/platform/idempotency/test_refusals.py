"""Which refusals are remembered, and which are judged anew."""

import asyncio
import contextlib

import pytest
from sqlalchemy.exc import ProgrammingError

from cleanly.kernel.db import Database
from cleanly.kernel.errors import (
    AppError,
    Conflict,
    Forbidden,
    MalformedRequest,
    NotFound,
    RateLimited,
    Unavailable,
    ValidationFailed,
)
from cleanly.kernel.principal import TokenInvalid
from cleanly.platform.idempotency import service
from tests.platform.idempotency.world import Declined, World

REPLAYED = "idempotency-replayed"
ROUTES = ["/v1/things", "/v1/accounts"]


def _refuse(world: World, *errors: BaseException) -> None:
    """The next calls fail with these, the ones after them do their work."""
    left = list(errors)

    async def at_work() -> None:
        if left:
            raise left.pop(0)

    world.at_work = at_work


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("refusal", [Conflict("taken"), NotFound(), Declined(details={"declineCode": "no_funds"})])
async def test_a_refusal_is_remembered_and_replayed(world: World, path: str, refusal: AppError):
    _refuse(world, refusal)
    first, again = await world.post(path), await world.post(path)
    assert (first.status_code, again.status_code) == (refusal.status, refusal.status)
    assert again.content == first.content
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert again.headers["cache-control"] == "no-store"
    assert await world.effects() == []


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "refusal",
    [
        TokenInvalid(),
        Forbidden(),
        RateLimited(retry_after_seconds=1),
        ValidationFailed.of("what", "odd", "odd"),
        MalformedRequest(),
        Unavailable(),
        ZeroDivisionError(),
    ],
)
async def test_faults_refused_callers_and_malformed_calls_are_judged_anew(world: World, path: str, refusal: Exception):
    _refuse(world, refusal)
    first = await world.post(path)
    assert first.status_code == getattr(refusal, "status", 500)
    assert await world.rows() == []
    again = await world.post(path)
    assert again.status_code == 201
    assert REPLAYED not in again.headers
    assert await world.effects() == ["tea"]


async def test_a_body_that_does_not_fit_the_model_stores_nothing(world: World):
    sent = {"Idempotency-Key": "k1"}
    refused = await world.client.post("/v1/things", json={"whatever": 1}, headers=sent)
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "VALIDATION_ERROR"
    assert await world.rows() == []
    assert (await world.post("/v1/things")).status_code == 201


async def test_a_call_without_a_token_does_not_use_the_key_up(world: World):
    assert (await world.post("/v1/mine")).status_code == 401
    assert await world.rows() == []
    assert (await world.post("/v1/mine", authorization="1")).status_code == 201


async def test_a_refusal_stored_with_its_memory_is_kept_with_it(world: World):
    first, again = await world.post("/v1/guesses"), await world.post("/v1/guesses")
    assert (first.status_code, again.status_code) == (402, 402)
    assert again.content == first.content
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert await world.effects() == ["tea"]


async def test_a_route_that_takes_no_part_remembers_nothing(world: World):
    _refuse(world, Conflict("first"), Conflict("second"))
    first, again = await world.post("/v1/unkeyed"), await world.post("/v1/unkeyed")
    assert (first.json()["error"]["message"], again.json()["error"]["message"]) == ("first", "second")
    assert await world.rows() == []


async def test_a_caller_who_is_known_only_after_the_claim_is_a_fault_that_shows(world: World):
    answer = await world.post("/v1/misordered", authorization="1")
    assert answer.status_code == 500
    assert await world.effects() == []


@pytest.mark.parametrize(
    ("refusal", "blind_claims"),
    [(Conflict("the name is taken"), 1), (Conflict("the name is taken"), 2), (TokenInvalid(), 1)],
)
async def test_work_refused_for_what_the_winner_did_answers_what_the_winner_got(
    world: World, monkeypatch: pytest.MonkeyPatch, refusal: AppError, blind_claims: int
):
    first = await world.post("/v1/things")
    real, calls = service.claim, [0]

    async def claim(session, name, *, now):
        calls[0] += 1
        is_locked, known = await real(session, name, now=now)
        return is_locked, None if calls[0] <= blind_claims else known

    monkeypatch.setattr(service, "claim", claim)
    _refuse(world, refusal)
    again = await world.post("/v1/things")
    assert (again.status_code, again.content) == (201, first.content)
    assert await world.effects() == ["tea"]


async def test_a_refusal_while_another_has_taken_the_key_waits_for_that_ones_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    refused, go_on = asyncio.Event(), asyncio.Event()
    turns = iter(["refuse", "work"])

    async def at_work() -> None:
        if next(turns) == "refuse":
            raise Conflict("not yet")
        refused.set()
        await go_on.wait()

    world.at_work = at_work
    others: list[asyncio.Task] = []
    real = Database.begin

    @contextlib.asynccontextmanager
    async def begin(self, **options):
        # The third transaction remembers the refusal; by then the second call has the key.
        if len(others) == 0 and rolled_back.is_set():
            others.append(asyncio.create_task(world.post("/v1/things")))
            await refused.wait()
        try:
            async with real(self, **options) as session:
                yield session
        except Conflict:
            rolled_back.set()
            raise

    rolled_back = asyncio.Event()
    monkeypatch.setattr(Database, "begin", begin)
    first = await world.post("/v1/things")
    go_on.set()
    assert (first.status_code, first.json()["error"]["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert (await others[0]).status_code == 201
    assert await world.effects() == ["tea"]


@pytest.mark.parametrize("fault", [Unavailable(), ProgrammingError("SELECT", {}, Exception("gone"))])
async def test_a_store_that_is_gone_does_not_turn_a_refusal_into_a_fault(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Exception
):
    async def add_answer(*_arguments, **_options):
        raise fault

    monkeypatch.setattr(service, "add_answer", add_answer)
    _refuse(world, Conflict("taken"))
    answer = await world.post("/v1/things")
    assert (answer.status_code, answer.json()["error"]["message"]) == (409, "taken")
