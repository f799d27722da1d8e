"""What a phone meets when the database, the mail server, the cache or the service itself fails. Real processes."""

import asyncio
import contextlib
import pathlib
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import httpx2
import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tests.flows.listening import listening
from tests.flows.process import SECONDS_MAX, Postgres, Service, free_port, has_ended, service, until
from tests.moved_clock import MovedClock
from tests.valkey import Valkey
from tests.world import PASSWORD, World, code, running

ANSWER_SECONDS_MAX = 5.0
RETURN_SECONDS_MAX = 2.0


def person() -> dict[str, str]:
    return {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD, "name": "Ada"}


def bearer(reply: httpx2.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {reply.json()['accessToken']}"}


async def registered(client: httpx2.AsyncClient, **headers: str) -> tuple[dict[str, str], httpx2.Response]:
    body = person()
    reply = await client.post("/auth/register", json=body, headers=headers)
    assert reply.status_code == 201, reply.text
    return body, reply


async def timed(call: Coroutine[Any, Any, httpx2.Response]) -> tuple[float, httpx2.Response]:
    began = time.monotonic()
    reply = await call
    return time.monotonic() - began, reply


async def refused_in_time(client: httpx2.AsyncClient, who: dict[str, str], opened: httpx2.Response) -> None:
    """While the database is away every call that needs it is a 503 within 5 s: never a 401, never a 500."""
    body = {"email": who["email"], "password": PASSWORD}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    answers = await asyncio.gather(
        timed(client.post("/auth/login", json=body)),
        timed(client.post("/auth/refresh", json={"refreshToken": opened.json()["refreshToken"]})),
        timed(client.get("/users/me", headers=bearer(opened))),
        timed(client.post("/auth/register", json=person())),
        timed(client.post("/auth/register", json=person(), headers=key)),
        timed(client.put("/users/me", json={"name": "Eve"}, headers=bearer(opened) | key)),
        timed(client.get("/health/ready")),
        timed(client.post("/auth/logout", json={"refreshToken": opened.json()["refreshToken"]})),
    )
    for seconds, reply in answers:
        assert (reply.status_code, code(reply)) == (503, "SERVICE_UNAVAILABLE"), reply.request.url
        assert int(reply.headers["retry-after"]) >= 1
        assert seconds < ANSWER_SECONDS_MAX, (reply.request.url, seconds)
    live = await client.get("/health/live")
    assert live.status_code == 200


async def is_back(client: httpx2.AsyncClient, who: dict[str, str], opened: httpx2.Response, since: float) -> None:
    """The service answers again within 2 s of the moment when the database does, and nobody was logged out."""
    body = {"email": who["email"], "password": PASSWORD}
    while (reply := await client.post("/auth/login", json=body)).status_code == 503:
        assert time.monotonic() - since < RETURN_SECONDS_MAX
    assert time.monotonic() - since < RETURN_SECONDS_MAX
    assert reply.status_code == 200, reply.text
    assert (await client.get("/users/me", headers=bearer(opened))).json()["name"] == "Ada"
    refreshed = await client.post("/auth/refresh", json={"refreshToken": opened.json()["refreshToken"]})
    assert refreshed.status_code == 200


async def test_a_stopped_database_is_a_503_until_it_is_back_and_nothing_is_lost(
    postgres: Postgres, folder: pathlib.Path
):
    with service(folder, database_url=postgres.url) as running_service:
        async with running_service.client() as client:
            who, opened = await registered(client)
            # Registrations are under way when the server dies; each has a key, so each can be repeated.
            crowd = [(person(), uuid.uuid4().hex) for _ in range(40)]
            calls = [
                asyncio.create_task(client.post("/auth/register", json=body, headers={"Idempotency-Key": key}))
                for body, key in crowd
            ]
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(postgres.stop_at_once)
            first = [await call for call in calls]
            assert {reply.status_code for reply in first} <= {201, 503}
            await refused_in_time(client, who, opened)
            await asyncio.to_thread(postgres.start)
            await is_back(client, who, opened, time.monotonic())
            for (body, key), before in zip(crowd, first, strict=True):
                again = await client.post("/auth/register", json=body, headers={"Idempotency-Key": key})
                assert again.status_code == 201, again.text
                if before.status_code == 201:
                    assert again.json()["user"]["id"] == before.json()["user"]["id"]
                    assert again.headers["idempotency-replayed"] == "true"
        emails = [body["email"] for body, _ in crowd]
        assert postgres.rows("SELECT count(*), count(DISTINCT email) FROM users WHERE email = ANY(%s)", emails) == [
            (40, 40)
        ]


async def test_a_frozen_database_is_a_503_until_it_moves_again(postgres: Postgres, folder: pathlib.Path):
    with service(folder, database_url=postgres.url) as running_service:
        async with running_service.client() as client:
            who, opened = await registered(client)
            postgres.freeze()
            await refused_in_time(client, who, opened)
            # A crowd larger than the pool waits no longer than one caller does.
            crowd = [timed(client.get("/users/me", headers=bearer(opened))) for _ in range(60)]
            crowd += [timed(client.post("/auth/register", json=person())) for _ in range(30)]
            for seconds, reply in await asyncio.gather(*crowd):
                assert (reply.status_code, code(reply)) == (503, "SERVICE_UNAVAILABLE")
                assert seconds < ANSWER_SECONDS_MAX
            postgres.thaw()
            await is_back(client, who, opened, time.monotonic())


async def test_without_redis_the_service_goes_on(fresh_url: str, clock: MovedClock, valkey: Valkey):
    async with running(fresh_url, clock, redis_url=valkey.url) as world:
        phone = await world.register()
        assert (await phone.call("GET", "/users/me")).json()["name"] == "Ada"
        valkey.kill()
        renamed = await phone.call("PUT", "/users/me", {"name": "Eve"})
        assert renamed.status_code == 200
        assert (await phone.call("GET", "/users/me")).json()["name"] == "Eve"
        assert (await phone.refreshes()).status_code == 200
        assert (await world.login(phone.email)).user_id == phone.user_id
        ready = await world.call("GET", "/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")


class Inbox:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.recipients: list[str] = []

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        self.recipients.extend(envelope.rcpt_tos)
        return "250 OK"


async def test_without_a_mail_server_registering_works_and_the_mail_goes_later(
    postgres: Postgres, folder: pathlib.Path
):
    port = free_port()
    quick = {"jobs_retry_seconds_first": "0.2", "jobs_retry_seconds_max": "0.4", "jobs_poll_seconds_max": "0.2"}
    with service(folder, database_url=postgres.url, mail_url=f"smtp://127.0.0.1:{port}", **quick) as running_service:
        async with running_service.client() as client:
            who, _ = await registered(client)
        tried = (
            "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'mail.send' AND attempts > 0 AND status <> 'succeeded'"
        )
        until(lambda: bool(postgres.rows(tried)), "the mail was tried in vain")
        inbox = Inbox()
        controller = Controller(inbox, hostname="127.0.0.1", port=port)
        controller.start()
        try:
            until(lambda: who["email"] in inbox.recipients, "the mail came")
        finally:
            controller.stop()
        assert Counter(inbox.recipients)[who["email"]] == 1


async def test_a_service_killed_amid_a_hundred_registrations_makes_each_user_once(
    postgres: Postgres, folder: pathlib.Path
):
    crowd = [(person(), uuid.uuid4().hex) for _ in range(100)]
    emails = [body["email"] for body, _ in crowd]
    count = "SELECT count(*), count(DISTINCT email) FROM users WHERE email = ANY(%s)"
    with service(folder, database_url=postgres.url) as running_service:

        async def register_all(client: httpx2.AsyncClient, *, at_once: int) -> list[httpx2.Response | BaseException]:
            gate = asyncio.Semaphore(at_once)

            async def register(body: dict[str, str], key: str) -> httpx2.Response:
                async with gate:
                    return await client.post("/auth/register", json=body, headers={"Idempotency-Key": key})

            return await asyncio.gather(*(register(body, key) for body, key in crowd), return_exceptions=True)

        async with running_service.client() as client:
            calls = asyncio.create_task(register_all(client, at_once=100))
            await asyncio.to_thread(until, lambda: postgres.rows(count, emails)[0][0] >= 15, "some are registered")
            running_service.kill()
            first = await calls
        assert 0 < postgres.rows(count, emails)[0][0] < 100
        assert any(isinstance(reply, httpx2.TransportError) for reply in first)
        running_service.start()
        async with running_service.client() as client:
            second = await register_all(client, at_once=8)
        for before, after in zip(first, second, strict=True):
            assert isinstance(after, httpx2.Response)
            assert after.status_code == 201, after.text
            if isinstance(before, httpx2.Response):
                assert before.status_code in {201, 503}
            if isinstance(before, httpx2.Response) and before.status_code == 201:
                assert after.json()["user"]["id"] == before.json()["user"]["id"]
    assert postgres.rows(count, emails) == [(100, 100)]
    sessions = "SELECT count(*) FROM refresh_tokens JOIN users ON users.id = user_id WHERE email = ANY(%s)"
    assert postgres.rows(sessions, emails) == [(100,)]


@pytest.mark.parametrize("over_a_socket", [False, True])
async def test_twenty_refreshes_of_one_token_at_once_all_get_the_same_live_token(world: World, over_a_socket: bool):
    async with contextlib.AsyncExitStack() as stack:
        client = world.client
        if over_a_socket:
            port = await stack.enter_async_context(listening(world))
            limits = httpx2.Limits(max_connections=20)
            client = await stack.enter_async_context(
                httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS_MAX, limits=limits)
            )
        phone = await world.register()
        body = {"refreshToken": phone.refresh}
        replies = await asyncio.gather(*(client.post("/api/v1/auth/refresh", json=body) for _ in range(20)))
        assert {reply.status_code for reply in replies} == {200}
        (live,) = {reply.json()["refreshToken"] for reply in replies}
        assert live != phone.refresh
        for reply in replies:
            assert (await client.get("/api/v1/users/me", headers=bearer(reply))).status_code == 200
        assert (await phone.refreshes(live)).status_code == 200
        assert len(await world.rows("SELECT 1 FROM refresh_tokens WHERE revoked_at IS NULL")) == 1


async def test_sigterm_lets_a_running_request_end(postgres: Postgres, folder: pathlib.Path):
    with service(folder, database_url=postgres.url, drain_seconds="1") as running_service:
        async with running_service.client() as client:
            who, opened = await registered(client)
            with psycopg.connect(postgres.url) as connection:
                connection.execute("SELECT 1 FROM users WHERE email = %s FOR UPDATE", (who["email"],))
                slow = asyncio.create_task(client.put("/users/me", json={"name": "Eve"}, headers=bearer(opened)))
                waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                await asyncio.to_thread(until, lambda: bool(postgres.rows(waiting)), "the change waits for the row")
                running_service.signal(signal.SIGTERM)
                await asyncio.to_thread(until, lambda: _status(running_service) == 503, "the probe says no")
                refused = await client.get("/health/live")
                assert (refused.status_code, code(refused)) == (503, "SERVICE_UNAVAILABLE")
                assert refused.headers["connection"] == "close"
                # Calls that come before the platform has seen the probe are still served.
                assert (await client.get("/health")).status_code == 200
            reply = await slow
            assert (reply.status_code, reply.json()["name"]) == (200, "Eve")
        assert running_service.exit_code() == 0
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{running_service.address}/api/v1/health")


def _status(running_service: Service) -> int:
    return httpx2.get(f"{running_service.address}/api/v1/health/live").status_code


async def test_ctrl_c_ends_all_that_dev_started_and_the_data_is_there_next_time(
    folder: pathlib.Path, record_property: Callable[[str, object], None]
):
    with service(folder, cleanly_data_dir=str(folder)) as running_service:
        async with running_service.client() as client:
            who, _ = await registered(client)
        postmaster = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        running_service.press_ctrl_c()
        assert running_service.exit_code() == 0
        until(lambda: has_ended(postmaster), "PostgreSQL ended too")
        began = time.monotonic()
        running_service.start()
        record_property("second_start_seconds", round(time.monotonic() - began, 2))
        async with running_service.client() as client:
            reply = await client.post("/auth/login", json={"email": who["email"], "password": PASSWORD})
        assert reply.status_code == 200
        running_service.press_ctrl_c()
        assert running_service.exit_code() == 0
        assert "Traceback" not in running_service.log
