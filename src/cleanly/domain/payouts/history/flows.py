"""A history as a file: block by block, each a short transaction of its own, so that no snapshot waits for a reader.

A block is at most 10,000 lines and takes some tenths of a second, whatever the length of the history. Nothing is open
while its bytes are on the wire. The books only grow and the file goes from the newest back, so blocks fit together as
if they were read at once.
"""

from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from uuid import UUID

from cleanly.domain.ledger import queries as ledger
from cleanly.domain.ledger.queries import CsvBlock, Wanted
from cleanly.domain.payouts.settings import PayoutSettings
from cleanly.kernel.context import Context
from cleanly.kernel.errors import Unavailable

# Below the ten seconds of the role's statement timeout.
SECONDS_MAX = 9.0
_RETRY_AFTER_SECONDS = 10


class Exports:
    """How many files this process writes now: each keeps the database busy for as long as it lasts."""

    def __init__(self, settings: PayoutSettings) -> None:
        self._at_once = settings.exports_at_once
        self._running = 0
        self.seconds_max: float = settings.export_seconds_max

    def admit(self) -> None:
        """Refuse another file while enough are being written.

        Raises:
            Unavailable: come again soon.
        """
        if self._running >= self._at_once:
            raise Unavailable(
                "Too many files are being written, try again soon", retry_after_seconds=_RETRY_AFTER_SECONDS
            )

    @contextmanager
    def writing(self) -> Generator[None, None, None]:
        """For as long as a file is on the wire."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1


async def first_block(context: Context, owner_id: UUID, wanted: Wanted) -> CsvBlock:
    """Read before anything is sent, so that a fault can still be told in words.

    Raises:
        Unavailable: too many files at once, or the database is away.
    """
    context.part(Exports).admit()
    return await _block(context, owner_id, wanted, None)


async def file(context: Context, owner_id: UUID, wanted: Wanted, first: CsvBlock) -> AsyncGenerator[str, None]:
    """The whole file: its header with the first block, then block by block."""
    yield ledger.CSV_HEADER + first.lines
    before = first.before
    while before is not None:
        block = await _block(context, owner_id, wanted, before)
        before = block.before
        if block.lines:
            yield block.lines


async def _block(context: Context, owner_id: UUID, wanted: Wanted, before: UUID | None) -> CsvBlock:
    async with context.db.read(deadline_seconds=SECONDS_MAX) as session:
        await ledger.prepare(session)
        return await ledger.csv_block(session, owner_id, wanted, before=before)
