"""`cleanly sandbox advance`: the operator's hand on the sandbox's clock."""

import asyncio

import pytest
from typer.testing import CliRunner

from cleanly.entry.cli import sandbox as command
from cleanly.kernel.context import Context
from cleanly.kernel.db import Database
from cleanly.platform.providers.sandbox.adapter import Sandbox
from tests.conftest import empty
from tests.platform.providers.sandbox.stage import Ear, new, sandbox_over


@pytest.fixture
def run(database_url, clock, monkeypatch):
    """The command, in a process that has a sandbox (or none) with one payment that takes two days."""
    ear = Ear()

    def with_sandbox(*arguments: str, is_on: bool = True):
        def work(_name, job):
            async def once():
                db = Database(database_url)
                sandbox = sandbox_over(db, clock, ear)
                await sandbox.create_payment(new(1004), key="payment:1:1")
                await sandbox.pump()
                try:
                    return await job(Context(db, clock, {Sandbox: sandbox} if is_on else {}))
                finally:
                    await db.close()

            return asyncio.run(once())

        monkeypatch.setattr(command, "work", work)
        return CliRunner().invoke(command.app, ["advance", *arguments])

    yield with_sandbox
    empty(database_url)


def test_it_moves_the_clock_and_says_what_was_told(run):
    assert run("47h").output == "47h later: 0 events delivered\n"
    assert run("60m").output == "60m later: 1 event delivered\n"


@pytest.mark.parametrize("span", ["3", "d", "-3d", "0d", "3w", "1.5d", "٣d", "9999999d"])
def test_it_refuses_what_is_no_span(run, span):
    refused = run("--", span)
    assert refused.exit_code == 1
    assert "say how far" in refused.output


def test_it_says_when_the_sandbox_is_off(run):
    refused = run("3d", is_on=False)
    assert refused.exit_code == 1
    assert "off" in refused.output
