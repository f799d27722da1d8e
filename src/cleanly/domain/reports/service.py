"""Make a day's report and keep it, inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import queries as ledger
from cleanly.domain.ledger.reconciliation import queries as reconciliation
from cleanly.domain.payments import queries as payments
from cleanly.domain.payments.holds import queries as holds
from cleanly.domain.payouts.sending import queries as payouts
from cleanly.domain.reports import rules
from cleanly.domain.reports.models import DailyReportRow
from cleanly.domain.reports.rules import Figures
from cleanly.domain.users import queries as users
from cleanly.platform.mail.service import Mailer, Template


async def count(session: AsyncSession, day: date, *, seconds_max: int) -> Figures:
    """What that day was, and how the books are now. It reads whole tables: a nightly job's statement."""
    since, until = rules.bounds(day)
    check = await ledger.check_everything(session, seconds_max=seconds_max)
    booked = [
        rules.Booked(one.currency, one.kind, one.account, one.amount, one.transactions)
        for one in await ledger.booked(session, since=since, until=until)
    ]
    return Figures(
        new_users=await users.joined(session, since=since, until=until),
        currencies=rules.by_currency(
            booked,
            failed_payments=await payments.failed(session, since=since, until=until),
            failed_payouts=await payouts.failed(session, since=since, until=until),
        ),
        health=rules.Health(
            drift=len(check.drift),
            faults=len(check.faults),
            debtors_with_money=len(await ledger.debtors(session)),
            hold_differences=len(await holds.differences(session)),
            open_differences=sum((await reconciliation.open_items(session)).values()),
            are_payouts_stopped=await payouts.stop_in_force(session) is not None,
        ),
    )


async def keep(
    session: AsyncSession, day: date, figures: Figures, mailer: Mailer, *, recipients: Sequence[str], now: datetime
) -> bool:
    """Keep it, and have it mailed, in one commit; False if that day has its report: then nobody is mailed again."""
    made: date | None = await session.scalar(
        insert(DailyReportRow)
        .values(day=day, figures=asdict(figures), made_at=now)
        .on_conflict_do_nothing()
        .returning(DailyReportRow.day)
    )
    if made is None:
        return False
    values = {"name": "", "day": day.isoformat(), "figures": rules.letter(figures)}
    for recipient in recipients:
        await mailer.enqueue(session, to=recipient, template=Template.DAILY_REPORT, values=values)
    return True
