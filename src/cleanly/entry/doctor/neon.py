"""The database: its addresses, its size, its timeouts, its schema, and what Neon says of it."""

from urllib.parse import urlsplit

import psycopg
from alembic.util.exc import CommandError
from psycopg.conninfo import conninfo_to_dict

from cleanly.entry import migrate
from cleanly.entry.doctor.asking import Refused, in_thread
from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.subject import Subject
from cleanly.entry.doctor.verdicts import CannotTell, Verdict, failed, judged, passed
from cleanly.kernel.pgconn import DatabaseUrl

NEON_DOMAIN = ".neon.tech"
_SHARE_MAX = 0.9
_WINDOW_DAYS_MIN = 7
_DAY = 86_400


async def connect(subject: Subject) -> Verdict:
    """The pooled address answers, and over TLS that verifies who it is."""
    url = subject.database()
    mode = str(conninfo_to_dict(DatabaseUrl.parse(url).conninfo).get("sslmode", "prefer"))
    if mode != "verify-full":
        return failed(f"sslmode={mode} verifies nobody; the address needs sslmode=require")
    try:
        answered = await subject.query(url, "SELECT 1")
    except Refused as error:
        return failed(str(error))
    return passed("answers over verified TLS") if answered.is_tls else failed("answers without TLS")


async def hosts(subject: Subject) -> Verdict:
    """Both addresses are the same compute, one through the pooler and one past it."""
    pooled, direct = (urlsplit(subject.database(direct=past)) for past in (False, True))
    host, straight = pooled.hostname or "", direct.hostname or ""
    if not host.endswith(NEON_DOMAIN) and not straight.endswith(NEON_DOMAIN):
        raise CannotTell(f"{host} is no host of Neon's")
    label, dot, rest = host.partition(".")
    faults: list[str] = []
    if not label.endswith("-pooler"):
        faults.append(f"DATABASE_URL names {host}, which is not the pooler")
    if straight != f"{label.removesuffix('-pooler')}{dot}{rest}":
        faults.append(f"DIRECT_DATABASE_URL names {straight}, another compute than {host}")
    if pooled.path != direct.path:
        faults.append("the two name different databases")
    return judged(faults, f"{straight}, pooled and direct")


async def size(subject: Subject) -> Verdict:
    """Every process with its whole pool fits."""
    url = subject.database()
    planned = await subject.blueprint()
    instances = sum(one.instances_max for one in planned.processes if one.type in {"web", "worker"})
    if not instances:
        raise CannotTell("render.yaml names no web service and no worker")
    try:
        answered = await subject.query(url, "SELECT current_setting('max_connections')::int")
    except Refused as error:
        raise CannotTell(f"the database does not say how many it takes: {error}") from error
    pool = subject.settings.database_pool_size + subject.settings.database_pool_overflow
    held, most = instances * pool, int(answered.rows[0][0])
    said = f"{instances} instances x {pool} = {held} connections of {most}"
    return passed(said) if held <= _SHARE_MAX * most else failed(f"{said}; at most 90 % may be held")


async def timeouts(subject: Subject) -> Verdict:
    """The role's timeouts are there for who connects by the pooler."""
    wanted = migrate.ROLE_TIMEOUTS
    columns = ", ".join(f"current_setting('{name}')" for name in wanted)
    try:
        answered = await subject.query(subject.database(), f"SELECT {columns}")
    except Refused as error:
        raise CannotTell(f"the database does not say: {error}") from error
    found = dict(zip(wanted, map(str, answered.rows[0]), strict=True))
    faults = [f"{name} is {found[name]}, not {value}" for name, value in wanted.items() if found[name] != value]
    return judged(faults, ", ".join(f"{name} {value}" for name, value in found.items()))


async def schema(subject: Subject) -> Verdict:
    """This code's revision was reached, no index is half made, and the tables are those of the models."""
    settings = subject.settings
    url = subject.database(direct=settings.direct_database_url is not None)
    try:
        there = await subject.query(url, "SELECT to_regclass('schema_history') IS NOT NULL")
        if not there.rows[0][0]:
            return failed("there is no schema: it was never migrated")
        reached = {str(row[0]) for row in (await subject.query(url, "SELECT revision FROM schema_history")).rows}
        broken = await subject.query(url, "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
    except Refused as error:
        raise CannotTell(f"the database does not say: {error}") from error
    faults = [] if migrate.is_reached(reached) else [f"revision {migrate.head()} was not reached"]
    faults += [f"the index {row[0]} is INVALID" for row in broken.rows]
    if faults:
        return judged(faults, "")
    try:
        differences = await in_thread(lambda: subject.drift(url))
    except CommandError:  # alembic stands elsewhere than the history says: a newer release migrated
        return passed(f"{migrate.head()} was reached; a newer release went on from there")
    except psycopg.Error as error:
        raise CannotTell(f"the tables can't be compared: {str(error).strip().splitlines()[0]}") from error
    return judged(
        [f"{differences} differences between the tables and the models"] if differences else [],
        f"{migrate.head()}, no invalid index, no difference to the models",
    )


async def always_on(subject: Subject) -> Verdict:
    """The compute does not fall asleep."""
    seconds = (await subject.neon.writer()).suspend_timeout_seconds
    if seconds is None:
        raise CannotTell("Neon does not tell when the compute falls asleep")
    return passed("scale to zero is off") if seconds == -1 else failed(f"it falls asleep after {seconds or 300} s idle")


async def window(subject: Subject) -> Verdict:
    """A week can be gone back, and the branch is protected."""
    project, branch = await subject.neon.project(), await subject.neon.main_branch()
    faults: list[str] = []
    unknown: list[str] = []
    days = None if project.history_retention_seconds is None else project.history_retention_seconds / _DAY
    if days is None:
        unknown.append("Neon does not tell the restore window")
    elif days < _WINDOW_DAYS_MIN:
        faults.append(f"the restore window is {days:g} days")
    if branch.protected is None:
        unknown.append(f"Neon does not tell whether {branch.name} is protected")
    elif not branch.protected:
        faults.append(f"the branch {branch.name} is not protected")
    return judged(faults, f"{days or 0:g} days; {branch.name} is protected", unknown=unknown)


CHECKS = (
    Check("neon.connect", connect, "copy DATABASE_URL from Neon's Connect panel, with connection pooling on"),
    Check("neon.hosts", hosts, "copy both strings from Neon's Connect panel: pooling on, pooling off"),
    Check("neon.size", size, "lower DATABASE_POOL_SIZE, or raise the compute's minimum in Neon's console"),
    Check("neon.timeouts", timeouts, "run cleanly migrate"),
    Check("neon.schema", schema, "run cleanly migrate; drop an INVALID index first"),
    Check("neon.always_on", always_on, "Neon's console, compute: switch scale to zero off"),
    Check("neon.window", window, "Neon's console: restore window 7 days, protect the default branch"),
)
