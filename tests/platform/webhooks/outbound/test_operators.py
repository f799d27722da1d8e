"""Operators see on the command line what did not reach its subscriber, and have it sent again."""

import asyncio
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cleanly.entry.cli.webhooks import app
from cleanly.kernel.clock import rfc3339
from tests.platform.webhooks.outbound.receiver import accepts, is_gone
from tests.platform.webhooks.outbound.stage import add_endpoint, dispatching, publish, states, until_states


@pytest.fixture
def command(database_url, monkeypatch):
    """Run `cleanly webhooks outbound ...` on the test's database: exit code, stdout, stderr."""
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("cleanly.entry.cli.running.set_up_logging", lambda **_: None)  # it would outlive the test

    async def run(*arguments: str) -> tuple[int, str, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["outbound", *arguments])
        return result.exit_code, result.stdout, result.stderr

    return run


async def test_the_command_line_lists_what_failed_and_sends_it_again(service, receiver, command):
    shop = await service.register()
    receiver.behave("/hook", is_gone())
    endpoint = await add_endpoint(shop, receiver.url())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, failed=1)
    exit_code, said, _ = await command("list")
    assert (exit_code, said.count(endpoint["id"]), said.split().count("410")) == (0, 1, 1)
    (delivery,) = await service.rows("SELECT id FROM outbound_deliveries")
    off = await command("replay", str(delivery.id))
    assert off == (1, "", "cleanly: The endpoint is off: switch it on first\n")
    receiver.behave("/hook", accepts())
    await shop.call("PUT", f"/webhook-endpoints/{endpoint['id']}", {"enabled": True})
    assert await command("replay", str(delivery.id)) == (0, "1 message will be sent again\n", "")
    service.clock.move(days=3650)  # the command asks the machine's own clock when it is
    async with dispatching(service):
        await until_states(service, succeeded=1)
    exit_code, said, _ = await command("list", "--state", "succeeded", "--endpoint", endpoint["id"])
    assert (exit_code, said.count("payment.succeeded")) == (0, 1)
    assert (await command("list", "--account", str(uuid4()), "--state", "succeeded"))[1].count("payment") == 0


async def test_the_command_line_counts_before_it_replays(service, receiver, command):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    await publish(service, shop.user_id, 3)
    await shop.call("PUT", f"/webhook-endpoints/{endpoint['id']}", {"enabled": True})
    wanted = ("--endpoint", endpoint["id"], "--since", rfc3339(service.clock.now())[:19])
    dry = await command("replay", *wanted, "--dry-run")
    assert dry == (0, "3 messages would be sent again (3 skipped)\n", "")
    assert await states(service) == {"skipped": 3}
    assert (await command("replay", *wanted, "--state", "failed"))[1] == "0 messages will be sent again (none)\n"
    assert await command("replay", *wanted) == (0, "3 messages will be sent again (3 skipped)\n", "")
    service.clock.move(days=3650)  # as above
    async with dispatching(service):
        await until_states(service, succeeded=3)
    assert (await service.actions()).count("webhook_endpoint.replayed") == 2


async def test_the_command_line_says_in_a_line_what_it_cannot_do(service, command):
    absent = str(uuid4())
    unclear = (1, "", "cleanly: name one delivery, or an --endpoint and --since\n")
    assert await command("replay") == unclear
    assert await command("replay", absent, "--dry-run") == unclear
    assert await command("replay", "--endpoint", absent) == unclear
    assert await command("replay", absent) == (1, "", f"cleanly: there is no delivery {absent}\n")
    since = ("--since", "2026-11-22")
    assert await command("replay", "--endpoint", absent, *since) == (1, "", f"cleanly: there is no endpoint {absent}\n")
