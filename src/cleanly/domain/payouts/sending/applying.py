"""What a provider's word changes of a payout, inside the caller's transaction: `apply` is the only way.

Locks go payout, its calls, ledger; it posts as its last statement.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.reconciliation import service as reconciliation
from cleanly.domain.ledger.reconciliation.service import Books
from cleanly.domain.payouts.accounts import service as accounts
from cleanly.domain.payouts.sending import books, rules, service
from cleanly.domain.payouts.sending.models import PayoutRow
from cleanly.domain.payouts.sending.rules import Ending, Known, Operation, Seen, State
from cleanly.kernel.money import Money
from cleanly.platform.providers import service as calls
from cleanly.platform.providers.protocol_sellers import PayoutSnapshot, TransferSnapshot


@dataclass(frozen=True, slots=True)
class Looked:
    """What the provider showed of both steps."""

    transfer: TransferSnapshot | None = None
    payout: PayoutSnapshot | None = None

    def seen(self) -> Seen:
        """As the rules want it."""
        transfer, payout = self.transfer, self.payout
        return Seen(
            None if transfer is None else rules.SeenTransfer(transfer.money, transfer.is_reversed),
            None if payout is None else rules.SeenPayout(payout.money, payout.state, payout.failure_code),
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """What a look did. `call`: to be made now. `again`: there is more in it than one transaction may book."""

    state: State
    call: Operation | None
    again: bool = False
    is_new_mismatch: bool = False


async def apply(
    session: AsyncSession, payout_id: UUID, looked: Looked, *, revision: int, now: datetime
) -> Applied | None:
    """What a look means for our row and the books. None: others have moved it since before the look: look again."""
    row = await service.lock(session, payout_id)
    if row.revision != revision:
        return None
    seen, before = looked.seen(), row.state
    verdict = rules.judge(known_of(row), seen)
    if isinstance(verdict, rules.Mismatch):
        is_new = row.alarm != verdict.reason
        row.alarm = verdict.reason
        row.revision += 1
        row.check_at = now + timedelta(days=1)
        await session.flush()
        return Applied(cast("State", before), None, is_new_mismatch=is_new)
    _note_references(row, looked)
    await _note_line(session, row, looked)
    row.ending, row.alarm = verdict.ending, None
    if verdict.ending is not None:
        row.failure_code = verdict.failure_code or row.failure_code
    await calls.end_open_calls(session, rules.OPERATIONS, row.id, partial(rules.answered, seen=seen), now=now)
    if verdict.steps == ("back",):
        if verdict.ending is None:
            raise LookupError(f"payout {row.id} comes back without an ending")
        postings = await service.end(session, row, verdict.ending, verdict.failure_code, now=now)
        await ledger.post(session, *postings)
        return Applied(verdict.state, None)
    postings = await _book(session, row, verdict.steps, now=now)
    again = "back" in verdict.steps
    # An exact reversal names what it reverses: that has to be committed first.
    row.state = before if again else verdict.state
    service.touch(row, now=now, has_moved=row.state != before)
    if verdict.call is not None or again:
        row.check_at = now + rules.CALL_TIME  # in case whoever looked dies before going on
    if row.state != before:
        await service.tell(session, row)
    await session.flush()
    if postings:
        await ledger.post(session, *postings)
    return Applied(cast("State", row.state), None if again else verdict.call, again=again)


async def _book(
    session: AsyncSession, row: PayoutRow, steps: tuple[rules.Step, ...], *, now: datetime
) -> list[ledger.Posting]:
    postings: list[ledger.Posting] = []
    if "sent" in steps:
        row.is_sent, row.sent_at = True, row.sent_at or now
        postings.append(await books.sent(session, row))
    if "paid" in steps:
        row.is_paid, row.paid_at = True, now
        await accounts.note_paid(session, row.payout_account_id, now=now)
        postings.append(await books.paid(session, row))
    return postings


def known_of(row: PayoutRow) -> Known:
    """What decides."""
    return Known(
        state=cast("State", row.state),
        money=Money(row.amount, row.currency),
        is_two_step=row.is_two_step,
        is_sent=row.is_sent,
        is_paid=row.is_paid,
        ending=cast("Ending | None", row.ending),
    )


def _note_references(row: PayoutRow, looked: Looked) -> None:
    if looked.transfer is not None:
        row.provider_transfer_id = looked.transfer.reference
    if looked.payout is not None:
        row.provider_payout_id = looked.payout.reference
        row.arrives_at = looked.payout.arrives_at


async def _note_line(session: AsyncSession, row: PayoutRow, looked: Looked) -> None:
    """The provider's books may call it by another name than we have booked it by."""
    seen = looked.payout
    if seen is not None and seen.line is not None and not row.is_two_step:
        await reconciliation.note_alias(
            session, Books(row.provider, row.provider_account), seen.line, booked_as=seen.reference
        )
