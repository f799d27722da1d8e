"""Every route x everybody: who may do what stands in `tests/authority/rights.py`, and the service keeps to it."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI

from cleanly.entry.direct import Direct
from tests.authority import calling
from tests.authority.calling import operations
from tests.authority.estate import settle
from tests.authority.rights import RIGHTS
from tests.conftest import ROOT, empty
from tests.moved_clock import MovedClock
from tests.platform.webhooks.outbound.stage import QUICK
from tests.world import World, code, running

# For people at a desk, closed in production (`make audit`: headers), but for metrics, which have a token of their own.
PAGES = {"/api/v1/openapi.json", "/docs", "/metrics", "/dev/mail", "/dev/ledger", "/app/{rest:path}"}
# Play money's. Where it is off nothing is there: tests/platform/providers/sandbox/test_endpoints.py.
PLAY = {
    "/api/v1/sandbox/payments/{reference}/confirm",
    "/api/v1/sandbox/payments/{reference}/decline",
    "/api/v1/sandbox/subscriptions/{reference}/confirm",
    "/api/v1/sandbox/advance",
}
# A refusal may be remembered under its Idempotency-Key.
_NOTED = {"idempotency_keys"}


@pytest.fixture
async def service(database_url: str, clock: MovedClock) -> AsyncGenerator[World, None]:
    async with running(database_url, clock, **QUICK) as made:
        yield made
    assert empty(database_url) == []


async def contract(world: World) -> dict[str, Any]:
    reply = await world.call("GET", "/openapi.json")
    assert reply.status_code == 200
    return dict(reply.json())


async def test_every_route_has_a_row_that_fits_what_it_declares(service: World):
    declared = dict(operations(await contract(service)))
    assert {*declared} - {*RIGHTS} == set(), "who may call these? Add rows to tests/authority/rights.py"
    assert {*RIGHTS} - {*declared} == set(), "these are gone"
    for name, row in RIGHTS.items():
        operation, grants = declared[name], set(row.grants.values())
        assert ("security" in operation) == (row.grants["anonymous"] == "token"), name
        assert name.partition(" ")[2].startswith("/admin/") == (row.grants["owner"] == "forbidden"), name
        for grant, status, told in (("forbidden", "403", "FORBIDDEN"), ("hidden", "404", "NOT_FOUND")):
            if grant in grants:
                assert told in operation["responses"][status]["description"], name
        if row.grants["anonymous"] == "token":
            assert row.grants["other"] != "in" or row.is_mine, name
        if row.proved:
            assert (ROOT / row.proved).is_file(), row.proved


async def test_a_route_that_the_contract_does_not_name_is_known_and_only_reads_or_plays(service: World):
    app = service.app
    while not isinstance(app, FastAPI):
        app = app.app if isinstance(app, Direct) else app._app
    unnamed = {route.path: route.methods for route in app.routes if not route.include_in_schema}
    assert set(unnamed) == PAGES | PLAY
    assert set().union(*(unnamed[path] for path in PAGES)) <= {"GET", "HEAD"}
    for path in PLAY:
        reply = await service.call("POST", path.removeprefix("/api/v1").format(reference="py_1"), {})
        assert (reply.status_code, code(reply)) == (401, "TOKEN_MISSING"), path


async def test_everybody_gets_what_is_theirs_and_nobody_anything_else(
    service: World, database_url: str, record_property: Any
):
    estate, document = await settle(service), await contract(service)
    before = rows(database_url)
    turned_away = [*await calling.refused(estate, document), *await calling.as_platform(estate, document)]
    changed = differences(before, rows(database_url))
    seen = turned_away + await calling.let_in(estate, document)
    table = calling.as_table(seen)
    record_property("authorisation", json.dumps(table))
    faults = [f"{line['operation']}: {fault}" for line in table for fault in line["faults"]]
    assert not faults, "\n".join(faults)
    assert changed == set(), "who was refused has changed something"
    # A row proves something only if somebody gets through.
    reached = {one.operation for one in seen if one.got.startswith("2")}
    assert {name for name, row in RIGHTS.items() if not row.proved} - reached == set()
    assert len(turned_away) > 150


async def test_an_id_in_a_query_opens_no_door(service: World):
    estate = await settle(service)
    things, other = estate.things, estate.other
    for path in (
        f"/transactions?object={things['sale']}",
        f"/webhook-deliveries?endpoint={things['endpoint']}",
        "/payments?role=seller&state=captured",
        f"/products?sellerId={other.user_id}",
    ):
        reply = await other.call("GET", path)
        assert (reply.status_code, reply.json()["items"]) == (200, []), path


def rows(url: str) -> dict[str, Any]:
    """A digest of each table."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind = 'r'"
        ).fetchall()
        looks = [
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {name} t"
            for (name,) in names
        ]
        return dict(connection.execute(" UNION ALL ".join(looks).encode()).fetchall())


def differences(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before if before[name] != after[name]} - _NOTED
