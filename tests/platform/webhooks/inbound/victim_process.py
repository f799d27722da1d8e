"""A worker in a process of its own, to be killed between a refresh and its mark; its argument is the database."""

import asyncio
import sys
from typing import cast

from sqlalchemy import text

from cleanly.entry.worker import run_until_signal
from cleanly.kernel.clock import Clock
from cleanly.kernel.context import Context
from cleanly.kernel.db import Database
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandler, InboundHandlers, Module
from cleanly.platform.cron.settings import CronSettings
from cleanly.platform.jobs.settings import JobsSettings
from cleanly.platform.providers.protocol import Provider
from cleanly.platform.providers.registry import Providers
from cleanly.platform.webhooks.inbound.module import module as inbound
from cleanly.platform.webhooks.inbound.settings import InboundSettings
from tests.platform.webhooks.inbound.scripted import ScriptedProvider

QUICK = JobsSettings(jobs_poll_seconds_max=0.1, jobs_heartbeat_seconds=0.2, jobs_stalled_seconds=1)
WORKER = Module("inbound", jobs=inbound.jobs)


async def refresh(context: Context, event: ProviderEvent) -> None:
    """An effect that names the object, as the ledger does: a second one changes nothing."""
    async with context.db.begin() as session:
        await session.execute(
            text("INSERT INTO sample_postings (reference) VALUES (:reference) ON CONFLICT DO NOTHING"),
            {"reference": event.object},
        )
        await session.execute(text("INSERT INTO sample_tries DEFAULT VALUES"))


async def refresh_and_hang(context: Context, event: ProviderEvent) -> Handled:
    await refresh(context, event)
    await asyncio.Event().wait()
    return Handled.DONE


def parts(handler: InboundHandler) -> dict[type, object]:
    provider = cast("Provider", ScriptedProvider("scripted"))
    return {
        JobsSettings: QUICK,
        CronSettings: CronSettings(),
        InboundSettings: InboundSettings(),
        Providers: Providers([provider], is_live=False),
        InboundHandlers: InboundHandlers.of([Module("sample", inbound=[handler])]),
    }


async def main(url: str) -> None:
    db = Database(url, name="victim")
    context = Context(db, Clock(), parts(InboundHandler("payment", refresh_and_hang)))
    await run_until_signal(context, [WORKER], QUICK, url=url)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
