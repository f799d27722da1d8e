"""Ask a function of the database, and hear its refusal in our words."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import TextClause
from sqlalchemy.engine import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import metrics, rules
from cleanly.domain.ledger.errors import InsufficientBalance, PostingRefused
from cleanly.domain.ledger.rules import Posting

_log = structlog.get_logger(__name__)
_TOLD_MAX = 10


async def ask(
    session: AsyncSession, statement: TextClause, values: Mapping[str, object], postings: Sequence[Posting] = ()
) -> Sequence[Row[Any]]:
    """The function's rows. What the session holds is written first.

    Raises:
        InsufficientBalance: a floor. PostingRefused: as `rules.refusal` reads the error. The transaction is dead.
        DBAPIError: not the ledger's affair: a lost connection, a timeout.
    """
    await session.flush()
    try:
        return (await session.execute(statement, values)).all()
    except DBAPIError as error:
        diagnosis = getattr(error.orig, "diag", None)
        refused = rules.refusal(
            getattr(error.orig, "sqlstate", None),
            getattr(diagnosis, "constraint_name", None),
            getattr(diagnosis, "message_primary", None) or "",
        )
        if refused is None:
            raise
        tell(refused, postings)
        raise refused from error


def tell(refused: InsufficientBalance | PostingRefused, postings: Sequence[Posting]) -> None:
    """Count a refusal. One that is our bug is an alarm: money that should have been booked was not."""
    if isinstance(refused, PostingRefused):
        metrics.refused(refused.reason)
        references = [posting.reference for posting in postings[:_TOLD_MAX]]
        _log.error("ledger_refused", reason=refused.reason, detail=str(refused), references=references)
    else:
        metrics.refused("insufficient_balance")
