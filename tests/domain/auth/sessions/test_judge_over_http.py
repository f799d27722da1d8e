"""The same phones and thieves, over HTTP: the rules, the SQL, the gate and the routes together."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import httpx2
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import empty
from tests.domain.auth.sessions.phone_model import Answer, HonestPhone, Mode, Theft
from tests.domain.auth.sessions.test_judge_properties import LENIENT, STRICT
from tests.moved_clock import MovedClock
from tests.world import World, code, running

BUDGET = settings(
    max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
_KINDS: dict[str, Literal["reused", "dead", "invalid"]] = {
    "REFRESH_TOKEN_REUSED": "reused",
    "SESSION_REVOKED": "dead",
    "SESSION_EXPIRED": "dead",
    "REFRESH_TOKEN_INVALID": "invalid",
}


class Service:
    """The running service, called from a test that knows no event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, world: World) -> None:
        self._loop, self.world = loop, world

    def wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


class HttpServer:
    """One session on the running service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._world = service.world

    def login(self) -> Answer:
        phone = self._service.wait(self._world.register())
        return Answer("ok", phone.refresh, phone.access)

    def refresh(self, token: str) -> Answer:
        reply: httpx2.Response = self._service.wait(self._world.call("POST", "/auth/refresh", {"refreshToken": token}))
        if reply.status_code == 200:
            return Answer("ok", reply.json()["refreshToken"], reply.json()["accessToken"])
        if reply.status_code == 429:
            return Answer("wait", retry_after_seconds=int(reply.headers["retry-after"]))
        assert reply.status_code == 401, reply.text
        return Answer(_KINDS[code(reply)])

    def call(self, access: str) -> bool:
        reply: httpx2.Response = self._service.wait(self._world.call("GET", "/users/me", token=access))
        assert reply.status_code in {200, 401}, reply.text
        return bool(reply.status_code == 200)

    def advance(self, seconds: float) -> None:
        self._world.clock.move(seconds=seconds)


@contextmanager
def service_in(database_url: str, mode: Mode, *, answers_max: int) -> Generator[Service, None, None]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running_world = running(
        database_url,
        MovedClock(),
        refresh_grace_seconds=mode.grace_seconds,
        refresh_recovery=mode.recovery,
        refresh_answers_max=answers_max,
        jwt_access_token_expiry=40 * 86_400,
        session_absolute_expiry=400 * 86_400,
        jwt_refresh_token_expiry=200 * 86_400,
        log_level="warning",
    )
    try:
        world = asyncio.run_coroutine_threadsafe(running_world.__aenter__(), loop).result(30)
        try:
            yield Service(loop, world)
        finally:
            asyncio.run_coroutine_threadsafe(running_world.__aexit__(None, None, None), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        empty(database_url)


@pytest.mark.parametrize("mode", [LENIENT, STRICT], ids=["lenient", "strict"])
def test_a_theft_is_caught(database_url: str, mode: Mode):
    with service_in(database_url, mode, answers_max=3) as service:
        played = mode

        class Over(Theft):
            mode: ClassVar[Mode] = played

            def new_server(self) -> HttpServer:
                return HttpServer(service)

        run_state_machine_as_test(Over, settings=BUDGET)


def test_the_honest_phone_is_never_logged_out(database_url: str):
    with service_in(database_url, LENIENT, answers_max=20) as service:

        class Over(HonestPhone):
            mode: ClassVar[Mode] = LENIENT

            def new_server(self) -> HttpServer:
                return HttpServer(service)

        run_state_machine_as_test(Over, settings=BUDGET)
