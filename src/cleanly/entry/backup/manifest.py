"""What a copy says of itself: written last, so a copy without one is no copy. Holds no secret and no personal data."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

COPIES = "backups/"
DRILLS = "drills/"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Books(_Frozen):
    """The ledger of a snapshot: each account name's sum by currency, in minor units."""

    name: str
    currency: str
    posted: int
    entries: int


class Content(_Frozen):
    """What a database holds, as one snapshot sees it. Two are equal or they are not: there is no tolerance."""

    revision: str
    rows: dict[str, int]
    books: tuple[Books, ...]


class Manifest(_Frozen):
    """One copy. `taken_at` is the moment of the snapshot, by the database's clock."""

    version: int = 1
    name: str
    taken_at: datetime
    lsn: str
    server_version: int
    key: str
    plain_bytes: int
    plain_sha256: str
    sealed_bytes: int
    sealed_sha256: str
    content: Content

    @property
    def copy_name(self) -> str:
        """The sealed dump's name in its store."""
        return f"{COPIES}{self.name}.dump"


class Drill(_Frozen):
    """One practice: how long it took, how old the data was, what was wrong."""

    version: int = 1
    backup: str
    started_at: datetime
    duration_seconds: float
    data_age_seconds: float
    faults: tuple[str, ...]


def differences(expected: Content, found: Content) -> list[str]:
    """What a restored database has otherwise than its copy says."""
    told: list[str] = []
    if expected.revision != found.revision:
        told.append(f"the schema is at {found.revision}, not at {expected.revision}")
    for table in sorted(expected.rows.keys() | found.rows.keys()):
        before, after = expected.rows.get(table), found.rows.get(table)
        if before != after:
            told.append(f"{table} has {after} rows, not {before}")
    if sorted(expected.books, key=str) != sorted(found.books, key=str):
        told.append("the ledger's totals are others")
    return told
