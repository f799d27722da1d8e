"""Operators look at the inbox and let events be acted on again, over HTTP and on the command line."""

from datetime import timedelta
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cleanly.entry.cli.webhooks import app
from cleanly.kernel.messages import Handled
from cleanly.platform.webhooks.inbound import flows, service
from tests.platform.webhooks.inbound.conftest import Inbox
from tests.world import code

LIST = "/admin/inbound-events"


async def kill(inbox: Inbox, *event_ids: str) -> None:
    """Make these events dead, as three days of failures would."""
    for event_id in event_ids:
        inbox.script[event_id] = [RuntimeError("odd")]
        await inbox.push(inbox.news(id=event_id, object=event_id))
    await inbox.work()
    for event_id in event_ids:
        await inbox.world.rows(
            "UPDATE inbound_events SET state = 'dead', next_at = NULL WHERE event_id = :id RETURNING id", id=event_id
        )


async def test_the_inbox_is_for_admins_only(inbox: Inbox):
    await inbox.push()
    event_id = (await inbox.only()).id
    user = await inbox.world.register()
    for method, path in (
        ("GET", LIST),
        ("GET", f"{LIST}/{event_id}"),
        ("POST", f"{LIST}/{event_id}/replay"),
        ("POST", f"{LIST}/replay"),
    ):
        body = {} if path.endswith("s/replay") else None
        reply = await inbox.world.call(method, path, body)
        assert (reply.status_code, code(reply)) == (401, "TOKEN_MISSING")
        reply = await user.call(method, path, body)
        assert (reply.status_code, code(reply)) == (403, "FORBIDDEN")
    assert (await inbox.only()).source == "push"


async def test_an_event_that_is_not_there_is_not_found(inbox: Inbox):
    admin = await inbox.admin()
    for event_id in (uuid4(), "evt_1", "me"):
        for method, path in (("GET", f"{LIST}/{event_id}"), ("POST", f"{LIST}/{event_id}/replay")):
            reply = await admin.call(method, path)
            assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")


async def test_the_list_is_newest_first_page_by_page_and_can_be_narrowed(inbox: Inbox):
    admin = await inbox.admin()
    await kill(inbox, "evt_a", "evt_b", "evt_c")
    await inbox.push(inbox.news(id="evt_d", type="refund.changed"))
    first = (await admin.call("GET", f"{LIST}?limit=3")).json()
    assert [item["eventId"] for item in first["items"]] == ["evt_d", "evt_c", "evt_b"]
    second = (await admin.call("GET", f"{LIST}?limit=3&cursor={first['nextCursor']}")).json()
    assert ([item["eventId"] for item in second["items"]], second["nextCursor"]) == (["evt_a"], None)
    dead = (await admin.call("GET", f"{LIST}?state=dead")).json()["items"]
    assert [item["eventId"] for item in dead] == ["evt_c", "evt_b", "evt_a"]
    assert {item["lastError"] for item in dead} == {"RuntimeError: odd"}
    narrowed = (await admin.call("GET", f"{LIST}?type=refund.changed&provider=scripted")).json()["items"]
    assert [item["eventId"] for item in narrowed] == ["evt_d"]
    assert (await admin.call("GET", f"{LIST}?provider=stripe")).json() == {"items": [], "nextCursor": None}
    assert code(await admin.call("GET", f"{LIST}?state=lost")) == "VALIDATION_ERROR"
    assert code(await admin.call("GET", f"{LIST}?type=%00")) == "VALIDATION_ERROR"
    assert code(await admin.call("GET", f"{LIST}?cursor=abc")) == "MALFORMED_REQUEST"


async def test_one_event_is_shown_with_its_body_until_that_is_emptied(inbox: Inbox):
    admin = await inbox.admin()
    body = inbox.news(id="evt_a", object="pay_7")
    await inbox.push(body)
    path = f"{LIST}/{(await inbox.only()).id}"
    shown = (await admin.call("GET", path)).json()
    assert shown["body"] == body.decode()
    assert shown["headers"]["scripted-signature"]
    wanted = {"eventId": "evt_a", "objectId": "pay_7", "state": "stored", "verifiedWith": "secret 1", "livemode": False}
    assert {name: shown[name] for name in wanted} == wanted
    assert shown["receivedAt"] == "2026-11-22T12:00:00.000Z"
    inbox.clock.move(days=91)
    await flows.empty_bodies(inbox.context)
    admin = await inbox.world.login(admin.email)
    assert (await admin.call("GET", path)).json()["body"] is None


async def test_a_dead_event_is_replayed_with_all_its_tries_and_the_record_says_by_whom(inbox: Inbox):
    admin = await inbox.admin()
    await kill(inbox, "evt_a")
    inbox.script["evt_a"] = [Handled.MISSING_PARENT]
    event_id = (await inbox.only()).id
    reply = await admin.call("POST", f"{LIST}/{event_id}/replay")
    assert reply.status_code == 202
    shown = reply.json()
    assert (shown["state"], shown["source"], shown["attempts"]) == ("stored", "replay", 0)
    await inbox.work()
    assert (await inbox.only()).next_at == inbox.clock.now() + timedelta(seconds=5), "the first pause again"
    inbox.clock.move(seconds=5)
    await inbox.work()
    row = await inbox.only()
    assert (row.state, row.source) == ("done", "replay")
    records = await inbox.world.rows("SELECT * FROM audit_events WHERE action = 'inbound_event.replayed'")
    assert [(str(record.actor_id), record.target_id) for record in records] == [(admin.user_id, event_id)]


async def test_a_replay_under_one_key_is_one_replay(inbox: Inbox):
    admin = await inbox.admin()
    await inbox.push()
    await inbox.work()
    path = f"{LIST}/{(await inbox.only()).id}/replay"
    replies = [await admin.call("POST", path, Idempotency_Key="again-1") for _ in range(2)]
    assert [reply.status_code for reply in replies] == [202, 202]
    assert replies[1].headers["idempotency-replayed"] == "true"
    assert await inbox.jobs() == ["inbound.process"]


async def test_a_replayed_test_event_is_ignored_again_where_money_is_real(inbox: Inbox):
    inbox.are_live(True)
    admin = await inbox.admin()
    await inbox.push(inbox.news(live=False))
    await admin.call("POST", f"{LIST}/{(await inbox.only()).id}/replay")
    await inbox.work()
    assert (await inbox.only()).state == "ignored"
    assert inbox.acted_on == []


async def test_dead_events_are_replayed_by_type_or_since_a_time_batch_by_batch(inbox: Inbox, monkeypatch):
    monkeypatch.setattr(service, "REPLAY_BATCH", 2)
    admin = await inbox.admin()
    await kill(inbox, "evt_old")
    inbox.clock.move(minutes=10)
    await kill(inbox, "evt_a", "evt_b", "evt_c")
    assert (await admin.call("POST", f"{LIST}/replay", {"type": "another.type"})).json()["replayed"] == 0
    asked = {"type": "payment.changed", "since": "2026-11-22T12:05:00Z"}
    first = (await admin.call("POST", f"{LIST}/replay", asked)).json()
    assert first["replayed"] == 2
    second = (await admin.call("POST", f"{LIST}/replay", asked | {"cursor": first["nextCursor"]})).json()
    assert second == {"replayed": 1, "nextCursor": None}
    await inbox.work()
    assert [row.state for row in await inbox.events()] == ["dead", "done", "done", "done"]
    assert (await admin.call("POST", f"{LIST}/replay", {})).json()["replayed"] == 1
    refused = await admin.call("POST", f"{LIST}/replay", {"since": "2026-11-22T12:05:00"})
    assert code(refused) == "VALIDATION_ERROR", "a time without its zone"
    records = await inbox.world.rows(
        "SELECT details FROM audit_events WHERE action = 'inbound_event.replayed' ORDER BY id"
    )
    assert [record.details["events"] for record in records] == [0, 2, 1, 1]
    assert records[1].details["since"].startswith("2026-11-22T12:05:00")


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch):
    """Run `cleanly webhooks ...` on the test's database: exit code, stdout, stderr."""
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("cleanly.entry.cli.running.set_up_logging", lambda **_: None)  # it would outlive the test

    async def run(*arguments: str) -> tuple[int, str, str]:
        import asyncio

        result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
        return result.exit_code, result.stdout, result.stderr

    return run


async def test_the_command_line_lists_what_is_dead_and_replays_it(inbox: Inbox, command):
    await kill(inbox, "evt_a", "evt_b")
    await inbox.push(inbox.news(id="evt_fine"))
    exit_code, said, _ = await command("inbound", "list")
    assert (exit_code, said.count("payment.changed"), said.count("RuntimeError: odd")) == (0, 2, 2)
    assert "evt_fine" not in said
    one = (await inbox.events())[0].id
    assert await command("inbound", "replay", str(one)) == (0, "1 event will be acted on again\n", "")
    assert await command("inbound", "replay", "--all") == (0, "1 event will be acted on again\n", "")
    assert await command("inbound", "replay", "--all") == (0, "0 events will be acted on again\n", "")
    await inbox.work()
    assert {row.state for row in await inbox.events()} == {"done"}
    exit_code, said, _ = await command(
        "inbound", "list", "--state", "done", "--type", "payment.changed", "--limit", "2"
    )
    assert (exit_code, said.count("payment.changed")) == (0, 2)
    assert (await inbox.world.actions()).count("inbound_event.replayed") == 3


async def test_the_command_line_says_in_a_line_what_it_cannot_do(inbox: Inbox, command):
    await inbox.push()
    assert await command("inbound", "replay") == (
        1,
        "",
        "cleanly: name one event, or narrow by --type, --provider or --since, or say --all\n",
    )
    absent = uuid4()
    assert await command("inbound", "replay", str(absent)) == (1, "", f"cleanly: there is no event {absent}\n")
    exit_code, _, said = await command("inbound", "replay", "--all", "--type", "x")
    assert (exit_code, said.startswith("cleanly: name one event")) == (1, True)
    assert (await inbox.only()).source == "push"
