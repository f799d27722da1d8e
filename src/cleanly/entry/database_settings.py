"""Where the data is."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from cleanly.kernel.settings import Group


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
