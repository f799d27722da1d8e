"""Whether the service is there, and the table of its refusals. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from cleanly_client import models, wire
from cleanly_client.calls import Call, Given
from cleanly_client.groups import AsyncGroup, Group

_HEALTH: Call[models.Health] = Call("health", "GET", "/api/v1/health", wire.reader(models.Health), needs_token=False)
_LIVE: Call[models.Health] = Call("live", "GET", "/api/v1/health/live", wire.reader(models.Health), needs_token=False)
_READY: Call[models.Ready] = Call("ready", "GET", "/api/v1/health/ready", wire.reader(models.Ready), needs_token=False)
_LIST_ERRORS: Call[models.ErrorTable] = Call(
    "list_errors", "GET", "/api/v1/errors", wire.reader(models.ErrorTable), needs_token=False
)


class Service(Group):
    """Whether the service is there, and the table of its refusals."""

    def health(self) -> models.Health:
        """The process answers.

        For people and SDKs; asks nobody else.
        """
        return self._caller.call(_HEALTH, Given({}, {}))

    def live(self) -> models.Health:
        """May this instance take traffic?

        For the platform: 503 until the schema was seen once and while draining; a database outage changes nothing.
        """
        return self._caller.call(_LIVE, Given({}, {}))

    def ready(self) -> models.Ready:
        """Does everything behind it answer?

        For the outside monitor: 503 when a needed dependency does not answer within 2 s.
        """
        return self._caller.call(_READY, Given({}, {}))

    def errors(self) -> models.ErrorTable:
        """Every error code and what to do about it.

        The table that an app and its docs are built from, so that they can't drift.
        """
        return self._caller.call(_LIST_ERRORS, Given({}, {}))


class AsyncService(AsyncGroup):
    """Whether the service is there, and the table of its refusals."""

    async def health(self) -> models.Health:
        """The process answers.

        For people and SDKs; asks nobody else.
        """
        return await self._caller.call(_HEALTH, Given({}, {}))

    async def live(self) -> models.Health:
        """May this instance take traffic?

        For the platform: 503 until the schema was seen once and while draining; a database outage changes nothing.
        """
        return await self._caller.call(_LIVE, Given({}, {}))

    async def ready(self) -> models.Ready:
        """Does everything behind it answer?

        For the outside monitor: 503 when a needed dependency does not answer within 2 s.
        """
        return await self._caller.call(_READY, Given({}, {}))

    async def errors(self) -> models.ErrorTable:
        """Every error code and what to do about it.

        The table that an app and its docs are built from, so that they can't drift.
        """
        return await self._caller.call(_LIST_ERRORS, Given({}, {}))
