"""Operators see the differences and resolve them with a reason, over HTTP and on the command line."""

import asyncio
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cleanly.entry.cli.ledger import app
from tests.domain.ledger.reconciliation.books import PATH, Reconciled
from tests.world import code


async def _open(books: Reconciled, count: int = 1) -> list[str]:
    """So many differences; their ids, newest first."""
    books.tells(*(books.entry(f"txn_{number}", source=f"ch_{number}") for number in range(count)))
    await books.run()
    rows = await books.world.rows("SELECT id FROM reconciliation_items ORDER BY id DESC")
    assert len(rows) == count
    return [str(row.id) for row in rows]


async def test_differences_are_for_admins_only(books: Reconciled):
    (item,) = await _open(books)
    user = await books.world.register()
    for method, path, body in (("GET", PATH, None), ("POST", f"{PATH}/{item}/resolve", {"reason": "looked at"})):
        reply = await books.world.call(method, path, body)
        assert (reply.status_code, code(reply)) == (401, "TOKEN_MISSING")
        reply = await user.call(method, path, body)
        assert (reply.status_code, code(reply)) == (403, "FORBIDDEN")
    assert (await books.only()).resolved_at is None
    assert "reconciliation_item.resolved" not in await books.world.actions()


async def test_resolving_takes_a_reason_keeps_it_and_is_audited(books: Reconciled):
    (item,) = await _open(books)
    admin = await books.admin()
    before = await books.world.rows("SELECT count(*) FROM ledger_transactions")
    reply = await admin.call("POST", f"{PATH}/{item}/resolve", {"reason": "  booked by hand  "})
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert (body["id"], body["kind"], body["reason"]) == (item, "missing_local", "booked by hand")
    assert (body["resolvedBy"], body["object"]) == (admin.user_id, "ch_0")
    assert body["resolvedAt"] is not None
    assert (await books.world.actions())[-1] == "reconciliation_item.resolved"
    assert await books.world.rows("SELECT count(*) FROM ledger_transactions") == before


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "   "}, {"reason": "x" * 1001}, {"reason": None}])
async def test_without_a_reason_nothing_is_resolved(books: Reconciled, body: dict):
    (item,) = await _open(books)
    admin = await books.admin()
    reply = await admin.call("POST", f"{PATH}/{item}/resolve", body)
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    assert (await books.only()).resolved_at is None


async def test_a_resolved_item_keeps_its_first_reason_and_an_unknown_one_is_not_found(books: Reconciled):
    (item,) = await _open(books)
    admin = await books.admin()
    await admin.call("POST", f"{PATH}/{item}/resolve", {"reason": "the first"})
    reply = await admin.call("POST", f"{PATH}/{item}/resolve", {"reason": "the second"})
    assert (reply.status_code, code(reply)) == (409, "CONFLICT")
    assert (await books.only()).reason == "the first"
    reply = await admin.call("POST", f"{PATH}/{uuid4()}/resolve", {"reason": "whatever"})
    assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")


async def test_the_list_is_newest_first_page_by_page_and_can_be_narrowed(books: Reconciled):
    ids = await _open(books, 5)
    admin = await books.admin()
    first = (await admin.call("GET", f"{PATH}?limit=2")).json()
    second = (await admin.call("GET", f"{PATH}?limit=3&cursor={first['nextCursor']}")).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ids
    assert second["nextCursor"] is None
    await admin.call("POST", f"{PATH}/{ids[0]}/resolve", {"reason": "looked at"})
    for query, wanted in (
        ("open=true", ids[1:]),
        ("open=false", ids[:1]),
        ("kind=missing_local", ids),
        ("kind=duplicate", []),
        ("provider=scripted", ids),
        ("provider=stripe", []),
    ):
        found = (await admin.call("GET", f"{PATH}?{query}")).json()
        assert [item["id"] for item in found["items"]] == wanted, query
    reply = await admin.call("GET", f"{PATH}?kind=odd")
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")


async def test_the_command_line_reconciles_and_names_what_is_open(
    books: Reconciled, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr("cleanly.entry.cli.running.set_up_logging", lambda **_: None)  # it would outlive the test
    (item,) = await _open(books)
    found = await asyncio.to_thread(CliRunner().invoke, app, ["reconcile"])
    assert found.exit_code == 1
    assert f"{item} missing_local: scripted ch_0" in found.stdout
    assert "differences are open" in found.stderr
    # It has read the books of the providers that are set up: here the sandbox's, which are empty.
    assert [row.provider for row in await books.world.rows("SELECT provider FROM provider_imports ORDER BY 1")] == [
        "sandbox",
        "scripted",
    ]
    admin = await books.admin()
    await admin.call("POST", f"{PATH}/{item}/resolve", {"reason": "looked at"})
    found = await asyncio.to_thread(CliRunner().invoke, app, ["reconcile"])
    assert (found.exit_code, found.stdout.splitlines()[-1]) == (0, "the books agree")
