"""What a real process tells a collector and a scraper: everything that was asked for, to its last second, no secret."""

import json
import pathlib
import signal
from typing import Any

import httpx2

from tests.flows import planting
from tests.flows.collector import collecting
from tests.flows.planting import CANARY, TRACE
from tests.flows.process import Postgres, service, until
from tests.flows.test_faults import person, registered
from tests.metering import value
from tests.world import code

TOKEN = f"{CANARY}-metrics-token-of-thirty-two-bytes"


def leaks(outputs: dict[str, str], secrets: list[str]) -> list[tuple[str, str]]:
    """Where a secret stands in an output, and what is around it."""
    found = ((name, text, text.find(secret)) for name, text in outputs.items() for secret in secrets)
    return [(name, text[max(0, place - 200) : place + 100]) for name, text, place in found if place >= 0]


async def test_what_is_pushed_scraped_logged_and_refused_holds_no_secret(postgres: Postgres, folder: pathlib.Path):
    refusals: list[str] = []

    async def keep(reply: httpx2.Response) -> None:
        if reply.status_code >= 400:
            await reply.aread()
            refusals.append(reply.text)

    with collecting() as collector, planting.echoing() as echo:
        settings = planting.settings(echo) | {
            "database_url": postgres.url,
            "log_format": "json",
            "log_level": "debug",
            "metrics_token": TOKEN,
            "otel_exporter_otlp_endpoint": collector.address,
            "otel_exporter_otlp_headers": f"x-key={CANARY}%20key",
            "otel_metric_export_interval": "3600000",
            "otel_traces_sampler_arg": "1",
            "otel_bsp_max_queue_size": "100000",  # the SDK's own: on a busy machine it would drop the oldest
        }
        with service(folder, command="dev", **settings) as running:
            trace = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"}
            async with running.client(event_hooks={"response": [keep]}) as client:
                secrets = await planting.plant(client, running)
                secrets += await planting.plant_everywhere(client)
                secrets += await planting.plant_outside(client, trace)
                unreadable = planting.plant_job(postgres)
                faulty = person() | {"email": f"{CANARY}@example.com", "name": CANARY}
                with postgres.without_table("users"):
                    fault = await client.post("/auth/register", json=faulty, headers={"X-Edge-Secret": CANARY})
                assert (fault.status_code, code(fault)) == (500, "INTERNAL_ERROR")
                await client.get("/products", headers=trace)
            with httpx2.Client() as plain:
                scraped = plain.get(f"{running.address}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
            assert scraped.status_code == 200
            counted = "http_server_request_duration_seconds_count"
            assert value(scraped.text, counted, http_response_status_code="500") == 1
            assert value(scraped.text, "http_server_errors_total") >= 1
            # A job that can't be read, and letters to a server that is not there, fail where no request waits.
            until(lambda: f'"job_id": {unreadable}' in running.log, "the worker has met the planted job")
            until(lambda: '"task": "mail.send"' in running.log, "the worker has tried a letter")
            running.signal(signal.SIGINT)
            assert running.exit_code() == 0
            log = running.log
    for called in ("/v1/customers", "/v1/accounts", "/v1/oauth2/token", "/keys", "/range/"):
        assert any(path.startswith(called) for path in echo.paths), called
    assert TRACE in echo.traces, "a call to a provider is in the caller's trace"
    # Sent once, at the end: a process does not take its last minute with it.
    pushed = collector.metrics()
    told = {metric.name for r in pushed.resource_metrics for scope in r.scope_metrics for metric in scope.metrics}
    assert {"http_server_request_duration_seconds", "db_client_operation_duration_seconds", "service_info"} <= told
    assert {"jobs_queue_depth", "cron_overdue", "auth_refreshes", "jobs_dead"} <= told
    named = {item.key: item.value.string_value for item in pushed.resource_metrics[0].resource.attributes}
    assert named["service.name"] == "cleanly-dev"
    assert collector.headers["x-key"] == f"{CANARY} key"
    spans = collector.spans()
    ours = {name: (trace_id, own, parent) for name, trace_id, own, parent in spans}
    assert "POST /api/v1/auth/register" in ours
    assert any(name.startswith("insert users") for name, *_ in spans), "a statement is a span"
    assert any(name.startswith("stripe ") for name, *_ in spans), "a call to a provider is a span"
    mails = {trace_id for name, trace_id, *_ in spans if name == "mail.send"}
    assert mails & {trace_id for name, trace_id, *_ in spans if name.startswith("POST ")}, "a job is in its trace"
    assert TRACE not in {trace_id for _, trace_id, *_ in spans}, "the caller has decided against it"
    outputs = {"log": log, "metrics": scraped.text, "pushed": collector.all().decode("latin-1")}
    outputs |= {f"refusal {number}": text for number, text in enumerate(refusals)}
    assert leaks(outputs, secrets) == []


async def test_a_trace_goes_on_in_the_job_that_a_request_asked_for(postgres: Postgres, folder: pathlib.Path):
    """Without spans as well: the ids stand in the lines of both."""
    with service(folder, command="serve", database_url=postgres.url, log_format="json") as running:
        async with running.client() as client:
            await registered(client, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
        running.signal(signal.SIGTERM)
        assert running.exit_code() == 0
        lines: list[dict[str, Any]] = [json.loads(line) for line in running.log.splitlines()]
    assert [line["trace_id"] for line in lines if line.get("http.route") == "/api/v1/auth/register"] == [TRACE]
    [(kept,)] = postgres.rows(
        "SELECT args ->> 'traceparent' FROM procrastinate_jobs WHERE args ->> 'traceparent' IS NOT NULL"
        " AND args ->> 'traceparent' LIKE %s LIMIT 1",
        f"00-{TRACE}%",
    )
    assert kept == f"00-{TRACE}-00f067aa0ba902b7-01"
