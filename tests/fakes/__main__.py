"""`python -m tests.fakes`, which is `make demo-providers`; with `month`, the first half of `make demo`."""

import asyncio
import sys

from rich.console import Console

from cleanly.entry.demo import month
from cleanly.kernel.observe import set_up_logging
from tests.fakes import demo
from tests.fakes.play_wire import PlayWire
from tests.fakes.wire import listening


def _month() -> bool:
    """With a Google Play that knows what is bought there."""
    set_up_logging(level="warning", as_json=False, stream=sys.stderr)
    with month.scratch() as url:
        return asyncio.run(month.play(url, Console(), open_store=lambda clock: listening(PlayWire(clock))))


if __name__ == "__main__":
    if sys.argv[1:] == ["month"]:
        sys.exit(not _month())
    try:
        asyncio.run(demo.play())
    except* demo.Unexpected as faults:
        sys.exit(f"demo-providers: {'; '.join(str(fault) for fault in faults.exceptions)}")
