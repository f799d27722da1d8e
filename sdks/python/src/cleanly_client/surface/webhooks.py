"""Messages to a seller's own server. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from cleanly_client import models, wire
from cleanly_client.calls import Call, Given
from cleanly_client.groups import AsyncGroup, Group
from cleanly_client.pages import AsyncPages, Pages
from cleanly_client.unset import UNSET, Unset
from cleanly_client.verification import Verifying

_CREATE_WEBHOOK_ENDPOINT: Call[models.WebhookEndpointMade] = Call(
    "create_webhook_endpoint", "POST", "/api/v1/webhook-endpoints", wire.reader(models.WebhookEndpointMade)
)
_LIST_WEBHOOK_ENDPOINTS: Call[wire.Page[models.WebhookEndpoint]] = Call(
    "list_webhook_endpoints", "GET", "/api/v1/webhook-endpoints", wire.pages(models.WebhookEndpoint)
)
_READ_WEBHOOK_ENDPOINT: Call[models.WebhookEndpoint] = Call(
    "read_webhook_endpoint", "GET", "/api/v1/webhook-endpoints/{endpoint_id}", wire.reader(models.WebhookEndpoint)
)
_CHANGE_WEBHOOK_ENDPOINT: Call[models.WebhookEndpoint] = Call(
    "change_webhook_endpoint", "PUT", "/api/v1/webhook-endpoints/{endpoint_id}", wire.reader(models.WebhookEndpoint)
)
_DELETE_WEBHOOK_ENDPOINT: Call[None] = Call(
    "delete_webhook_endpoint", "DELETE", "/api/v1/webhook-endpoints/{endpoint_id}", wire.anything
)
_ROTATE_WEBHOOK_SECRET: Call[models.WebhookEndpointMade] = Call(
    "rotate_webhook_secret",
    "POST",
    "/api/v1/webhook-endpoints/{endpoint_id}/rotate-secret",
    wire.reader(models.WebhookEndpointMade),
)
_TEST_ENDPOINT: Call[models.WebhookTest] = Call(
    "test_endpoint", "POST", "/api/v1/webhook-endpoints/{id}/test", wire.reader(models.WebhookTest)
)
_REPLAY_ENDPOINT: Call[models.Replayed] = Call(
    "replay_endpoint", "POST", "/api/v1/webhook-endpoints/{id}/replay", wire.reader(models.Replayed)
)
_POLL_EVENTS: Call[models.WebhookPoll] = Call(
    "poll_events", "GET", "/api/v1/webhook-endpoints/{id}/events", wire.reader(models.WebhookPoll)
)
_LIST_EVENT_TYPES: Call[models.WebhookEventTypes] = Call(
    "list_event_types",
    "GET",
    "/api/v1/webhook-events",
    wire.reader(models.WebhookEventTypes),
    needs_token=False,
    tells_etag=True,
)
_LIST_MESSAGES: Call[wire.Page[models.WebhookEvent]] = Call(
    "list_messages", "GET", "/api/v1/webhook-messages", wire.pages(models.WebhookEvent)
)
_READ_MESSAGE: Call[models.WebhookMessage] = Call(
    "read_message", "GET", "/api/v1/webhook-messages/{id}", wire.reader(models.WebhookMessage)
)
_LIST_DELIVERIES: Call[wire.Page[models.WebhookDelivery]] = Call(
    "list_deliveries", "GET", "/api/v1/webhook-deliveries", wire.pages(models.WebhookDelivery)
)
_READ_DELIVERY: Call[models.WholeWebhookDelivery] = Call(
    "read_delivery", "GET", "/api/v1/webhook-deliveries/{id}", wire.reader(models.WholeWebhookDelivery)
)
_RETRY_DELIVERY: Call[models.WebhookDelivery] = Call(
    "retry_delivery", "POST", "/api/v1/webhook-deliveries/{id}/retry", wire.reader(models.WebhookDelivery)
)


class Webhooks(Group, Verifying):
    """Messages to a seller's own server."""

    def create_endpoint(
        self,
        *,
        url: str,
        event_types: Sequence[str],
        description: str | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        rate_per_minute: int | Unset | None = UNSET,
        ordered: bool | Unset = UNSET,
        signature: Literal["v1", "v1a"] | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.WebhookEndpointMade:
        """Add a webhook endpoint.

        The `secret` is shown in this answer and never again. Answers with its `ETag`.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CREATE_WEBHOOK_ENDPOINT,
            Given(
                {},
                {"account": account},
                body={
                    "url": url,
                    "eventTypes": event_types,
                    "description": description,
                    "enabled": enabled,
                    "ratePerMinute": rate_per_minute,
                    "ordered": ordered,
                    "signature": signature,
                },
                key=idempotency_key,
            ),
        )

    def endpoints(
        self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET, account: Literal["platform"] | Unset = UNSET
    ) -> Pages[models.WebhookEndpoint]:
        """Webhook endpoints.

        In the order in which they were made.

        `limit`: Rows per page.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_WEBHOOK_ENDPOINTS, Given({}, {"limit": limit, "cursor": cursor, "account": account}))

    def endpoint(
        self, endpoint_id: UUID | str, *, account: Literal["platform"] | Unset = UNSET
    ) -> models.WebhookEndpoint:
        """Read a webhook endpoint.

        Its settings and how it does. `ETag` names the settings, for `If-Match`.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_WEBHOOK_ENDPOINT, Given({"endpoint_id": endpoint_id}, {"account": account}))

    def change_endpoint(
        self,
        endpoint_id: UUID | str,
        *,
        url: str | Unset | None = UNSET,
        event_types: Sequence[str] | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        enabled: bool | Unset | None = UNSET,
        rate_per_minute: int | Unset | None = UNSET,
        ordered: bool | Unset | None = UNSET,
        account: Literal["platform"] | Unset = UNSET,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.WebhookEndpoint:
        """Change a webhook endpoint.

        What is absent stays. One that we switched off is sent a test first: only a 2xx switches it on again.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, Conflict, InvalidState: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CHANGE_WEBHOOK_ENDPOINT,
            Given(
                {"endpoint_id": endpoint_id},
                {"account": account},
                body={
                    "url": url,
                    "eventTypes": event_types,
                    "description": description,
                    "enabled": enabled,
                    "ratePerMinute": rate_per_minute,
                    "ordered": ordered,
                },
                key=idempotency_key,
                if_match=if_match,
            ),
        )

    def delete_endpoint(
        self, endpoint_id: UUID | str, *, account: Literal["platform"] | Unset = UNSET, if_match: str | None = None
    ) -> None:
        """Take a webhook endpoint away.

        What waits for it is skipped; what was tried can still be looked at.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        self._caller.call(
            _DELETE_WEBHOOK_ENDPOINT, Given({"endpoint_id": endpoint_id}, {"account": account}, if_match=if_match)
        )

    def rotate_secret(
        self,
        endpoint_id: UUID | str,
        *,
        overlap_hours: int | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.WebhookEndpointMade:
        """Give a webhook endpoint a new key.

        Both keys sign until the old one ends. The new `secret` is shown in this answer and never again.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _ROTATE_WEBHOOK_SECRET,
            Given(
                {"endpoint_id": endpoint_id},
                {"account": account},
                body={"overlapHours": overlap_hours},
                key=idempotency_key,
            ),
        )

    def test_endpoint(
        self, id: UUID | str, *, account: Literal["platform"] | Unset = UNSET, idempotency_key: str | None = None
    ) -> models.WebhookTest:
        """Send a test now and tell how it went.

        A signed event `endpoint.test`, sent once, also to an endpoint that is off. It changes nothing here.

        `id`: The endpoint's id.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_TEST_ENDPOINT, Given({"id": id}, {"account": account}, key=idempotency_key))

    def replay_endpoint(
        self,
        id: UUID | str,
        *,
        since: datetime,
        until: datetime | Unset | None = UNSET,
        states: Sequence[Literal["failed", "skipped", "succeeded", "missing"]] | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        cursor: str | Unset | None = UNSET,
        account: Literal["platform"] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Replayed:
        """Send again what did not arrive.

        All since a time that failed or was skipped, five hundred a call, the oldest first. `dry_run` counts them.

        `id`: The endpoint's id.

        `account`: Admins: the platform's own.

        `since`: Published at this moment or later.

        `until`: Published before this moment; now if absent.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _REPLAY_ENDPOINT,
            Given(
                {"id": id},
                {"account": account},
                body={"since": since, "until": until, "states": states, "dryRun": dry_run, "cursor": cursor},
                key=idempotency_key,
            ),
        )

    def poll(
        self,
        id: UUID | str,
        *,
        after: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
    ) -> models.WebhookPoll:
        """Ask for events instead of being told.

        An endpoint's events of the last 30 days in order, delivered or not, on or off: none twice, none missed.

        One that is published this very moment may need a second to appear.

        `id`: The endpoint's id.

        `limit`: Rows per page.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_POLL_EVENTS, Given({"id": id}, {"after": after, "limit": limit, "account": account}))

    def event_types(self) -> models.WebhookEventTypes:
        """Every kind of event that is told.

        Name, meaning, JSON Schema of `data` and an example of each. `ETag` and `If-None-Match` spare the body.
        """
        return self._caller.call(_LIST_EVENT_TYPES, Given({}, {}))

    def messages(
        self,
        *,
        type: str | Unset = UNSET,
        since: datetime | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
    ) -> Pages[models.WebhookEvent]:
        """What was published.

        The last 30 days' messages for this account, newest first, whether anybody subscribes to them or not.

        `type`: Only of this type.

        `since`: Published at this moment or later.

        `limit`: Rows per page.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_MESSAGES,
            Given({}, {"type": type, "since": since, "limit": limit, "cursor": cursor, "account": account}),
        )

    def message(self, id: UUID | str, *, account: Literal["platform"] | Unset = UNSET) -> models.WebhookMessage:
        """One message and where it went.

        With a delivery for each endpoint that it was for.

        `id`: The header webhook-id.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_MESSAGE, Given({"id": id}, {"account": account}))

    def deliveries(
        self,
        *,
        endpoint: UUID | str | Unset = UNSET,
        state: Literal["pending", "claimed", "succeeded", "failed", "skipped"] | Unset = UNSET,
        type: str | Unset = UNSET,
        since: datetime | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
    ) -> Pages[models.WebhookDelivery]:
        """Where messages went.

        Newest first, each with its newest try. What waits for somebody to mend it: `state=failed`, `state=skipped`.

        `endpoint`: Only to this endpoint.

        `state`: Only in this state.

        `type`: Only of this type.

        `since`: Published at this moment or later.

        `limit`: Rows per page.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_DELIVERIES,
            Given(
                {},
                {
                    "endpoint": endpoint,
                    "state": state,
                    "type": type,
                    "since": since,
                    "limit": limit,
                    "cursor": cursor,
                    "account": account,
                },
            ),
        )

    def delivery(self, id: UUID | str, *, account: Literal["platform"] | Unset = UNSET) -> models.WholeWebhookDelivery:
        """One delivery with every try.

        What was sent, and of each try: when, how long, the answer's status, headers and first 16 KiB, the address.

        `id`: A delivery's id.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_DELIVERY, Given({"id": id}, {"account": account}))

    def retry_delivery(
        self, id: UUID | str, *, account: Literal["platform"] | Unset = UNSET, idempotency_key: str | None = None
    ) -> models.WebhookDelivery:
        """Try one delivery now.

        Whatever became of it before, with all its tries anew. Receivers know a repetition by its webhook-id.

        `id`: A delivery's id.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_RETRY_DELIVERY, Given({"id": id}, {"account": account}, key=idempotency_key))


class AsyncWebhooks(AsyncGroup, Verifying):
    """Messages to a seller's own server."""

    async def create_endpoint(
        self,
        *,
        url: str,
        event_types: Sequence[str],
        description: str | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        rate_per_minute: int | Unset | None = UNSET,
        ordered: bool | Unset = UNSET,
        signature: Literal["v1", "v1a"] | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.WebhookEndpointMade:
        """Add a webhook endpoint.

        The `secret` is shown in this answer and never again. Answers with its `ETag`.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CREATE_WEBHOOK_ENDPOINT,
            Given(
                {},
                {"account": account},
                body={
                    "url": url,
                    "eventTypes": event_types,
                    "description": description,
                    "enabled": enabled,
                    "ratePerMinute": rate_per_minute,
                    "ordered": ordered,
                    "signature": signature,
                },
                key=idempotency_key,
            ),
        )

    def endpoints(
        self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET, account: Literal["platform"] | Unset = UNSET
    ) -> AsyncPages[models.WebhookEndpoint]:
        """Webhook endpoints.

        In the order in which they were made.

        `limit`: Rows per page.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_WEBHOOK_ENDPOINTS, Given({}, {"limit": limit, "cursor": cursor, "account": account}))

    async def endpoint(
        self, endpoint_id: UUID | str, *, account: Literal["platform"] | Unset = UNSET
    ) -> models.WebhookEndpoint:
        """Read a webhook endpoint.

        Its settings and how it does. `ETag` names the settings, for `If-Match`.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _READ_WEBHOOK_ENDPOINT, Given({"endpoint_id": endpoint_id}, {"account": account})
        )

    async def change_endpoint(
        self,
        endpoint_id: UUID | str,
        *,
        url: str | Unset | None = UNSET,
        event_types: Sequence[str] | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        enabled: bool | Unset | None = UNSET,
        rate_per_minute: int | Unset | None = UNSET,
        ordered: bool | Unset | None = UNSET,
        account: Literal["platform"] | Unset = UNSET,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.WebhookEndpoint:
        """Change a webhook endpoint.

        What is absent stays. One that we switched off is sent a test first: only a 2xx switches it on again.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, Conflict, InvalidState: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CHANGE_WEBHOOK_ENDPOINT,
            Given(
                {"endpoint_id": endpoint_id},
                {"account": account},
                body={
                    "url": url,
                    "eventTypes": event_types,
                    "description": description,
                    "enabled": enabled,
                    "ratePerMinute": rate_per_minute,
                    "ordered": ordered,
                },
                key=idempotency_key,
                if_match=if_match,
            ),
        )

    async def delete_endpoint(
        self, endpoint_id: UUID | str, *, account: Literal["platform"] | Unset = UNSET, if_match: str | None = None
    ) -> None:
        """Take a webhook endpoint away.

        What waits for it is skipped; what was tried can still be looked at.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        await self._caller.call(
            _DELETE_WEBHOOK_ENDPOINT, Given({"endpoint_id": endpoint_id}, {"account": account}, if_match=if_match)
        )

    async def rotate_secret(
        self,
        endpoint_id: UUID | str,
        *,
        overlap_hours: int | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.WebhookEndpointMade:
        """Give a webhook endpoint a new key.

        Both keys sign until the old one ends. The new `secret` is shown in this answer and never again.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _ROTATE_WEBHOOK_SECRET,
            Given(
                {"endpoint_id": endpoint_id},
                {"account": account},
                body={"overlapHours": overlap_hours},
                key=idempotency_key,
            ),
        )

    async def test_endpoint(
        self, id: UUID | str, *, account: Literal["platform"] | Unset = UNSET, idempotency_key: str | None = None
    ) -> models.WebhookTest:
        """Send a test now and tell how it went.

        A signed event `endpoint.test`, sent once, also to an endpoint that is off. It changes nothing here.

        `id`: The endpoint's id.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_TEST_ENDPOINT, Given({"id": id}, {"account": account}, key=idempotency_key))

    async def replay_endpoint(
        self,
        id: UUID | str,
        *,
        since: datetime,
        until: datetime | Unset | None = UNSET,
        states: Sequence[Literal["failed", "skipped", "succeeded", "missing"]] | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        cursor: str | Unset | None = UNSET,
        account: Literal["platform"] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Replayed:
        """Send again what did not arrive.

        All since a time that failed or was skipped, five hundred a call, the oldest first. `dry_run` counts them.

        `id`: The endpoint's id.

        `account`: Admins: the platform's own.

        `since`: Published at this moment or later.

        `until`: Published before this moment; now if absent.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _REPLAY_ENDPOINT,
            Given(
                {"id": id},
                {"account": account},
                body={"since": since, "until": until, "states": states, "dryRun": dry_run, "cursor": cursor},
                key=idempotency_key,
            ),
        )

    async def poll(
        self,
        id: UUID | str,
        *,
        after: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
    ) -> models.WebhookPoll:
        """Ask for events instead of being told.

        An endpoint's events of the last 30 days in order, delivered or not, on or off: none twice, none missed.

        One that is published this very moment may need a second to appear.

        `id`: The endpoint's id.

        `limit`: Rows per page.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _POLL_EVENTS, Given({"id": id}, {"after": after, "limit": limit, "account": account})
        )

    async def event_types(self) -> models.WebhookEventTypes:
        """Every kind of event that is told.

        Name, meaning, JSON Schema of `data` and an example of each. `ETag` and `If-None-Match` spare the body.
        """
        return await self._caller.call(_LIST_EVENT_TYPES, Given({}, {}))

    def messages(
        self,
        *,
        type: str | Unset = UNSET,
        since: datetime | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
    ) -> AsyncPages[models.WebhookEvent]:
        """What was published.

        The last 30 days' messages for this account, newest first, whether anybody subscribes to them or not.

        `type`: Only of this type.

        `since`: Published at this moment or later.

        `limit`: Rows per page.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_MESSAGES,
            Given({}, {"type": type, "since": since, "limit": limit, "cursor": cursor, "account": account}),
        )

    async def message(self, id: UUID | str, *, account: Literal["platform"] | Unset = UNSET) -> models.WebhookMessage:
        """One message and where it went.

        With a delivery for each endpoint that it was for.

        `id`: The header webhook-id.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_MESSAGE, Given({"id": id}, {"account": account}))

    def deliveries(
        self,
        *,
        endpoint: UUID | str | Unset = UNSET,
        state: Literal["pending", "claimed", "succeeded", "failed", "skipped"] | Unset = UNSET,
        type: str | Unset = UNSET,
        since: datetime | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        account: Literal["platform"] | Unset = UNSET,
    ) -> AsyncPages[models.WebhookDelivery]:
        """Where messages went.

        Newest first, each with its newest try. What waits for somebody to mend it: `state=failed`, `state=skipped`.

        `endpoint`: Only to this endpoint.

        `state`: Only in this state.

        `type`: Only of this type.

        `since`: Published at this moment or later.

        `limit`: Rows per page.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_DELIVERIES,
            Given(
                {},
                {
                    "endpoint": endpoint,
                    "state": state,
                    "type": type,
                    "since": since,
                    "limit": limit,
                    "cursor": cursor,
                    "account": account,
                },
            ),
        )

    async def delivery(
        self, id: UUID | str, *, account: Literal["platform"] | Unset = UNSET
    ) -> models.WholeWebhookDelivery:
        """One delivery with every try.

        What was sent, and of each try: when, how long, the answer's status, headers and first 16 KiB, the address.

        `id`: A delivery's id.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_DELIVERY, Given({"id": id}, {"account": account}))

    async def retry_delivery(
        self, id: UUID | str, *, account: Literal["platform"] | Unset = UNSET, idempotency_key: str | None = None
    ) -> models.WebhookDelivery:
        """Try one delivery now.

        Whatever became of it before, with all its tries anew. Receivers know a repetition by its webhook-id.

        `id`: A delivery's id.

        `account`: Admins: the platform's own.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_RETRY_DELIVERY, Given({"id": id}, {"account": account}, key=idempotency_key))
