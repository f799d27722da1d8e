"""`python -m tests.fakes`, which is `make demo-providers`."""

import asyncio
import sys

from tests.fakes import demo

if __name__ == "__main__":
    try:
        asyncio.run(demo.play())
    except* demo.Unexpected as faults:
        sys.exit(f"demo-providers: {'; '.join(str(fault) for fault in faults.exceptions)}")
