"""The whole service in one process as its clients see it: real PostgreSQL, HTTP shapes, a clock that tests move."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from sqlalchemy import text

from cleanly.entry import api
from cleanly.entry import context as contexts
from cleanly.entry import settings as environment
from cleanly.entry.health import Liveness
from cleanly.entry.modules import MODULES
from cleanly.kernel.context import Context
from cleanly.kernel.module import FlowJob, TxJob
from cleanly.platform.mail.outbox import Mailbox
from cleanly.platform.mail.service import Mailer
from tests.moved_clock import MovedClock

PASSWORD = "correct horse battery staple"
ROOMY = {
    f"rate_limit_{name}": "100000/minute" for name in ("default", "auth", "refresh", "account", "mail", "webhooks")
}
CHEAP_HASHES = {"argon2_memory_kib": 64, "argon2_time_cost": 1}
# A starved machine is no fault of the database; the tests of real faults start real processes with the default.
PATIENT = {"database_seconds_max": 15}
_numbers = itertools.count(1)


@dataclass
class Phone:
    """One device: what it stored, and how it calls."""

    world: World
    email: str
    user_id: str = ""
    access: str = ""
    refresh: str = ""
    address: str | None = None

    def keep(self, reply: httpx2.Response) -> httpx2.Response:
        body = reply.json()
        self.access, self.refresh = body["accessToken"], body["refreshToken"]
        if "user" in body:
            self.user_id = body["user"]["id"]
        return reply

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        return await self.world.call(method, path, body, token=self.access, **headers)

    async def refreshes(self, token: str | None = None, **headers: str) -> httpx2.Response:
        return await self.world.call("POST", "/auth/refresh", {"refreshToken": token or self.refresh}, **headers)


@dataclass
class World:
    """A running service and what a test may do to it."""

    context: Context
    clock: MovedClock
    client: httpx2.AsyncClient
    app: Any = field(repr=False, default=None)

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> httpx2.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        url = path if path.startswith(("/dev", "/docs", "/.well-known", "/metrics")) else f"/api/v1{path}"
        if body is None:
            return await self.client.request(method, url, headers=sent)
        if isinstance(body, bytes):
            return await self.client.request(method, url, content=body, headers=sent)
        return await self.client.request(method, url, json=body, headers=sent)

    async def register(self, email: str | None = None, **headers: str) -> Phone:
        phone = Phone(self, email or f"user{next(_numbers)}@example.com")
        body = {"email": phone.email, "password": PASSWORD, "name": "Ada"}
        reply = await self.call("POST", "/auth/register", body, **headers)
        assert reply.status_code == 201, reply.text
        phone.keep(reply)
        return phone

    async def login(self, email: str, password: str = PASSWORD, **headers: str) -> Phone:
        reply = await self.call("POST", "/auth/login", {"email": email, "password": password}, **headers)
        assert reply.status_code == 200, reply.text
        phone = Phone(self, email)
        phone.keep(reply)
        return phone

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.context.db.begin() as session:
            return list((await session.execute(text(statement), values)).all())

    async def waits_for_a_lock(self) -> bool:
        """Whether a transaction waits for another one of this database."""
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool(await self.rows(waiting))

    async def actions(self) -> list[str]:
        """What the audit record says was done, in order."""
        return [row[0] for row in await self.rows("SELECT action FROM audit_events ORDER BY id")]

    async def work(self, *, after: int = 0, only: int | None = None) -> int:
        """Do every waiting job here and now, as the worker would; returns how many.

        `after`: only those asked for after this one. `only`: this one.
        """
        handlers = {job.task.name: job for module in MODULES for job in module.jobs}
        waiting = await self.rows(
            "SELECT id, task_name, args FROM procrastinate_jobs WHERE status = 'todo'"
            " AND (scheduled_at IS NULL OR scheduled_at <= :now) AND id > :after"
            " AND (CAST(:only AS bigint) IS NULL OR id = :only) ORDER BY id",
            now=self.clock.now(),
            after=after,
            only=only,
        )
        for job_id, name, args in waiting:
            job = handlers[name]
            payload = job.task.payload.model_validate(args["payload"])
            if isinstance(job, FlowJob):
                await job.run(self.context, payload)
            elif isinstance(job, TxJob):
                async with self.context.db.begin() as session:
                    await job.run(session, payload, self.context)
            await self.rows("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = :id RETURNING id", id=job_id)
        return len(waiting)

    async def waiting(self, task: str) -> list[int]:
        """The jobs of this task that nobody has done, in order."""
        rows = await self.rows(
            "SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND task_name = :task ORDER BY id", task=task
        )
        return [row[0] for row in rows]

    async def mails(self, to: str) -> list[Any]:
        """Every mail to an address, newest first, after the waiting ones were sent."""
        await self.work()
        mailbox = self.context.part(Mailer).mailbox
        assert isinstance(mailbox, Mailbox)
        reply = await self.client.get("/dev/mail", params={"to": to}, headers={"Accept": "application/json"})
        return list(reply.json()["items"])

    async def link(self, to: str) -> str:
        """The one-time token in the newest mail that has one."""
        for mail in await self.mails(to):
            if "token=" in mail["text"]:
                return str(mail["text"].partition("token=")[2].split()[0])
        raise AssertionError(f"no link was mailed to {to}")


@asynccontextmanager
async def running(database_url: str, clock: MovedClock, **settings: Any) -> AsyncGenerator[World, None]:
    """The service on this database; keyword arguments are settings by their field's name."""
    found = environment.load(app_env="test", **{**ROOMY, **CHEAP_HASHES, **PATIENT, **settings})
    posted: list[httpx2.AsyncClient] = []

    async def deliver(headers: Mapping[str, str], body: bytes) -> int:
        return (await posted[0].post("/api/v1/webhooks/sandbox", content=body, headers=dict(headers))).status_code

    async with contexts.build(
        found, database_url=database_url, name="test", clock=clock, sandbox_deliver=deliver
    ) as context:
        context.part(Liveness).has_booted = True
        app = api.create(context, found)
        transport = httpx2.ASGITransport(app=app, client=("192.0.2.1", 40000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            posted.append(client)
            yield World(context, clock, client, app)


def code(reply: httpx2.Response) -> str:
    """The error code of a refusal, after checking that its envelope is whole."""
    body = reply.json()
    assert set(body) == {"error"}, body
    assert set(body["error"]) == {"code", "message", "details"}, body
    assert isinstance(body["error"]["details"], dict)
    assert reply.headers["x-request-id"]
    return str(body["error"]["code"])
