"""The knobs of the database, and which of its addresses are refused."""

from typing import Annotated, Literal

from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr

from cleanly.kernel.pgconn import BadDatabaseUrl, DatabaseUrl
from cleanly.kernel.settings import Group

_STRONG_TLS = {"require", "verify-ca", "verify-full"}


class DatabaseSettings(Group):
    """Where the data is. Without `database_url`, outside production: the embedded server."""

    database_url: SecretStr | None = None
    direct_database_url: SecretStr | None = None
    read_database_url: SecretStr | None = None
    database_pool_size: Annotated[int, Field(ge=2, le=100)] = 10
    database_pool_overflow: Annotated[int, Field(ge=0, le=100)] = 0
    database_seconds_max: Annotated[float, Field(gt=0)] = 3.5
    cleanly_data_dir: str = ".data"
    allow_test_payments: Literal["on", "off"] = "off"

    def pool_sizes(self) -> tuple[int, int]:
        """How many connections for transactions, which hold theirs for longer, and for the hottest statements."""
        lane = max(1, self.database_pool_size // 3)
        return self.database_pool_size - lane, lane

    def database_refused(self) -> dict[str, str]:
        """Addresses that can't be read, and a pooler's where the database itself is needed."""
        faults: dict[str, str] = {}
        for name, url in self._addresses().items():
            try:
                where = DatabaseUrl.parse(url.get_secret_value())
            except BadDatabaseUrl as error:
                faults[name] = str(error)
                continue
            if name == "DIRECT_DATABASE_URL" and where.is_pooled:
                faults[name] = "names a -pooler host; it needs the direct one"
        return faults

    def database_refused_in_production(self) -> dict[str, str]:
        """None at all, one that may be read on the way, or one that leads through a pooler only."""
        if self.database_url is None:
            return {"DATABASE_URL": "must be set in production"}
        faults: dict[str, str] = {}
        for name, url in self._addresses().items():
            try:
                where = DatabaseUrl.parse(url.get_secret_value())
            except BadDatabaseUrl:  # `database_refused` has told
                continue
            if not _is_unread_on_the_way(where):
                faults[name] = "sslmode must be require or stronger in production"
            if name == "DATABASE_URL" and where.is_pooled and self.direct_database_url is None:
                faults["DIRECT_DATABASE_URL"] = "must be set when DATABASE_URL names a -pooler host"
        return faults

    def _addresses(self) -> dict[str, SecretStr]:
        named = {
            "DATABASE_URL": self.database_url,
            "DIRECT_DATABASE_URL": self.direct_database_url,
            "READ_DATABASE_URL": self.read_database_url,
        }
        return {name: url for name, url in named.items() if url is not None}


def _is_unread_on_the_way(where: DatabaseUrl) -> bool:
    """Encrypted, or no way at all: a socket of this machine. Without a word libpq prefers TLS and does not insist."""
    given = conninfo_to_dict(where.conninfo)
    return str(given.get("host") or "/").startswith("/") or given.get("sslmode") in _STRONG_TLS
