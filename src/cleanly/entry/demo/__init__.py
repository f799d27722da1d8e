"""`make demo`: a phone's life, a market's day, a seller's webhooks, played over HTTP against a running service."""

import aiohttp
from rich.console import Console

from cleanly.entry.demo import hooks, market, phone
from cleanly.entry.demo.stage import SECONDS_MAX, DemoFailed, Stage


async def play(base: str, console: Console, *, buyer: str | None = None) -> bool:
    """Play against the service at `base`; True when every answer was the one expected. `buyer`: see `Stage`."""
    timeout = aiohttp.ClientTimeout(total=SECONDS_MAX)
    books = told = None
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as http:
        stage = Stage(http, base, buyer)
        try:
            await phone.play(stage)
            books = await market.play(stage)
            told = await hooks.play(stage)
        except (aiohttp.ClientError, TimeoutError, DemoFailed) as error:
            console.print(stage.table)
            console.print(
                f"[red]the demo stopped:[/red] {error or 'no answer in time'} (is the service running at {base}?)"
            )
            return False
    console.print(stage.table)
    console.print(books)
    console.print(told)
    console.print(
        "all as expected" if not stage.failures else f"[red]{stage.failures} answers were not as expected[/red]"
    )
    return not stage.failures
