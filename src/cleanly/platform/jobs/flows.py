"""How the queue stands, told to the operators by every worker for itself: a job could not tell that no job runs."""

from cleanly.kernel.context import Context
from cleanly.platform.jobs import metrics, queries


async def measure(context: Context) -> None:
    """Look once.

    Raises:
        Unavailable: the database is away.
    """
    async with context.db.look() as session:
        found = await queries.depth(session)
    metrics.standing(due=found.due, oldest_due_seconds=found.oldest_due_seconds, dead=found.dead)
