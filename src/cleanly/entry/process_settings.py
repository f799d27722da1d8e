"""Where the process runs, listens and logs."""

from typing import Annotated, Literal

from pydantic import Field

from cleanly.kernel.settings import Group, Url, Words

Environment = Literal["development", "test", "preview", "production"]


class ProcessSettings(Group):
    """Where the process runs, listens and logs."""

    app_env: Environment | None = None
    node_env: Environment | None = None
    api_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    api_host: str | None = None
    public_url: Url | None = None
    allowed_hosts: Words = ()
    cors_origins: Words = ()
    docs: Literal["on", "off"] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] | None = None
    body_bytes_max: Annotated[int, Field(ge=1024)] = 1024 * 1024
    request_seconds_max: Annotated[float, Field(gt=0)] = 30
    drain_seconds: Annotated[float, Field(ge=0)] = 5
    keep_alive_seconds: Annotated[int, Field(ge=1)] = 75
    render: str | None = None
    render_git_commit: str | None = None
    render_instance_id: str | None = None
