"""The service as production runs it, on an embedded PostgreSQL, for as long as the audit asks it."""

import contextlib
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Generator

import httpx2
import psycopg
from psycopg import sql

from cleanly.entry import embedded, migrate

from . import answers
from .answers import Visitor
from .findings import ROOT, Result, cannot_tell, judged

HOST = "api.example.com"
SECONDS_MAX = 60.0
_FROM_THE_PROXY = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}


def headers() -> Result:
    """What every answer carries, and what none tells."""
    try:
        with _database() as url, _running(url) as address, httpx2.Client(base_url=address, timeout=30) as client:
            visitor = Visitor(client, _FROM_THE_PROXY)
            faults = [*_doors(visitor), *answers.faults(visitor), *_broken(visitor, url)]
    except (embedded.EmbeddedMissing, OSError, subprocess.SubprocessError, httpx2.TransportError) as error:
        return cannot_tell("headers", f"the service did not run: {type(error).__name__} {error}"[:300])
    return judged("headers", faults)


def _doors(visitor: Visitor) -> list[str]:
    """Nobody gets in by http, or by another name."""
    faults: list[str] = []
    for sent, status in (({"X-Forwarded-Proto": "http"}, 403), ({"Host": "evil.example"}, 400)):
        reply = visitor.ask("GET", "/api/v1/errors", sent)
        if reply.status_code != status:
            faults.append(f"a call with {sent} is answered {reply.status_code}, not {status}")
    visitor.seen.clear()  # the first answer that is looked at by `faults` is a private one
    return faults


def _broken(visitor: Visitor, url: str) -> list[str]:
    """A fault of ours, made by taking a table away, tells a stranger nothing."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE products RENAME TO products_gone")
    reply = visitor.ask("GET", "/api/v1/products")
    body = reply.text
    faults = [] if reply.status_code in {500, 503} else [f"a fault is answered {reply.status_code}"]
    if "products" in body or "relation" in body or '"error"' not in body:
        faults.append(f"a fault tells of the inside: {body[:200]}")
    return faults


@contextlib.contextmanager
def _database() -> Generator[str, None, None]:
    """A migrated database of its own, gone afterwards."""
    name = f"audit_{uuid.uuid4().hex[:12]}"
    server = embedded.start(ROOT / ".data" / "audit" / "postgres")
    try:
        server.create(name)
        migrate.migrate(server.url(name))
        yield server.url(name)
    finally:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.stop()


@contextlib.contextmanager
def _running(database_url: str) -> Generator[str, None, None]:
    """`cleanly serve` with production's settings on a free port; its address."""
    port = _free_port()
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),  # this checkout, whatever is installed
        "APP_ENV": "production",
        "DATABASE_URL": database_url,
        "JWT_SECRET": secrets.token_urlsafe(48),
        "MAIL_URL": "smtps://audit:audit@127.0.0.1:9",
        "MAIL_FROM": "audit@example.com",
        "APP_LINK_BASE": f"https://{HOST}/app",
        "PUBLIC_URL": f"https://{HOST}",
        "TRUSTED_PROXIES": "127.0.0.1",
        "API_HOST": "127.0.0.1",
        "API_PORT": str(port),
        "DRAIN_SECONDS": "0",
    }
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="cleanly-audit") as folder:
        variables["HOME"] = folder
        log = pathlib.Path(folder) / "log"
        with log.open("wb") as out:
            program = pathlib.Path(sys.executable).with_name("cleanly")
            process = subprocess.Popen([program, "serve"], cwd=folder, env=variables, stdout=out, stderr=out)
        try:
            _wait(process, address, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", address: str, log: pathlib.Path) -> None:
    ends_at = time.monotonic() + SECONDS_MAX
    while time.monotonic() < ends_at and process.poll() is None:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(f"{address}/api/v1/health/live").status_code == 200:
                return
        time.sleep(0.05)
    raise OSError(f"`cleanly serve` takes no calls: {log.read_text()[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
