"""How endpoints do: counted with the results, told to their owners, and given up after days without a success."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import DateTime, Integer, Text, TypeEngine, Uuid

from cleanly.kernel.clock import rfc3339
from cleanly.kernel.messages import Event
from cleanly.platform.mail.service import Mailer, Template
from cleanly.platform.webhooks.outbound import service as outbound
from cleanly.platform.webhooks.outbound.dispatch import rules
from cleanly.platform.webhooks.outbound.dispatch.results import Result
from cleanly.platform.webhooks.outbound.endpoints import service as endpoints
from cleanly.platform.webhooks.outbound.messages import ENDPOINT_DISABLED, ENDPOINT_FAILING, Owners
from cleanly.platform.webhooks.outbound.rules import Told

# A good endpoint's row is written once in this time, not once per delivery.
_SUCCESS_NOTED_EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class Change:
    """What a batch says of one endpoint at one address. Failures are those after its last success, if it has one."""

    endpoint_id: UUID
    url: str
    success_at: datetime | None = None
    failures: int = 0
    first_failure_at: datetime | None = None
    last_failure_at: datetime | None = None
    failed_tries: int = 0
    is_gone: bool = False

    def take(self, result: Result) -> None:
        """Count one more, in the order in which they ended."""
        at = result.tried.started_at
        if result.tried.is_success:
            self.success_at, self.failures, self.failed_tries = at, 0, 0
            self.first_failure_at = self.last_failure_at = None
            return
        self.failures += 1
        self.failed_tries = max(self.failed_tries, result.step)
        self.first_failure_at = self.first_failure_at or at
        self.last_failure_at = at
        self.is_gone = self.is_gone or result.is_gone


def changes(results: Iterable[Result]) -> list[Change]:
    """What must be written of the endpoints, in the order of their ids: two dispatchers lock them alike."""
    found: dict[tuple[UUID, str], Change] = {}
    for result in results:
        claimed = result.claimed
        place = (claimed.endpoint_id, claimed.url)
        if place not in found and result.tried.is_success and _is_no_news(result):
            continue
        if place not in found:
            found[place] = Change(*place)
        found[place].take(result)
    return [found[place] for place in sorted(found)]


def _is_no_news(result: Result) -> bool:
    claimed = result.claimed
    if claimed.first_failure_at is not None or claimed.last_success_at is None:
        return False
    return result.tried.started_at - claimed.last_success_at < _SUCCESS_NOTED_EVERY


_COLUMNS: Mapping[str, TypeEngine[Any]] = {
    "ids": Uuid(),
    "urls": Text(),
    "successes": DateTime(timezone=True),
    "failures": Integer(),
    "firsts": DateTime(timezone=True),
    "lasts": DateTime(timezone=True),
}
# How an address did says nothing of the one that its owner has written since.
_NOTE = text("""
    WITH told AS (
        SELECT * FROM unnest(:ids, :urls, :successes, :failures, :firsts, :lasts)
            AS told (id, url, success_at, failures, first_failure_at, last_failure_at)
    ), locked AS (
        SELECT id FROM outbound_endpoints WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE outbound_endpoints AS endpoint
    SET last_success_at = greatest(endpoint.last_success_at, told.success_at),
        failures = told.failures + CASE WHEN told.success_at IS NULL THEN endpoint.failures ELSE 0 END,
        first_failure_at = CASE WHEN told.success_at IS NULL
            THEN coalesce(endpoint.first_failure_at, told.first_failure_at) ELSE told.first_failure_at END,
        last_failure_at = CASE WHEN told.success_at IS NULL
            THEN greatest(endpoint.last_failure_at, told.last_failure_at) ELSE told.last_failure_at END,
        told = CASE WHEN told.success_at IS NULL THEN endpoint.told ELSE 0 END
    FROM told JOIN locked ON locked.id = told.id
    WHERE endpoint.id = told.id AND endpoint.url = told.url
    RETURNING endpoint.id, endpoint.account_id, endpoint.url, endpoint.first_failure_at, endpoint.failures,
        endpoint.told, endpoint.disabled_at
""").bindparams(*(bindparam(name, type_=ARRAY(kind)) for name, kind in _COLUMNS.items()))
_TOLD = text("UPDATE outbound_endpoints SET told = :told WHERE id = :id").bindparams(bindparam("id", type_=Uuid()))


async def note(
    session: AsyncSession, results: Sequence[Result], *, owners: Owners, mailer: Mailer, now: datetime
) -> None:
    """Count them, and tell the owners of those that fail for longer than they knew."""
    found = changes(results)
    if not found:
        return
    rows = await session.execute(
        _NOTE,
        {
            "ids": [change.endpoint_id for change in found],
            "urls": [change.url for change in found],
            "successes": [change.success_at for change in found],
            "failures": [change.failures for change in found],
            "firsts": [change.first_failure_at for change in found],
            "lasts": [change.last_failure_at for change in found],
        },
    )
    by_place = {(change.endpoint_id, change.url): change for change in found}
    for row in rows.all():
        if row.failures == 0 or row.disabled_at is not None:
            continue
        change = by_place[row.id, row.url]
        health = rules.Health(row.first_failure_at, row.failures, Told(row.told))
        verdict = Told.DISABLED if change.is_gone else rules.verdict(health, failed_tries=change.failed_tries, now=now)
        if verdict > health.told:
            await _tell(session, row, verdict, change, owners=owners, mailer=mailer, now=now)


async def _tell(
    session: AsyncSession, row: Any, verdict: Told, change: Change, *, owners: Owners, mailer: Mailer, now: datetime
) -> None:
    host, since = urlsplit(str(row.url)).hostname or "", rfc3339(row.first_failure_at)
    await session.execute(_TOLD, {"id": row.id, "told": int(verdict)})
    data: dict[str, Any] = {"endpointId": str(row.id), "host": host}
    if verdict is Told.DISABLED:
        reason = "gone" if change.is_gone else "failing"
        await endpoints.disable(session, row.id, "gone" if change.is_gone else "failing", now=now)
        event, template = ENDPOINT_DISABLED, Template.ENDPOINT_DISABLED
        data |= {"reason": reason}
    else:
        event, template = ENDPOINT_FAILING, Template.ENDPOINT_FAILING
        data |= {"since": since, "failures": row.failures}
    message = Event(type=event, account_id=row.account_id, data=data)
    await outbound.publish(session, message, now=now, except_endpoint=row.id)
    for owner in await owners.of_account(session, row.account_id):
        values = {"name": owner.name, "host": host, "since": since}
        await mailer.enqueue(session, to=owner.email, template=template, values=values)
