"""Where the process runs, listens and logs, and where its data is."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

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


class DatabaseSettings(Group):
    """Where the data is. Without `database_url`, outside production: the embedded server."""

    database_url: SecretStr | None = None
    direct_database_url: SecretStr | None = None
    read_database_url: SecretStr | None = None
    database_pool_size: Annotated[int, Field(ge=1, le=100)] = 10
    database_pool_overflow: Annotated[int, Field(ge=0, le=100)] = 0
    database_seconds_max: Annotated[float, Field(gt=0)] = 3.5
    cleanly_data_dir: str = ".data"
    allow_test_payments: Literal["on", "off"] = "off"
