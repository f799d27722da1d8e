"""The development endpoints and the queue's job; where the sandbox is off, nothing is there."""

import dataclasses
from collections.abc import AsyncGenerator
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI, Request, Response

from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError
from cleanly.kernel.http import envelope
from cleanly.kernel.principal import Caller, SessionGate, TokenMissing
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.sandbox.jobs import pump
from cleanly.platform.providers.sandbox.messages import PUMP, Pump
from cleanly.platform.providers.sandbox.module import module


class Gate:
    """Lets in whoever names a token."""

    async def admit(self, authorization: str | None) -> Caller:
        if authorization is None:
            raise TokenMissing
        return Caller(user_id=UUID(int=1), session_id=UUID(int=2))


@pytest.fixture
def context(stage) -> Context:
    return Context(stage.db, stage.clock, {Sandbox: stage.sandbox, SessionGate: Gate()})


@pytest.fixture
async def client(context) -> AsyncGenerator[httpx2.AsyncClient, None]:
    app = FastAPI()
    app.state.context = context
    app.include_router(module.router, prefix="/api/v1")

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, AppError)
        return envelope(error)

    app.add_exception_handler(AppError, refused)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as found:
        found.app = app
        yield found


SIGNED_IN = {"Authorization": "Bearer any"}


async def test_the_paths_that_the_app_is_told_play_the_buyer(stage, client):
    made = await stage.pay(1003)
    told = await stage.sandbox.client_parameters(made.reference, customer=None)
    declined = await client.post(told["declinePath"], headers=SIGNED_IN)
    assert declined.json() == {
        "reference": made.reference,
        "state": "requires_action",
        "declineCode": "authentication_failed",
    }
    agreed = await client.post(told["confirmPath"], headers=SIGNED_IN)
    assert agreed.json() == {"reference": made.reference, "state": "captured", "declineCode": None}
    for path in told["confirmPath"], told["declinePath"]:
        again = await client.post(path, headers=SIGNED_IN)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "CONFLICT")
    assert (await stage.sandbox.get_payment(made.reference)).captured == 1003


@pytest.mark.parametrize("act", ["confirm", "decline"])
async def test_a_stranger_plays_nobody(stage, client, act):
    made = await stage.pay(1003)
    reply = await client.post(f"/api/v1/sandbox/payments/{made.reference}/{act}")
    assert reply.status_code == 401
    assert (await stage.sandbox.get_payment(made.reference)).state == "requires_action"
    assert (await client.post(f"/api/v1/sandbox/payments/py_999999/{act}", headers=SIGNED_IN)).status_code == 404


@pytest.mark.parametrize("act", ["confirm", "decline"])
async def test_without_a_sandbox_there_is_nothing(stage, client, context, act):
    made = await stage.pay(1003)
    client.app.state.context = dataclasses.replace(context, parts={SessionGate: Gate()})
    reply = await client.post(f"/api/v1/sandbox/payments/{made.reference}/{act}", headers=SIGNED_IN)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_its_clock_is_moved_by_whoever_is_signed_in(stage, client):
    made = await stage.pay(1004)
    assert made.state == "processing"
    stranger = await client.post("/api/v1/sandbox/advance", json={"seconds": 3 * 86_400})
    assert stranger.status_code == 401
    assert (await stage.sandbox.get_payment(made.reference)).state == "processing"
    moved = await client.post("/api/v1/sandbox/advance", json={"seconds": 3 * 86_400}, headers=SIGNED_IN)
    assert moved.status_code == 200
    assert moved.json()["told"] > 0
    assert (await stage.sandbox.get_payment(made.reference)).state == "captured"


async def test_its_clock_never_runs_back(client):
    for seconds in (0, -1, 91 * 86_400):
        reply = await client.post("/api/v1/sandbox/advance", json={"seconds": seconds}, headers=SIGNED_IN)
        assert reply.status_code == 422


async def test_without_a_sandbox_there_is_no_clock(client, context):
    client.app.state.context = dataclasses.replace(context, parts={SessionGate: Gate()})
    reply = await client.post("/api/v1/sandbox/advance", json={"seconds": 1}, headers=SIGNED_IN)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_the_job_pushes_what_is_due_and_is_harmless_where_the_sandbox_is_off(stage, context):
    await stage.pay(1000)
    await pump(dataclasses.replace(context, parts={}), Pump())
    assert stage.ear.heard == []
    await pump(context, Pump())
    assert len(stage.ear.heard) == 2
    assert [job.task for job in module.jobs] == [PUMP]
