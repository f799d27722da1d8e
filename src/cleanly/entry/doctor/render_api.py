"""Render's API, as far as the checks read it."""

from collections.abc import Sequence

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from cleanly.entry.doctor.api import Api, Read
from cleanly.entry.doctor.verdicts import CannotTell

RENDER_API = "https://api.render.com/v1"
_PAGE = 100
_PAGES_MAX = 10


class _Camel(Read):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Autoscaling(_Camel):
    """Replaces the number of instances where it is on."""

    enabled: bool
    min: int


class Details(_Camel):
    """What a kind of service has of its own."""

    plan: str | None = None
    region: str | None = None
    health_check_path: str | None = None
    max_shutdown_delay_seconds: int | None = None
    num_instances: int | None = None
    autoscaling: Autoscaling | None = None
    url: str | None = None


class Service(_Camel):
    """A web service, a worker or a cron."""

    id: str
    name: str
    type: str
    owner_id: str | None = None
    auto_deploy: str | None = None
    auto_deploy_trigger: str | None = None
    service_details: Details


class _ServiceRow(_Camel):
    service: Service
    cursor: str


class Commit(_Camel):
    """What a deploy was built from."""

    id: str


class Deployed(_Camel):
    """One deploy."""

    id: str
    status: str
    commit: Commit | None = None


class _DeployRow(_Camel):
    deploy: Deployed


class Variable(_Camel):
    """A variable with its value: never to be shown."""

    key: str
    value: str = Field(repr=False)


class _VariableRow(_Camel):
    env_var: Variable
    cursor: str


class _Link(_Camel):
    id: str


class VariableGroup(_Camel):
    """Variables that several services share."""

    id: str
    service_links: tuple[_Link, ...] = ()
    env_vars: tuple[Variable, ...] = ()


class _GroupRow(_Camel):
    env_group: VariableGroup


class KeyValue(_Camel):
    """The cache's server."""

    name: str
    plan: str | None = None
    region: str | None = None


class _KeyValueRow(_Camel):
    key_value: KeyValue


class LogLine(_Camel):
    """A line that a service wrote."""

    message: str


class LogLines(_Camel):
    """What a search in the logs found."""

    logs: tuple[LogLine, ...]


class Render:
    """Render's API."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def services(self) -> dict[str, Service]:
        """By name."""
        found: dict[str, Service] = {}
        parameters: dict[str, str | int] = {"limit": _PAGE}
        for _ in range(_PAGES_MAX):
            rows = await self._api.get("/services", list[_ServiceRow], **parameters)
            found |= {row.service.name: row.service for row in rows}
            if len(rows) < _PAGE:
                return found
            parameters["cursor"] = rows[-1].cursor
        raise CannotTell(f"Render lists more than {_PAGE * _PAGES_MAX} services")

    async def key_values(self) -> dict[str, KeyValue]:
        """By name."""
        rows = await self._api.get("/key-value", list[_KeyValueRow], limit=_PAGE)
        return {row.key_value.name: row.key_value for row in rows}

    async def newest_deploy(self, service: Service) -> Deployed | None:
        """Whatever came of it."""
        rows = await self._api.get(f"/services/{service.id}/deploys", list[_DeployRow], limit=1)
        return rows[0].deploy if rows else None

    async def environment(self, service: Service) -> dict[str, str]:
        """What its processes are given: its groups' variables, and its own over them."""
        given: dict[str, str] = {}
        for row in await self._api.get("/env-groups", list[_GroupRow], limit=_PAGE):
            if any(link.id == service.id for link in row.env_group.service_links):
                whole = await self._api.get(f"/env-groups/{row.env_group.id}", VariableGroup)
                given |= {one.key: one.value for one in whole.env_vars}
        rows = await self._api.get(f"/services/{service.id}/env-vars", list[_VariableRow], limit=_PAGE)
        if len(rows) == _PAGE:
            raise CannotTell(f"{service.name} has more variables than Render lists at once")
        return given | {row.env_var.key: row.env_var.value for row in rows}

    async def lines(self, service: Service, text: str, *, attempt: int) -> Sequence[str]:
        """What it wrote that holds `text`. `attempt` makes a question that was put before a new one."""
        if service.owner_id is None:
            raise CannotTell("Render does not tell whose service that is")
        found = await self._api.get(
            "/logs", LogLines, ownerId=service.owner_id, resource=service.id, text=text, limit=10 + attempt
        )
        return [line.message for line in found.logs]
