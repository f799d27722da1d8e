"""Which parts of clearing are old: what stays there for a week was forgotten by us, by the provider or on its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger.reconciliation import metrics, rules
from cleanly.kernel.context import Context
from cleanly.kernel.messages import Tick

_log = structlog.get_logger(__name__)
OLD = timedelta(days=7)
_SECONDS_MAX = 900
# Booked by us without a line of theirs; their line without a booking of ours; their line that is not available yet.
Part = Literal["ours", "theirs", "coming"]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True)
class OldPart:
    """What of one kind is old in a provider's clearing, in minor units of one currency."""

    provider: str
    currency: str
    part: Part
    count: int
    amount: int
    oldest: datetime | None


_CLEARING = text(
    """
    SELECT substr(name, length('clearing.') + 1), currency FROM ledger_accounts
    WHERE owner_id IS NULL AND starts_with(name, 'clearing.') ORDER BY 1, 2
    """
)
# Ours by the database's clock, which dated them; theirs by the time that they told.
_OLD = text(
    """
    SELECT substr(a.name, length('clearing.') + 1), t.currency, 'ours', count(*), sum(e.amount)::bigint,
        min(t.created_at)
    FROM ledger_transactions AS t
    JOIN ledger_entries AS e ON e.transaction_id = t.id
    JOIN ledger_accounts AS a ON a.id = e.account_id AND a.owner_id IS NULL AND starts_with(a.name, 'clearing.')
    WHERE t.created_at <= now() - CAST(:old AS interval) AND t.meta ? 'provider_object'
        AND NOT EXISTS (SELECT FROM provider_entries AS p WHERE p.matched_transaction_id = t.id)
    GROUP BY 1, 2
    UNION ALL
    SELECT provider, coalesce(original_currency, currency), 'theirs', count(*),
        sum(-coalesce(original_amount, gross))::bigint, min(created_at)
    FROM provider_entries WHERE match = 'open' AND created_at <= CAST(:now AS timestamptz) - CAST(:old AS interval)
    GROUP BY 1, 2
    UNION ALL
    SELECT provider, currency, 'coming', count(*), sum(net)::bigint, min(created_at)
    FROM provider_entries
    WHERE available_booked_at IS NULL AND kind <> :hold
        AND created_at <= CAST(:now AS timestamptz) - CAST(:old AS interval)
    GROUP BY 1, 2
    """
)
_PATIENCE = text("SELECT set_config('statement_timeout', :milliseconds, true)")


async def old_parts(session: AsyncSession, *, now: datetime) -> Sequence[OldPart]:
    """For each provider and currency each part, those of which nothing is old too. Slow: for the night."""
    await session.execute(_PATIENCE, {"milliseconds": str(_SECONDS_MAX * 1000)})
    found = {
        (provider, currency, part): OldPart(provider, currency, part, 0, 0, None)
        for provider, currency in await session.execute(_CLEARING)
        for part in PARTS
    }
    for row in await session.execute(_OLD, {"old": OLD, "now": now, "hold": rules.HOLD}):
        one = OldPart(*row)
        found[one.provider, one.currency, one.part] = one
    return list(found.values())


async def tell(context: Context, _tick: Tick) -> None:
    """Set the gauges, and name what is old in the log."""
    async with context.db.begin(deadline_seconds=_SECONDS_MAX) as session:
        found = await old_parts(session, now=context.clock.now())
    for one in found:
        metrics.old_part(one.provider, one.currency, one.part, amount=one.amount)
        if one.count:
            _log.warning(
                "ledger_clearing_old",
                provider=one.provider,
                currency=one.currency,
                part=one.part,
                count=one.count,
                amount=one.amount,
                oldest=str(one.oldest),
            )
