"""Change an endpoint, with the test before one that failed is switched on again: nothing is open while it is asked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cleanly.kernel.context import Context
from cleanly.kernel.errors import Conflict, NotFound, ValidationFailed
from cleanly.kernel.etags import etag_matches
from cleanly.kernel.module import EventCatalogue
from cleanly.platform.webhooks.outbound.dispatch import flows as dispatch
from cleanly.platform.webhooks.outbound.endpoints import queries, rules, service
from cleanly.platform.webhooks.outbound.errors import PingFailed
from cleanly.platform.webhooks.outbound.settings import OutboundSettings

# What may be emptied by null; of the rest null says as much as absence.
_EMPTIABLE = frozenset({"rate_per_minute"})


def check(context: Context, *, url: str | None = None, event_types: tuple[str, ...] | None = None) -> None:
    """Judge what a person has written.

    Raises:
        ValidationFailed: an address that is never called, or an event that does not exist.
    """
    if url is not None:
        judge = rules.guard(loopback=context.part(OutboundSettings).outbound_loopback == "on")
        if (fault := rules.url_fault(url, judge)) is not None:
            raise ValidationFailed.of("url", "not_allowed", f"Url: {fault}")
    catalogue = context.part(EventCatalogue)
    for name in event_types or ():
        if not catalogue.chosen_by(name):
            raise ValidationFailed.of("eventTypes", "unknown", f"EventTypes: there is no event {name[:100]}")


def changes_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The columns to set, of the fields that were sent."""
    return {name: value for name, value in sent.items() if value is not None or name in _EMPTIABLE}


async def tested(
    context: Context, endpoint_id: UUID, values: Mapping[str, Any], *, account_id: UUID, if_match: str | None
) -> str | None:
    """Test the endpoint if the change would switch on what we switched off; the tag of what was tested, if it was.

    Raises:
        NotFound: none of the account's. Conflict: changed since it was read. PingFailed: it stays off.
    """
    if not values.get("enabled"):
        return None
    async with context.db.begin() as session:
        endpoint = await queries.find(session, endpoint_id, account_id=account_id)
    if endpoint is None:
        raise NotFound
    if if_match is not None and not etag_matches(if_match, service.etag(endpoint)):
        raise Conflict
    if not endpoint.needs_a_test:
        return None
    tried = await dispatch.send_now(context, endpoint_id, account_id=account_id, url=values.get("url"))
    if not tried.is_success:
        raise PingFailed(details={"outcome": tried.outcome, "status": tried.status, "error": tried.error})
    return service.etag(endpoint)
