"""What operators measure: by name, by route's template, for who holds the token; and what it costs."""

import pathlib
import re

import pytest

from cleanly.entry import footprint, telemetry
from cleanly.entry import settings as environment
from cleanly.kernel.dbwatch import name_of
from cleanly.kernel.tally import TALLIES, Tally
from cleanly.platform.providers import metrics as calls
from tests.metering import metering, value
from tests.moved_clock import MovedClock
from tests.world import World, running

__all__ = ["metering"]
TOKEN = "t" * 40
pytestmark = pytest.mark.usefixtures("metering")


async def read(world: World) -> str:
    reply = await world.call("GET", "/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    return reply.text


async def test_a_request_is_counted_by_its_template_method_and_status(world: World):
    phone = await world.register()
    before = await read(world)
    for _ in range(3):
        await phone.call("GET", f"/users/{phone.user_id}")
    await world.call("GET", "/users/me")
    await world.call("GET", f"/nothing/{phone.user_id}")
    await world.call("GET", "/health")
    after = await read(world)

    def grew(**labels: str) -> float:
        name = "http_server_request_duration_seconds_count"
        return value(after, name, **labels) - value(before, name, **labels)

    template = "/api/v1/users/{id}"
    assert grew(http_route=template, http_response_status_code="200", http_request_method="GET") == 3
    assert grew(http_route=template, http_response_status_code="401") == 1
    assert grew(http_route="unmatched", http_response_status_code="404") == 1
    assert phone.user_id not in after
    assert "/health" not in after
    assert 'http_route="/metrics"' not in after


async def test_the_edges_have_one_at_a_second_and_the_sums_fit(world: World):
    await world.call("GET", "/products")
    text = await read(world)
    edges = set(re.findall(r'http_server_request_duration_seconds_bucket\{[^}]*le="([^"]+)"', text))
    assert {"0.1", "1.0", "+Inf"} <= edges
    everything = value(text, "http_server_request_duration_seconds_bucket", le="+Inf")
    assert everything == value(text, "http_server_request_duration_seconds_count") > 0
    assert value(text, "http_server_request_duration_seconds_sum") > 0
    assert value(text, "http_server_active_requests") == 1  # the one that reads


async def test_statements_are_counted_by_name_and_waits_for_the_pool_too(world: World):
    before = await read(world)
    phone = await world.register()
    await phone.refreshes()
    after = await read(world)
    for query in ("insert users", "update refresh_tokens"):
        name = "db_client_operation_duration_seconds_count"
        assert value(after, name, query=query) > value(before, name, query=query), query
    assert phone.email not in after
    assert value(after, "db_client_connection_wait_time_seconds_count") > 0
    assert value(after, "db_client_connection_max") >= 10
    assert value(after, "db_client_connection_count", db_client_connection_state="used") == 0
    for kind in ("connect", "pool_timeout", "08", "40", "53", "57P", "other"):
        assert f'db_errors_total{{class="{kind}"}}' in after
    rotated = value(after, "auth_refreshes_total", outcome="rotated")
    assert rotated == value(before, "auth_refreshes_total", outcome="rotated") + 1
    assert 'auth_refreshes_total{outcome="reused"}' in before


async def test_a_process_tells_its_memory_its_processor_time_and_its_version(world: World):
    text = await read(world)
    assert value(text, "service_memory_used_bytes") > 2**20
    assert value(text, "process_resident_memory_bytes") > 2**20
    assert value(text, "process_cpu_seconds_total") > 0
    assert value(text, "service_info", process="test") == 1


async def test_a_providers_faults_are_counted_from_0_so_that_an_alert_sees_the_first(world: World):
    def told(text: str) -> dict[str, float]:
        ways = ("ok", "unknown", "timeout", "not_sent", "short_circuited")
        of = {"provider": "vendor", "operation": "look"}
        return {
            way: value(text, "provider_calls_total", outcome=way, **of) for way in ways if f'outcome="{way}"' in text
        }

    calls.ended("vendor", "look", "ok", 0.1)
    assert told(await read(world)) == {"ok": 1, "unknown": 0, "timeout": 0, "not_sent": 0, "short_circuited": 0}
    calls.ended("vendor", "look", "timeout", 25.0)
    assert told(await read(world))["timeout"] == 1


@pytest.mark.parametrize("version", [1, 2])
def test_a_containers_memory_is_what_its_limit_counts_less_what_the_kernel_can_drop(
    tmp_path: pathlib.Path, version: int
):
    names: tuple[str, ...] = ("memory.current", "memory.max", "memory.stat", "inactive_file")
    if version == 1:
        names = tuple(f"memory/memory.{name}" for name in ("usage_in_bytes", "limit_in_bytes", "stat"))
        names += ("total_inactive_file",)
        (tmp_path / "memory").mkdir()
    used, limit, stat, droppable = names
    (tmp_path / used).write_text("9000\n")
    (tmp_path / stat).write_text(f"anon 1\n{droppable} 2000\nfile 3\n")
    for nothing in ("max", str(2**63 - 4096)):
        (tmp_path / limit).write_text(f"{nothing}\n")
        assert footprint.container(tmp_path) is None
    (tmp_path / limit).write_text("10000\n")
    found = footprint.container(tmp_path)
    assert found is not None
    assert (found.limit_bytes, found.used_bytes()) == (10_000, 7_000)


def test_without_a_container_nothing_limits_it(tmp_path: pathlib.Path):
    assert footprint.container(tmp_path) is None
    assert footprint.resident_bytes() > 2**20


async def test_with_a_token_a_stranger_meets_nothing(database_url: str, clock: MovedClock):
    async with running(database_url, clock, metrics_token=TOKEN) as world:
        for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            assert (await world.call("GET", "/metrics", **sent)).status_code == 404
        assert (await world.call("GET", "/metrics", token=TOKEN)).status_code == 200


@pytest.mark.parametrize(("where", "opens"), [("development", True), ("test", True), ("preview", False)])
def test_without_a_token_only_a_laptop_and_a_test_are_open(where: str, opens: bool):
    assert environment.load(app_env=where).serves_metrics is opens


def test_production_has_no_open_metrics_and_no_short_token():
    with pytest.raises(environment.BadSettings) as found:
        environment.load(app_env="production", metrics_token="short")
    assert "METRICS_TOKEN" in found.value.faults
    with pytest.raises(environment.BadSettings) as found:
        environment.load(app_env="production")
    assert "METRICS_TOKEN" not in found.value.faults, "it may be without: then there is no /metrics"
    closed = environment.load(app_env="test").model_copy(update={"app_env": "production"})
    assert not closed.serves_metrics
    assert telemetry.start(closed, "web") is None, "nobody would read it, so nothing is counted"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("SELECT id FROM users WHERE id = %(id)s", "select users"),
        ("\n  WITH a AS (DELETE FROM holds RETURNING id) SELECT * FROM a JOIN users ON true", "with holds users"),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT DO UPDATE SET a = 2", "insert t"),
        ("SELECT ledger_post(%(a)s)", "select ledger_post"),
        ("UPDATE only_this SET a = 1 FROM other", "update only_this other"),
        ("SELECT 1", "select"),
        ("", "other"),
    ],
)
def test_a_statement_is_named_by_its_verb_and_its_tables(statement: str, name: str):
    assert name_of(statement) == name


def test_an_edge_belongs_to_the_bucket_below_it_and_labels_stay_bounded():
    tally = Tally("seconds", "", ("who",), (1.0, 2.0))
    TALLIES.remove(tally)  # it is no metric of the service's
    for seconds in (0.5, 1.0, 1.5, 2.0, 3.0):
        tally.record(("a",), seconds)
    assert tally.series["a",] == [2, 2, 1, 8.0]
    for number in range(5000):
        tally.record((number,), 0)
    assert len(tally.series) == 2001
    assert tally.series["other",][0] > 3000
