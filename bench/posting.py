"""Post to the ledger through the service layer, from one process, as fast as it goes: prints postings per second."""

import asyncio
import random
import sys
import time
from uuid import UUID, uuid4

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.service import Place, Posting, chart
from cleanly.kernel.db import Database

SELLERS = 2000


async def accounts(db: Database) -> tuple[int, int, list[int]]:
    """Clearing, fees, and the sellers' pending accounts; opened when they are not there."""
    owners = [UUID(int=number + 1) for number in range(SELLERS)]
    platform = (Place(None, chart.clearing("bench"), "EUR"), Place(None, chart.FEES, "EUR"))
    async with db.begin(deadline_seconds=60) as session:
        clearing, fees = await ledger.open_accounts(session, *platform)
        sellers = await ledger.open_accounts(session, *(Place(owner, chart.PENDING, "EUR") for owner in owners))
    return clearing, fees, list(sellers)


async def main(url: str, clients: int, seconds: float) -> None:
    """`clients` at once, one posting of three entries per transaction."""
    db = Database(url, pool_size=clients, pool_overflow=0, deadline_seconds=30)
    clearing, fees, sellers = await accounts(db)
    ends = time.monotonic() + seconds
    chance = random.Random(1)

    async def work() -> int:
        done = 0
        while time.monotonic() < ends:
            entries = ((clearing, 10_000), (chance.choice(sellers), -9_000), (fees, -1_000))
            posting = Posting(reference=f"bench:{uuid4()}", kind="payment.captured", currency="EUR", entries=entries)
            async with db.begin() as session:
                await ledger.post(session, posting)
            done += 1
        return done

    began = time.monotonic()
    total = sum(await asyncio.gather(*(work() for _ in range(clients))))
    print(total / (time.monotonic() - began))
    await db.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
