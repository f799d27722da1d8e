"""The local stack is of production's shape: its processes could start, it ends them as Render does, one PostgreSQL."""

import os
import re
import shlex
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
import typer
import yaml
from typer.core import TyperGroup

from cleanly.entry import embedded
from cleanly.entry import settings as environment
from cleanly.entry.cli import app
from tests.architecture.source import ROOT

STACK: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
OURS = sorted(name for name, service in STACK.items() if str(service.get("image")).startswith("cleanly:"))
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def loaded(name: str) -> environment.Settings:
    with patch.dict(os.environ, STACK[name]["environment"], clear=True):
        return environment.load()


@pytest.mark.parametrize("name", OURS)
def test_each_process_could_start_with_what_it_is_given(name: str):
    found = loaded(name)
    assert found.environment == "preview"
    assert set(STACK[name]["environment"]) <= environment.variable_names()
    command: object = typer.main.get_command(app)
    for word in STACK[name]["command"][1:]:
        assert isinstance(command, TyperGroup)
        command = command.commands[word]
    assert STACK[name]["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_process_gets_the_time_that_it_may_take_to_end(name: str):
    found = loaded(name)
    given = int(STACK[name]["stop_grace_period"].removesuffix("s"))
    assert given >= found.shutdown_grace_seconds + 10 + (found.drain_seconds if name == "web" else 0)


def test_requests_go_through_the_pooler_and_migrations_do_not():
    found = loaded("web")
    assert found.database_url is not None
    assert found.direct_database_url is not None
    assert "@db-pooler:" in found.database_url.get_secret_value()
    assert "@db:" in found.direct_database_url.get_secret_value()
    assert STACK["db-pooler"]["environment"]["POOL_MODE"] == "transaction"


def test_the_image_runs_as_nobody_and_what_the_blueprint_says():
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    (command,) = re.findall(r"^CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)
    assert shlex.join(yaml.safe_load(command)) == "cleanly serve"


def test_there_is_one_postgresql_for_laptops_tests_copies_and_the_host(server: embedded.EmbeddedServer):
    with psycopg.connect(server.url("postgres")) as connection:
        major = str(connection.info.server_version // 10_000)
    assert re.findall(r"^ARG POSTGRES=(\d+)$", DOCKERFILE, re.MULTILINE) == [major]
    assert re.findall(r"postgres:(\d+)", STACK["db"]["image"]) == [major]
    assert re.findall(r"PostgreSQL (\d+)", (ROOT / "docs" / "deploy.md").read_text()) == [major]
