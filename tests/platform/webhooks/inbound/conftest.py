"""The whole service with one scripted provider, and a handler that does as the test says."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
import pytest

from cleanly.entry import api
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import FlowJob, InboundHandler, InboundHandlers, Module
from cleanly.platform.providers.protocol import Provider
from cleanly.platform.providers.registry import Providers
from cleanly.platform.webhooks.inbound.module import module as inbound
from cleanly.platform.webhooks.inbound.settings import InboundSettings
from tests.conftest import empty
from tests.moved_clock import MovedClock
from tests.platform.webhooks.inbound.scripted import ScriptedProvider, news, signature
from tests.world import Phone, World, running

Script = Handled | Exception | float


@dataclass
class Inbox:
    """What a test may do to the inbox."""

    world: World
    provider: ScriptedProvider
    other: ScriptedProvider
    acted_on: list[ProviderEvent] = field(default_factory=list)
    script: dict[str, list[Script]] = field(default_factory=lambda: defaultdict(list))

    @property
    def context(self) -> Context:
        return self.world.context

    @property
    def clock(self) -> MovedClock:
        return self.world.clock

    def part(self, value: object) -> None:
        """Put this into the Context in place of what is there."""
        cast("dict[type, object]", self.context.parts)[type(value)] = value

    def are_live(self, is_live: bool) -> None:
        self.part(Providers([cast("Provider", self.provider), cast("Provider", self.other)], is_live=is_live))

    def news(self, **changes: Any) -> bytes:
        return news(now=self.clock.now(), **changes)

    async def push(
        self, body: bytes | None = None, *, to: str = "scripted", signed: str | None = None, **headers: str
    ) -> httpx2.Response:
        body = self.news() if body is None else body
        sent = {"Scripted-Signature": signature(body) if signed is None else signed} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.world.client.post(f"/api/v1/webhooks/{to}", content=body, headers=sent)

    async def run(self, _context: Context, event: ProviderEvent) -> Handled:
        """The slices' side: do as the script says of this event or its object, else it is done."""
        self.acted_on.append(event)
        for name in (event.id, event.object):
            if self.script[name]:
                said = self.script[name].pop(0)
                if isinstance(said, Exception):
                    raise said
                if isinstance(said, float):
                    await asyncio.sleep(said)
                    return Handled.DONE
                return said
        return Handled.DONE

    async def work(self) -> int:
        """Do, one by one, what is due by the moved clock, and keep the order of each lock; how many."""
        handlers = {job.task.name: job for job in inbound.jobs}
        done = 0
        while rows := await self.world.rows(
            "SELECT id, task_name, args FROM procrastinate_jobs AS job WHERE status = 'todo'"
            " AND (scheduled_at IS NULL OR scheduled_at <= :now) AND task_name LIKE 'inbound.%'"
            " AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs AS first WHERE first.lock = job.lock"
            " AND first.status = 'todo' AND first.id < job.id) ORDER BY id LIMIT 1",
            now=self.clock.now(),
        ):
            job_id, name, args = rows[0]
            job = handlers[name]
            payload = job.task.payload.model_validate(args["payload"])
            if isinstance(job, FlowJob):
                await job.run(self.context, payload)
            else:
                async with self.context.db.begin() as session:
                    await job.run(session, payload, self.context)
            await self.world.rows(
                "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = :id RETURNING id", id=job_id
            )
            done += 1
        return done

    async def jobs(self) -> list[str]:
        """The waiting jobs by name."""
        rows = await self.world.rows(
            "SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' AND task_name LIKE 'inbound.%' ORDER BY id"
        )
        return [row[0] for row in rows]

    async def events(self) -> list[Any]:
        return await self.world.rows("SELECT * FROM inbound_events ORDER BY id")

    async def only(self) -> Any:
        rows = await self.events()
        assert len(rows) == 1
        return rows[0]

    async def admin(self) -> Phone:
        phone = await self.world.register()
        await self.world.rows("UPDATE users SET role = 'admin' WHERE id = :id RETURNING id", id=phone.user_id)
        return await self.world.login(phone.email)


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> tuple[Module, ...]:
    every = api.MODULES if inbound in api.MODULES else (*api.MODULES, inbound)
    monkeypatch.setattr(api, "MODULES", every)
    return every


@pytest.fixture
async def inbox(database_url: str, clock: MovedClock, modules: tuple[Module, ...]) -> AsyncGenerator[Inbox, None]:
    assert inbound in modules
    async with running(database_url, clock, body_bytes_max=4 * 1024 * 1024) as world:
        made = Inbox(world, ScriptedProvider("scripted"), ScriptedProvider("scripted_other", lists_events=False))
        made.are_live(False)
        made.part(InboundSettings())
        made.part(
            InboundHandlers.of(
                [
                    Module(
                        "sample",
                        inbound=[
                            InboundHandler("payment", made.run),
                            InboundHandler("account", made.run, is_for_every_account=True),
                        ],
                    )
                ]
            )
        )
        yield made
    empty(database_url)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What the counter of events was told: provider, type, outcome."""
    found: list[tuple[str, str, str]] = []
    monkeypatch.setattr(
        "cleanly.platform.webhooks.inbound.metrics.count", lambda *told: found.append(tuple(map(str, told)))
    )
    return found
