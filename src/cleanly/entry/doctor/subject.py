"""What is looked at: the settings of this shell, the checkout, the live service, and the ways to ask the vendors."""

import asyncio
import pathlib
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from cleanly.entry.backup.errors import BackupFault
from cleanly.entry.backup.stores import Store, open_store
from cleanly.entry.doctor import asking
from cleanly.entry.doctor.api import SECONDS_MAX, Api
from cleanly.entry.doctor.render_api import RENDER_API, Render
from cleanly.entry.doctor.vendors import CLOUDFLARE_API, GITHUB_API, NEON_API, Cloudflare, GitHub, Neon, Prometheus
from cleanly.entry.doctor.verdicts import CannotTell, needs
from cleanly.entry.settings import Settings
from cleanly.kernel.net import Answer, Http, NetError, trusted_tls
from cleanly.kernel.pgconn import BadDatabaseUrl, DatabaseUrl

DOH = "https://cloudflare-dns.com/dns-query"
LOAD_REPORT = "bench/load/report.json"
AUDIT_REPORT = "audit/report.json"
API = "/api/v1"


class EdgeChanges(Protocol):
    """The edge's plan: what `cleanly edge apply` would change, a line each; empty if nothing.

    Raises CannotTell where it can't be made.
    """

    async def __call__(self) -> Sequence[str]:
        """Make the plan."""
        ...


class Planned(BaseModel):
    """A service as render.yaml wants it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str
    name: str
    plan: str
    region: str
    healthCheckPath: str | None = None  # noqa: N815 - Render's words
    maxShutdownDelaySeconds: int | None = None  # noqa: N815
    numInstances: int | None = None  # noqa: N815
    scaling: Mapping[str, int] | None = None

    @property
    def instances_max(self) -> int:
        """How many there may be at once."""
        return (self.scaling or {}).get("maxInstances") or self.numInstances or 1


class Blueprint(BaseModel):
    """render.yaml, and what its validator says of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    faults: tuple[str, ...] = ()
    services: tuple[Planned, ...] = ()

    @property
    def processes(self) -> tuple[Planned, ...]:
        """What runs our code."""
        return tuple(one for one in self.services if one.type != "keyvalue")


@dataclass(frozen=True, slots=True)
class Vendors:
    """Where the vendors' APIs are; a test has others."""

    render: str = RENDER_API
    neon: str = NEON_API
    github: str = GITHUB_API
    cloudflare: str = CLOUDFLARE_API
    dns: str = DOH


@dataclass(frozen=True)
class Subject:
    """One run's view. Every way to ask can be replaced, so that each check can be shown each answer."""

    settings: Settings
    root: pathlib.Path
    now: datetime
    http: Http
    target: str = ""
    commit: str = ""
    repository: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict[str, str])
    edge_changes: EdgeChanges | None = None
    load_report: pathlib.Path = pathlib.Path(LOAD_REPORT)
    audit_report: pathlib.Path = pathlib.Path(AUDIT_REPORT)
    at: Vendors = Vendors()
    plain: str = ""
    query: Callable[[str, str], Awaitable[asking.Answered]] = asking.query
    drift: Callable[[str], int] = asking.schema_drift
    run: Callable[[Sequence[str], pathlib.Path], Awaitable[asking.Ran]] = asking.run
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    tls: ssl.SSLContext = field(default_factory=trusted_tls)

    @property
    def live(self) -> str:
        """The service's address.

        Raises:
            CannotTell: nobody gave one.
        """
        if not self.target:
            raise CannotTell("needs PUBLIC_URL or --live", fix="set PUBLIC_URL in this shell, or give --live URL")
        return self.target.rstrip("/")

    @property
    def host(self) -> tuple[str, int]:
        """The service's host and port."""
        parts = urlsplit(self.live)
        return parts.hostname or "", parts.port or 443

    async def get(self, url: str, **headers: str) -> Answer:
        """Ask the service as a stranger does.

        Raises:
            CannotTell: no answer.
        """
        try:
            return await self.http.get(url, headers=headers, deadline_seconds=SECONDS_MAX)
        except NetError as error:
            raise CannotTell(str(error)) from error

    @cached_property
    def render(self) -> Render:
        """Render's API."""
        key = self.settings.render_api_key
        return Render(Api(self.http, self.at.render, vendor="Render", key=key, needed={"RENDER_API_KEY": key}))

    @cached_property
    def neon(self) -> Neon:
        """Neon's API."""
        key, project = self.settings.neon_api_key, self.settings.neon_project_id
        needed = {"NEON_API_KEY": key, "NEON_PROJECT_ID": project}
        return Neon(Api(self.http, self.at.neon, vendor="Neon", key=key, needed=needed), project or "")

    @cached_property
    def github(self) -> GitHub:
        """GitHub's API."""
        key, repository = self.settings.github_token, self.settings.github_repository or self.repository
        needed = {"GITHUB_TOKEN": key, "GITHUB_REPOSITORY": repository}
        return GitHub(Api(self.http, self.at.github, vendor="GitHub", key=key, needed=needed), repository or "")

    @cached_property
    def cloudflare(self) -> Cloudflare:
        """Cloudflare's API."""
        key, zone = self.settings.cloudflare_api_token, self.settings.cloudflare_zone_id
        needed = {"CLOUDFLARE_API_TOKEN": key, "CLOUDFLARE_ZONE_ID": zone}
        return Cloudflare(Api(self.http, self.at.cloudflare, vendor="Cloudflare", key=key, needed=needed), zone or "")

    @cached_property
    def prometheus(self) -> Prometheus:
        """The back end of the metrics."""
        base = self.settings.prometheus_url
        return Prometheus(Api(self.http, base.get_secret_value(), vendor="Prometheus") if base is not None else None)

    @cached_property
    def names(self) -> Api:
        """Names, asked of a resolver over HTTPS: this machine's own may see another world."""
        return Api(self.http, self.at.dns, vendor="DNS over HTTPS")

    def store(self) -> Store:
        """Where copies are.

        Raises:
            CannotTell: no place is named, or it can't be opened.
        """
        if not self.settings.backups_are_on:
            raise needs("BACKUP_BUCKET")
        try:
            return open_store(self.settings)
        except BackupFault as error:
            raise CannotTell(str(error)) from error

    def database(self, *, direct: bool = False) -> str:
        """An address of the database.

        Raises:
            CannotTell: it is not set, or no address.
        """
        url = self.settings.direct_database_url if direct else self.settings.database_url
        name = "DIRECT_DATABASE_URL" if direct else "DATABASE_URL"
        if url is None:
            reason = self.faults.get(name)
            raise CannotTell(f"{name} {reason}") if reason else needs(name)
        try:
            DatabaseUrl.parse(url.get_secret_value())
        except BadDatabaseUrl as error:
            raise CannotTell(f"{name}: {error}") from error
        return url.get_secret_value()

    async def blueprint(self) -> Blueprint:
        """render.yaml as its validator reads it, once a run.

        Raises:
            CannotTell: this is no checkout, or the validator broke.
        """
        return await asyncio.shield(self._blueprint)

    @cached_property
    def _blueprint(self) -> asyncio.Task[Blueprint]:
        return asyncio.create_task(self._read_blueprint())

    async def _read_blueprint(self) -> Blueprint:
        tool = self.root / "tools" / "blueprint.py"
        if not tool.is_file():
            raise CannotTell("there is no checkout here: tools/blueprint.py is missing", fix="run it in a checkout")
        ran = await self.run([sys.executable, str(tool), "--json"], self.root)
        try:
            return Blueprint.model_validate_json(ran.output)
        except ValidationError as error:
            raise CannotTell("tools/blueprint.py broke: run it by hand") from error
