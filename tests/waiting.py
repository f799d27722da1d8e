"""Wait for what another task or process brings about."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(
    condition: Callable[[], Awaitable[bool]], *, what: str = "the condition", seconds: float = 30
) -> None:
    """Look again and again until it holds; fail when it doesn't in time."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - another process can set no event of ours
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not hold within {seconds} s") from None
