"""Queued work of the sandbox: what is due happens, and its news goes out."""

from cleanly.kernel.context import Context
from cleanly.kernel.module import FlowJob
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.sandbox.messages import PUMP, Pump


async def pump(context: Context, _: Pump) -> None:
    """Where the sandbox is off by now, what it still wanted is forgotten."""
    sandbox = context.parts.get(Sandbox)
    if isinstance(sandbox, Sandbox):
        await sandbox.pump()


JOBS = (FlowJob(PUMP, pump),)
