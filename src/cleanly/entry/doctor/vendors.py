"""What Neon, GitHub, Cloudflare and Prometheus answer, as far as the checks read it."""

from collections.abc import Sequence

from cleanly.entry.doctor.api import Api, Read
from cleanly.entry.doctor.verdicts import CannotTell, needs

NEON_API = "https://console.neon.tech/api/v2"
GITHUB_API = "https://api.github.com"
CLOUDFLARE_API = "https://api.cloudflare.com/client/v4"
_RUNS_MAX = 100


class Project(Read):
    """Neon's project."""

    history_retention_seconds: int | None = None
    region_id: str | None = None


class _ProjectAnswer(Read):
    project: Project


class Endpoint(Read):
    """A compute."""

    host: str
    branch_id: str
    type: str
    suspend_timeout_seconds: int | None = None


class _EndpointsAnswer(Read):
    endpoints: tuple[Endpoint, ...]


class Branch(Read):
    """A branch of the data."""

    id: str
    name: str
    default: bool = False
    protected: bool | None = None


class _BranchesAnswer(Read):
    branches: tuple[Branch, ...]


class Neon:
    """Neon's API, one project of it."""

    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._root = f"/projects/{project}"

    async def project(self) -> Project:
        """The project itself."""
        return (await self._api.get(self._root, _ProjectAnswer)).project

    async def main_branch(self) -> Branch:
        """The one that production is on."""
        for branch in (await self._api.get(f"{self._root}/branches", _BranchesAnswer)).branches:
            if branch.default:
                return branch
        raise CannotTell("Neon names no default branch")

    async def writer(self) -> Endpoint:
        """The default branch's compute that writes."""
        branch = await self.main_branch()
        for endpoint in (await self._api.get(f"{self._root}/endpoints", _EndpointsAnswer)).endpoints:
            if endpoint.branch_id == branch.id and endpoint.type == "read_write":
                return endpoint
        raise CannotTell(f"Neon's branch {branch.name} has no compute")


class Run(Read):
    """A job's run for a commit."""

    name: str
    status: str
    conclusion: str | None = None
    html_url: str = ""


class _RunsAnswer(Read):
    total_count: int
    check_runs: tuple[Run, ...]


class _BranchAnswer(Read):
    protected: bool


class GitHub:
    """GitHub's API, one repository of it."""

    def __init__(self, api: Api, repository: str) -> None:
        self._api = api
        self._root = f"/repos/{repository}"

    async def runs(self, commit: str) -> Sequence[Run]:
        """Every job's newest run for a commit."""
        found = await self._api.get(f"{self._root}/commits/{commit}/check-runs", _RunsAnswer, per_page=_RUNS_MAX)
        if found.total_count > len(found.check_runs):
            raise CannotTell(f"{commit[:12]} has more runs than GitHub lists at once")
        return found.check_runs

    async def is_protected(self, branch: str) -> bool:
        """Whether nobody can push to it unasked."""
        return (await self._api.get(f"{self._root}/branches/{branch}", _BranchAnswer)).protected


class ZoneRecord(Read):
    """A record as the zone holds it, not as the world sees it."""

    type: str
    name: str
    content: str = ""
    proxied: bool = False


class _RecordsAnswer(Read):
    result: tuple[ZoneRecord, ...]


class _Value(Read):
    value: str


class _SettingAnswer(Read):
    result: _Value


class _Bots(Read):
    fight_mode: bool


class _BotsAnswer(Read):
    result: _Bots


class Cloudflare:
    """Cloudflare's API, one zone of it."""

    def __init__(self, api: Api, zone: str) -> None:
        self._api = api
        self._root = f"/zones/{zone}"

    async def records(self, host: str) -> Sequence[ZoneRecord]:
        """What the zone has of that name."""
        return (await self._api.get(f"{self._root}/dns_records", _RecordsAnswer, name=host)).result

    async def setting(self, name: str) -> str:
        """A setting of the zone."""
        return (await self._api.get(f"{self._root}/settings/{name}", _SettingAnswer)).result.value

    async def fights_bots(self) -> bool:
        """Whether Bot Fight Mode is on."""
        return (await self._api.get(f"{self._root}/bot_management", _BotsAnswer)).result.fight_mode


class _Series(Read):
    metric: dict[str, str]
    value: tuple[float, str]


class _Vector(Read):
    result: tuple[_Series, ...]


class _VectorAnswer(Read):
    data: _Vector


class _Rule(Read):
    name: str
    type: str


class _RuleGroup(Read):
    rules: tuple[_Rule, ...]


class _RuleGroups(Read):
    groups: tuple[_RuleGroup, ...]


class _RulesAnswer(Read):
    data: _RuleGroups


class Prometheus:
    """The back end of the metrics."""

    def __init__(self, api: Api | None) -> None:
        self._api = api

    def _there(self) -> Api:
        if self._api is None:
            raise needs("PROMETHEUS_URL")
        return self._api

    async def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series, now."""
        found = await self._there().get("/api/v1/query", _VectorAnswer, query=expression)
        return [(series.metric, float(series.value[1])) for series in found.data.result]

    async def alerts(self) -> set[str]:
        """The names of the alerts that are loaded."""
        found = await self._there().get("/api/v1/rules", _RulesAnswer)
        return {rule.name for group in found.data.groups for rule in group.rules if rule.type == "alerting"}
