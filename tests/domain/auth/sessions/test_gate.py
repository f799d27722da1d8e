"""How often the gate asks the database, and what it keeps of the answer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cleanly.domain.auth.sessions import queries
from cleanly.domain.auth.sessions.gate import Gate
from cleanly.kernel.principal import Caller, SessionGate, SessionRevoked
from tests.world import Phone, World


class Looks:
    """Every look at a session's state; what the first one read is not handed over before `held` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = asyncio.Event()
        self.held = asyncio.Event()
        self.count = 0
        ask = queries.gate_state

        async def gate_state(*asked: Any) -> Any:
            found = await ask(*asked)
            self.count += 1
            if self.count == 1:
                self.read.set()
                await self.held.wait()
            return found

        monkeypatch.setattr(queries, "gate_state", gate_state)


@asynccontextmanager
async def fresh(world: World, phone: Phone) -> AsyncGenerator[tuple[Gate, str]]:
    """The gate of a process that knows nothing yet, and what the phone says to it."""
    assert (await phone.call("GET", "/users/me")).status_code == 200  # its token is confirmed
    gate = world.context.part(SessionGate)  # type: ignore[type-abstract]
    assert isinstance(gate, Gate)
    gate.forget_everything()
    yield gate, f"Bearer {phone.access}"


async def test_calls_of_a_session_that_miss_together_ask_once(world: World, monkeypatch: pytest.MonkeyPatch):
    async with fresh(world, await world.register()) as (gate, token):
        looks = Looks(monkeypatch)
        crowd = [asyncio.create_task(gate.admit(token)) for _ in range(20)]
        await looks.read.wait()
        looks.held.set()
        assert len(set(await asyncio.gather(*crowd))) == 1
        assert isinstance(await gate.admit(token), Caller)
        assert looks.count == 1


async def test_what_was_read_before_a_revocation_lets_nobody_in_after_it(world: World, monkeypatch: pytest.MonkeyPatch):
    ada = await world.register()
    async with fresh(world, ada) as (gate, token):
        looks = Looks(monkeypatch)
        early = asyncio.create_task(gate.admit(token))
        await looks.read.wait()
        logout = await world.call("POST", "/auth/logout", {"refreshToken": ada.refresh})
        assert logout.status_code == 204
        with pytest.raises(SessionRevoked):
            await gate.admit(token)
        looks.held.set()
        await early  # it asked before the end of the session
        with pytest.raises(SessionRevoked):
            await gate.admit(token)


async def test_a_caller_that_goes_away_takes_nobodys_look_with_it(world: World, monkeypatch: pytest.MonkeyPatch):
    async with fresh(world, await world.register()) as (gate, token):
        looks = Looks(monkeypatch)
        leaves, stays = (asyncio.create_task(gate.admit(token)) for _ in range(2))
        await looks.read.wait()
        leaves.cancel()
        looks.held.set()
        assert isinstance(await stays, Caller)
        assert looks.count == 1
