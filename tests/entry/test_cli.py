"""The command line as an operator uses it: a real database, clear words, exit codes."""

import asyncio
import os
import pathlib
import socket
import subprocess
import sys
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.auth.sessions.tokens import RefreshCodec
from cleanly.entry import dev
from cleanly.entry import settings as environment
from cleanly.entry.cli import app, running
from cleanly.entry.cli import jobs as cli_jobs
from cleanly.kernel.db import Database
from cleanly.platform.jobs import service as jobs
from cleanly.platform.mail.messages import SEND
from cleanly.platform.mail.service import Mailer, Template
from tests.world import PASSWORD, World

PROGRAM = pathlib.Path(sys.executable).with_name("cleanly")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process the log is pytest's."""
    monkeypatch.setattr(running, "set_up_logging", lambda **_: None)


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(url: str | None, *words: str, **variables: str) -> Done:
    """In this process: starting one takes longer than what it does. Two tests below start real ones."""
    wanted = {"COLUMNS": "200", **variables, **({} if url is None else {"DATABASE_URL": url})}
    result = CliRunner().invoke(app, list(words), env=wanted)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def start(url: str | None, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "COLUMNS": "200", **variables}
    if url is not None:
        environment["DATABASE_URL"] = url
    return subprocess.run(
        [PROGRAM, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


async def test_an_admin_is_made_and_unmade(world: World, database_url: str):
    made = await asyncio.to_thread(
        run, database_url, "admin", "create", "Root@Example.com", CLEANLY_ADMIN_PASSWORD=PASSWORD
    )
    assert made.returncode == 0, made.stderr
    assert "root@example.com is an administrator" in made.stdout
    assert PASSWORD not in made.stdout
    root = await world.login("root@example.com")
    ada = await world.register()
    assert (await root.call("GET", f"/users/{ada.user_id}")).status_code == 200
    listed = await asyncio.to_thread(run, database_url, "admin", "list")
    assert "root@example.com" in listed.stdout
    gone = await asyncio.to_thread(run, database_url, "admin", "revoke", "root@example.com")
    assert gone.returncode == 0
    assert (await world.login("root@example.com")).access
    assert await world.rows("SELECT 1 FROM users WHERE role = 'admin'") == []
    assert {"admin.granted", "admin.revoked"} <= set(await world.actions())


async def test_an_admin_without_a_given_password_gets_one_shown_once(world: World, database_url: str):
    made = await asyncio.to_thread(run, database_url, "admin", "create", "root@example.com")
    shown = made.stdout.partition("password (shown once): ")[2].strip()
    assert (await world.login("root@example.com", shown)).access


async def test_only_a_proved_account_becomes_an_administrators_and_keeps_its_password(world: World, database_url: str):
    ada = await world.register("ada@example.com")
    create = ("admin", "create", "Ada@example.com")
    refused = await asyncio.to_thread(run, database_url, *create)
    assert (refused.returncode, "nobody has proved that e-mail" in refused.stderr) == (1, True)
    await world.call("POST", "/auth/verify-email/confirm", {"token": await world.link(ada.email)})
    made = await asyncio.to_thread(run, database_url, *create, CLEANLY_ADMIN_PASSWORD="another good phrase")
    assert "keeps its password" in made.stdout
    assert (await world.login(ada.email, PASSWORD)).access
    again = await asyncio.to_thread(run, database_url, *create)
    assert (again.returncode, "already" in again.stdout) == (0, True)
    assert (await world.actions()).count("admin.granted") == 1


async def test_what_can_not_be_done_is_one_line_and_a_failure(world: World, database_url: str):
    for words in (
        ("admin", "create", "nobody"),
        ("admin", "revoke", "x@example.com"),
        ("admin", "revoke", "no address"),
        ("jobs", "retry"),
        ("jobs", "retry", "12345"),
        ("cron", "run", "no.such"),
    ):
        done = await asyncio.to_thread(run, database_url, *words)
        assert done.returncode == 1, (words, done)
        assert done.stderr.startswith("cleanly: ")
        assert "Traceback" not in done.stderr
    down = await asyncio.to_thread(run, "postgresql://u@127.0.0.1:9/db", "jobs", "status")
    assert down.returncode == 1
    assert down.stderr.startswith("cleanly: the database does not answer: ")
    assert "Traceback" not in down.stderr


async def test_dead_jobs_are_listed_and_retried(world: World, database_url: str, db: Database):
    mailer = world.context.part(Mailer)
    async with db.begin() as session:
        payload = mailer.payload(to="ada@example.com", template=Template.REUSE_ALARM, values={"name": "Ada"})
        job_id = await jobs.enqueue(session, SEND, payload)
    await world.rows("UPDATE procrastinate_jobs SET status = 'failed' RETURNING id")
    dead = await asyncio.to_thread(run, database_url, "jobs", "dead")
    assert "mail.send" in dead.stdout
    assert str(job_id) in dead.stdout
    assert "ada@example.com" not in dead.stdout
    revived = await asyncio.to_thread(run, database_url, "jobs", "retry", str(job_id))
    assert (revived.returncode, revived.stdout.strip()) == (0, "1 job will be tried again")
    assert (await asyncio.to_thread(run, database_url, "jobs", "status")).stdout.count("mail.send") == 1


async def test_all_dead_jobs_are_retried_however_many_and_it_is_on_record(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    for number in range(3):
        await world.register(f"ada{number}@example.com")  # each asks for a letter
    await world.rows("UPDATE procrastinate_jobs SET status = 'failed' RETURNING id")
    monkeypatch.setattr(cli_jobs, "AT_ONCE", 2)
    done = await asyncio.to_thread(run, database_url, "jobs", "retry", "--all")
    assert (done.returncode, done.stdout.strip()) == (0, "3 jobs will be tried again")
    told = await world.rows("SELECT details FROM audit_events WHERE action = 'job.retried' ORDER BY id")
    assert told == [({"jobs": 2},), ({"jobs": 1},)]


async def test_a_cron_runs_once_for_its_minute(world: World, database_url: str):
    first = await asyncio.to_thread(run, database_url, "cron", "run", "auth.sweep")
    again = await asyncio.to_thread(run, database_url, "cron", "run", "auth.sweep")
    assert (first.returncode, again.returncode) == (0, 0)
    assert "done" in first.stdout
    assert "was done before" in again.stdout


def test_keys_are_made_but_not_kept():
    secret = run(None, "keys", "rotate")
    assert secret.returncode == 0
    assert "JWT_SECRET=" in secret.stdout
    private = run(None, "keys", "rotate", "ed25519")
    value = private.stdout.partition("JWT_PRIVATE_KEYS=")[2].strip().rpartition(",")[2]
    listed = run(None, "keys", "list", JWT_PRIVATE_KEYS=value)
    assert "Ed25519" in listed.stdout
    assert value not in listed.stdout


def test_a_new_secret_is_known_to_the_processes_that_stand_before_it_signs():
    printed = run(None, "keys", "rotate").stdout.partition("JWT_SECRET=")[2].split("\n")[0]
    present = "what has signed for a whole year and is now on its last day"
    old, new = (
        RefreshCodec.of(SessionSettings.model_validate({"jwt_secret": value}))
        for value in (present, printed.replace("<the present value>", present))
    )
    assert old.read(new.make(bytes(16), 1)) is not None, "an old process is asked to refresh what a new one gave"
    assert new.read(old.make(bytes(16), 1)) is not None


def test_the_settings_are_checked_and_every_fault_is_named():
    good = run(None, "config", "check", DATABASE_POOL_SIZ="5")
    assert good.returncode == 0
    assert "DATABASE_POOL_SIZ is set, but nothing reads it" in good.stderr
    typed = run(None, "config", "check", APP_ENV="production", JWT_SECRETS="typed wrongly")
    assert typed.returncode == 1
    assert typed.stderr.index("JWT_SECRETS is set, but nothing reads it") < typed.stderr.index("JWT_SECRET: is missing")
    bad = start(None, "config", "check", APP_ENV="production", API_PORT="many", CORS_ORIGINS="*")
    assert bad.returncode == 1
    for name in ("API_PORT", "CORS_ORIGINS", "DATABASE_URL", "JWT_SECRET", "MAIL_URL", "PUBLIC_URL"):
        assert name in bad.stderr
    assert "Traceback" not in bad.stderr


def test_dev_refuses_production():
    done = start(
        "postgresql://u:p@db.example.com/app?sslmode=require",
        "dev",
        APP_ENV="production",
        JWT_SECRET="0123456789abcdefghijklmnopqrstuvwxyz",
        MAIL_URL="smtps://u:p@mail.example.com",
        MAIL_FROM="Cleanly <no-reply@example.com>",
        APP_LINK_BASE="https://example.com/app",
        PUBLIC_URL="https://api.example.com",
        TRUSTED_PROXIES="10.0.0.0/8",
    )
    assert done.returncode == 1
    assert "dev is for a laptop" in done.stderr


def test_dev_promises_nothing_where_somebody_listens_already():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(None, "dev", API_PORT=str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cleanly: cannot listen on 127.0.0.1:")


def test_on_a_laptop_the_links_of_mails_lead_to_the_service(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("API_PORT", "3999")
    assert dev.for_a_laptop(environment.load()).app_link_base == "http://localhost:3999/app"
    monkeypatch.setenv("APP_LINK_BASE", "http://phone.local/app")
    assert dev.for_a_laptop(environment.load()).app_link_base == "http://phone.local/app"


@pytest.mark.parametrize(
    "words", [("--help",), ("jobs", "--help"), ("admin", "--help"), ("cron", "list"), ("version",)]
)
def test_help_and_lists_need_no_database(words: tuple[str, ...]):
    done = run(None, *words)
    assert done.returncode == 0
    assert done.stdout
