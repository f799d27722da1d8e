"""Flows, with the network between two transactions: killed, repeated, raced, refused."""

import asyncio
from uuid import UUID

import pytest

from cleanly.kernel.errors import AppError, Conflict
from tests.platform.idempotency.world import World

REPLAYED = "idempotency-replayed"


class ProviderTimeout(AppError):
    """The provider did not answer."""

    status = 504
    code = "PROVIDER_TIMEOUT"


async def _kill(world: World, path: str = "/v1/payments") -> UUID:
    """A process that dies while it waits for the provider: its first transaction is committed, nothing else."""
    begun: asyncio.Future[UUID] = asyncio.get_running_loop().create_future()

    async def at_provider(resource_id: UUID) -> None:
        begun.set_result(resource_id)
        await asyncio.Event().wait()

    usual, world.at_provider = world.at_provider, at_provider
    call = asyncio.create_task(world.post(path))
    resource_id = await begun
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    world.at_provider = usual
    return resource_id


async def test_a_flow_runs_once_and_is_replayed(world: World):
    first, again = await world.post("/v1/payments"), await world.post("/v1/payments")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers[REPLAYED] == "true"
    assert await world.effects() == ["begun", "captured"]
    assert len(world.charges) == 1
    (row,) = await world.rows()
    assert (row.state, row.lease_until, str(row.resource_id)) == ("done", None, first.json()["token"])


async def test_six_concurrent_flows_charge_once(world: World):
    answers = await asyncio.gather(*(world.post("/v1/payments") for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert len(world.charges) == 1
    assert await world.effects() == ["begun", "captured"]


async def test_a_flow_without_a_key_where_none_is_required_simply_runs(world: World):
    first, again = await world.post("/v1/declines", key=None), await world.post("/v1/declines", key=None)
    assert (first.status_code, again.status_code) == (402, 402)
    assert await world.effects() == ["declined", "declined"]
    assert await world.rows() == []


async def test_money_without_a_key_is_refused(world: World):
    answer = await world.post("/v1/payments", key=None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")
    assert await world.effects() == []


async def test_a_killed_flow_holds_its_key_until_the_lease_ends(world: World):
    await _kill(world)
    world.clock.move(seconds=59)
    answer = await world.post("/v1/payments")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert answer.headers["retry-after"] == "1"
    assert world.charges == []


async def test_a_killed_flow_is_resumed_with_its_own_resource(world: World):
    resource_id = await _kill(world)
    world.clock.move(seconds=60)
    answer = await world.post("/v1/payments")
    assert (answer.status_code, answer.json()["token"]) == (201, str(resource_id))
    assert REPLAYED not in answer.headers
    assert world.charges == [resource_id]
    assert await world.effects() == ["begun", "captured", "resumed"]
    assert (await world.post("/v1/payments")).content == answer.content


async def test_a_killed_flow_is_not_resumed_by_another_request(world: World):
    await _kill(world)
    world.clock.move(seconds=60)
    assert (await world.post("/v1/payments", what="coffee")).status_code == 422
    assert world.charges == []


async def test_a_refusal_before_a_killed_flow_is_resumed_does_not_end_it(world: World):
    resource_id = await _kill(world)
    world.clock.move(seconds=60)

    async def at_work() -> None:
        raise Conflict("not now")

    usual, world.at_work = world.at_work, at_work
    refused = await world.post("/v1/payments")
    assert (refused.status_code, refused.json()["error"]["message"]) == (409, "not now")
    world.at_work = usual
    assert (await world.post("/v1/payments")).json()["token"] == str(resource_id)
    assert world.charges == [resource_id]


async def test_of_two_who_take_a_dead_lease_over_one_wins(world: World):
    resource_id = await _kill(world)
    world.clock.move(seconds=60)
    answers = await asyncio.gather(*(world.post("/v1/payments") for _ in range(6)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(201) >= 1
    assert set(statuses) <= {201, 409}
    assert world.charges == [resource_id]
    assert await world.effects() == ["begun", "captured", "resumed"]


async def test_a_slow_flow_whose_lease_was_taken_over_does_not_record_a_second_time(world: World):
    begun, go_on = asyncio.Event(), asyncio.Event()
    usual = world.at_provider

    async def at_provider(resource_id: UUID) -> None:
        begun.set()
        await go_on.wait()
        await usual(resource_id)

    world.at_provider = at_provider
    slow = asyncio.create_task(world.post("/v1/payments"))
    await begun.wait()
    world.at_provider = usual
    world.clock.move(seconds=60)
    quick = await world.post("/v1/payments")
    go_on.set()
    late = await slow
    assert (quick.status_code, late.status_code) == (201, 201)
    assert late.content == quick.content
    assert late.headers[REPLAYED] == "true"
    assert len(set(world.charges)) == 1
    assert await world.effects() == ["begun", "captured", "resumed"]


async def test_a_slow_flow_whose_lease_another_holds_is_told_to_wait(world: World):
    gates = [asyncio.Event(), asyncio.Event()]
    waiting: asyncio.Queue[int] = asyncio.Queue()
    turns = iter((0, 1))

    async def at_provider(_: UUID) -> None:
        mine = next(turns)
        await waiting.put(mine)
        await gates[mine].wait()

    world.at_provider = at_provider
    slow = asyncio.create_task(world.post("/v1/payments"))
    await waiting.get()
    world.clock.move(seconds=60)
    quick = asyncio.create_task(world.post("/v1/payments"))
    await waiting.get()
    gates[0].set()
    assert (await slow).json()["error"]["code"] == "IDEMPOTENCY_IN_PROGRESS"
    assert "captured" not in await world.effects()
    gates[1].set()
    assert (await quick).status_code == 201
    assert await world.effects() == ["begun", "captured", "resumed"]


@pytest.mark.parametrize(("fault", "status"), [(ProviderTimeout(), 504), (ZeroDivisionError(), 500)])
async def test_a_fault_lets_go_of_the_key_so_that_the_retry_resumes_at_once(
    world: World, fault: Exception, status: int
):
    asked: list[UUID] = []
    usual = world.at_provider

    async def at_provider(resource_id: UUID) -> None:
        asked.append(resource_id)
        if len(asked) == 1:
            raise fault
        await usual(resource_id)

    world.at_provider = at_provider
    assert (await world.post("/v1/payments")).status_code == status
    answer = await world.post("/v1/payments")
    assert answer.status_code == 201
    assert asked == [world.charges[0]] * 2
    assert await world.effects() == ["begun", "captured", "resumed"]


async def test_a_flow_that_ends_with_a_fault_stores_no_answer_and_is_resumed(world: World):
    world.paid_status = 502
    assert (await world.post("/v1/payments")).status_code == 502
    world.paid_status = 201
    answer = await world.post("/v1/payments")
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)
    assert world.charges[0] == world.charges[1]


async def test_a_refusal_between_the_transactions_ends_the_flow(world: World):
    async def at_provider(_: UUID) -> None:
        raise Conflict("the price has changed")

    world.at_provider = at_provider
    first, again = await world.post("/v1/payments"), await world.post("/v1/payments")
    assert (first.status_code, again.status_code) == (409, 409)
    assert again.content == first.content
    assert again.headers[REPLAYED] == "true"
    assert await world.effects() == ["begun"]
    assert [row.state for row in await world.rows()] == ["done"]


async def test_a_decline_recorded_by_the_flow_is_replayed_and_not_asked_again(world: World):
    first, again = await world.post("/v1/declines"), await world.post("/v1/declines")
    assert (first.status_code, again.status_code) == (402, 402)
    assert first.json()["error"]["details"] == {"declineCode": "no_funds"}
    assert again.content == first.content
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert len(world.charges) == 1
    assert await world.effects() == ["declined"]
