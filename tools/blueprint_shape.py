"""The words of Render's Blueprint reference that this project uses, as types: anything else is refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

Region = Literal["oregon", "ohio", "virginia", "frankfurt", "singapore"]
Paid = Literal["starter", "standard", "pro", "pro plus"]
Large = Literal["pro max", "pro ultra"]
Percent = Annotated[int, Field(ge=1, le=90)]
Off = Literal["off"]  # unquoted, YAML reads a boolean, which is refused here


class Strict(BaseModel):
    """No unknown key, no conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Plain(Strict):
    """A value that stands in the file."""

    key: str
    value: str
    previewValue: str | None = None  # noqa: N815 - Render's words


class Generated(Strict):
    """Made once by Render: 256 bits in base64."""

    key: str
    generateValue: Literal[True]  # noqa: N815


class Typed(Strict):
    """Typed by hand when the Blueprint is first created."""

    key: str
    sync: Literal[False]


class Source(Strict):
    """Where another service's value comes from."""

    type: Literal["web", "worker", "cron", "keyvalue"]
    name: str
    property: str | None = None
    envVarKey: str | None = None  # noqa: N815


class FromService(Strict):
    """Another service's value."""

    key: str
    fromService: Source  # noqa: N815


class FromGroup(Strict):
    """All of a group's."""

    fromGroup: str  # noqa: N815


def _kind(variable: object) -> str:
    words: set[str] = set(variable) if isinstance(variable, dict) else set()  # pyright: ignore[reportUnknownArgumentType]
    named = words & {"value", "generateValue", "sync", "fromService", "fromGroup"}
    return named.pop() if len(named) == 1 else "unknown"


InGroup = Annotated[Annotated[Plain, Tag("value")] | Annotated[Generated, Tag("generateValue")], Discriminator(_kind)]
Variable = Annotated[
    Annotated[Plain, Tag("value")]
    | Annotated[Generated, Tag("generateValue")]
    | Annotated[Typed, Tag("sync")]
    | Annotated[FromService, Tag("fromService")]
    | Annotated[FromGroup, Tag("fromGroup")],
    Discriminator(_kind),
]


class Group(Strict):
    """Groups take values and generated ones, nothing that is typed by hand."""

    name: str
    envVars: list[InGroup]  # noqa: N815


class Scaling(Strict):
    """Needs a Pro workspace; replaces numInstances."""

    minInstances: Annotated[int, Field(ge=1)]  # noqa: N815
    maxInstances: Annotated[int, Field(le=100)]  # noqa: N815
    targetCPUPercent: Percent | None = None  # noqa: N815
    targetMemoryPercent: Percent | None = None  # noqa: N815

    @model_validator(mode="after")
    def _ordered(self) -> "Scaling":
        if self.minInstances > self.maxInstances:
            raise ValueError("minInstances is above maxInstances")
        if self.targetCPUPercent is None and self.targetMemoryPercent is None:
            raise ValueError("needs a target")
        return self


class _Built(Strict):
    name: str
    runtime: Literal["docker"]
    dockerfilePath: Literal["./Dockerfile"]  # noqa: N815
    region: Region
    dockerCommand: str  # noqa: N815
    # The workflow deploys: with Render doing it too, untested code would go out.
    autoDeployTrigger: Off  # noqa: N815
    envVars: list[Variable]  # noqa: N815


class _Running(_Built):
    plan: Paid | Large
    preDeployCommand: str | None = None  # noqa: N815
    maxShutdownDelaySeconds: Annotated[int, Field(ge=1, le=300)]  # noqa: N815
    numInstances: Annotated[int, Field(ge=1, le=100)] | None = None  # noqa: N815
    scaling: Scaling | None = None

    @model_validator(mode="after")
    def _one_way_to_scale(self) -> "_Running":
        if (self.numInstances is None) == (self.scaling is None):
            raise ValueError("say either numInstances or scaling")
        return self


class Web(_Running):
    """Answers the world. No disk: it would end deploys without a gap."""

    type: Literal["web"]
    healthCheckPath: str  # noqa: N815
    domains: list[str] = []
    renderSubdomainPolicy: Literal["enabled", "disabled"] = "enabled"  # noqa: N815


class Worker(_Running):
    """Works behind."""

    type: Literal["worker"]


class Cron(_Built):
    """One run at a time, at most 12 hours, UTC."""

    type: Literal["cron"]
    plan: Paid
    schedule: str


class KeyValue(Strict):
    """Valkey by another name."""

    type: Literal["keyvalue"]
    name: str
    plan: Literal["free"] | Paid | Large
    region: Region
    ipAllowList: list[dict[str, str]]  # noqa: N815
    maxmemoryPolicy: Literal[  # noqa: N815
        "allkeys-lru", "volatile-lru", "allkeys-random", "volatile-random", "volatile-ttl", "noeviction"
    ]
    persistenceMode: Literal["journal-snapshot", "snapshot"] | Off  # noqa: N815


class Previews(Strict):
    """An environment per pull request."""

    generation: Literal["manual", "automatic"] | Off


class Blueprint(Strict):
    """The whole file."""

    previews: Previews
    envVarGroups: list[Group]  # noqa: N815
    services: list[Annotated[Web | Worker | Cron | KeyValue, Field(discriminator="type")]]
