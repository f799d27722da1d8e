"""Idempotency keys: the first answer is kept, the same call gets it again, another call is refused."""

from sqlalchemy import and_, delete, or_

from cleanly.platform.providers.sandbox import rules
from cleanly.platform.providers.sandbox.models import SandboxKey
from cleanly.platform.providers.sandbox.objects import Answer, dump, load_answer
from cleanly.platform.providers.sandbox.rules import Keyed
from cleanly.platform.providers.sandbox.world import World


async def ask(world: World, key: str, request: bytes) -> tuple[Keyed, Answer | None]:
    """What this key means now, and the answer that it was given."""
    row = await world.session.get(SandboxKey, key)
    if row is None:
        return Keyed.FIRST, None
    verdict = rules.judge_key(row.state, is_same=row.request == request, age=world.now - row.started_at)
    return verdict, load_answer(row.answer) if row.answer is not None else None


async def miss(world: World, key: str, request: bytes) -> None:
    """Note that the call is lost on its way, so that the next one is not."""
    await world.session.merge(_row(world, key, request, "missed"))


async def start(world: World, key: str, request: bytes) -> None:
    """Note that the call has arrived."""
    await world.session.merge(_row(world, key, request, "running"))


async def finish(world: World, key: str, request: bytes, answer: Answer) -> None:
    """Keep the answer, in the transaction that holds the effect."""
    row = _row(world, key, request, "done")
    row.answer = dump(answer)
    await world.session.merge(row)


async def is_running(world: World, key: str, request: bytes) -> bool:
    """Whether the call that was started is still the one that this key stands for."""
    row = await world.session.get(SandboxKey, key)
    return row is not None and row.state == "running" and row.request == request


async def forget(world: World) -> None:
    """Delete the keys that are too old to be remembered."""
    is_missed = SandboxKey.state == "missed"
    await world.session.execute(
        delete(SandboxKey).where(
            or_(
                and_(~is_missed, SandboxKey.started_at <= world.now - rules.KEY_KEPT),
                and_(is_missed, SandboxKey.started_at <= world.now - rules.MISS_KEPT),
            )
        )
    )


def _row(world: World, key: str, request: bytes, state: str) -> SandboxKey:
    return SandboxKey(key=key, request=request, state=state, answer=None, started_at=world.now)
