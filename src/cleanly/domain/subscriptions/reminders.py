"""Mails to a subscriber whose renewal fails: on the days 0, 3 and 6, each once."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.subscriptions import rules
from cleanly.domain.subscriptions.models import SubscriptionRow
from cleanly.domain.subscriptions.queries import facts_of
from cleanly.domain.users import queries as users
from cleanly.kernel.context import Context
from cleanly.platform.mail.service import Mailer, Template


async def remind(session: AsyncSession, context: Context, row: SubscriptionRow, *, now: datetime) -> None:
    """Ask for the mail that is due, in the transaction that finds it so; the row is locked."""
    facts = facts_of(row)
    if facts.state != "past_due":
        row.reminders = 0
        return
    due = rules.reminders_due(facts, now=now)
    if due <= row.reminders:
        return
    # One mail, however many were missed.
    row.reminders = due
    user = await users.by_id(session, row.user_id)
    product = await catalog.by_id(session, row.product_id)
    if user is None or facts.grace_until is None:
        return
    until = f"{facts.grace_until:%d %B %Y}"
    values = {"name": user.name, "plan": "" if product is None else product.name, "until": until}
    await context.part(Mailer).enqueue(session, to=user.email, template=Template.RENEWAL_FAILED, values=values)
