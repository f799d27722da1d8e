"""The process dies between any two steps: whoever comes next, the same key or the janitor, makes it once.

A step is a transaction of ours or a call of the provider; each is died before and after.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from cleanly.platform.providers.breaker import Guard
from tests.domain.subscriptions.kiosk import Kiosk, new_key
from tests.world import Phone

STEPS_MAX = 60
LEASE_MINUTES = 6


class Died(BaseException):
    """The end of a process: nothing that handles errors may see it."""


class Steps:
    """Counts what a request does, and ends it at the step that is asked for."""

    def __init__(self, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left = 0
        self._is_armed = False
        self._is_outside = False
        db = kiosk.world.context.db
        begin, call = db.begin, Guard.call

        @asynccontextmanager
        async def counted_begin(**options: Any) -> AsyncGenerator[Any, None]:
            self._step()
            async with begin(**options) as session:
                yield session
            self._step()

        async def counted_call(guard: Guard, operation: str, ask: Callable[..., Any]) -> Any:
            self._step()
            self._is_outside = True
            try:
                answer = await call(guard, operation, ask)
            finally:
                self._is_outside = False
            self._step()
            return answer

        monkeypatch.setattr(db, "begin", counted_begin)
        monkeypatch.setattr(Guard, "call", counted_call)

    def _step(self) -> None:
        if not self._is_armed or self._is_outside:
            return
        self._left -= 1
        if self._left < 0:
            self._is_armed = False
            raise Died

    async def die_at(self, step: int, call: Awaitable[httpx2.Response]) -> httpx2.Response | None:
        """The answer if the call has fewer steps, else None."""
        self._left, self._is_armed = step, True
        try:
            return await call
        except BaseException as error:
            if not _is_death(error):
                raise
            return None
        finally:
            self._is_armed = False


def _is_death(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_death(one) for one in error.exceptions)
    return isinstance(error, Died)


@pytest.fixture
def steps(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(kiosk, monkeypatch)


@pytest.mark.parametrize("returns", [True, False])
async def test_a_beginning_that_died_anywhere_is_made_and_paid_once(kiosk: Kiosk, steps: Steps, returns: bool):
    price = await kiosk.price(900)
    readers: list[tuple[Phone, str]] = []
    for step in range(STEPS_MAX):
        readers.append((await kiosk.world.register(), new_key()))
        phone, key = readers[-1]
        if await steps.die_at(step, kiosk.subscribe(price, phone=phone, key=key)) is not None:
            break
    assert 10 < len(readers) < STEPS_MAX
    await kiosk.wait(minutes=LEASE_MINUTES)
    for phone, key in readers if returns else ():
        phone.access = (await kiosk.world.login(phone.email)).access
        reply = await kiosk.subscribe(price, phone=phone, key=key)
        assert reply.status_code == 201, reply.text
    for _ in range(2):
        await kiosk.deliver()
        await kiosk.later(minutes=2)
    rows = await kiosk.world.rows("SELECT user_id, state FROM subscriptions")
    assert {row.state for row in rows} == {"active"}
    assert len({row.user_id for row in rows}) == len(rows)
    assert len(rows) == len(readers) if returns else 0 < len(rows) <= len(readers)
    made = await kiosk.world.rows("SELECT count(*) FROM sandbox_objects WHERE kind = 'subscription'")
    assert made[0][0] == len(rows)
    assert (await kiosk.told()).count("started") == len(rows)
    await kiosk.books_are_right()


async def test_a_change_that_died_anywhere_is_made_and_paid_once(kiosk: Kiosk, steps: Steps):
    price, dearer = await kiosk.price(900), await kiosk.price(1800)
    asked: list[tuple[Phone, str, str, str]] = []
    for step in range(STEPS_MAX):
        phone = kiosk.reader = await kiosk.world.register()
        made = (await kiosk.subscribe(price)).json()["id"]
        shown = (await kiosk.ask("change", made, {"priceId": dearer, "preview": True})).json()["preview"]
        asked.append((phone, made, shown["previewToken"], new_key()))
        died = await steps.die_at(step, kiosk.ask("change", made, {"previewToken": asked[-1][2]}, asked[-1][3]))
        if died is not None:
            break
    assert 8 < len(asked) < STEPS_MAX
    await kiosk.wait(minutes=LEASE_MINUTES)
    for phone, made, token, key in asked:
        phone.access = (await kiosk.world.login(phone.email)).access
        kiosk.reader = phone
        reply = await kiosk.ask("change", made, {"previewToken": token}, key)
        assert reply.status_code == 200, reply.text
        assert (await kiosk.look(made))["priceId"] == dearer
        assert [one["kind"] for one in await kiosk.periods(made)] == ["cycle", "change"]
    await kiosk.deliver()
    await kiosk.books_are_right()
