"""What the log of a real process says, and what it never says."""

import json
import pathlib
import re
import signal

import pytest

from tests.flows.planting import CANARY, TRACE, plant
from tests.flows.process import Postgres, service
from tests.flows.test_faults import person, registered
from tests.world import code


@pytest.mark.parametrize("form", ["json", "console"])
async def test_no_secret_reaches_the_log(postgres: Postgres, folder: pathlib.Path, form: str):
    settings = {"database_url": postgres.url, "log_format": form, "log_level": "debug"}
    with service(folder, command="serve", **settings) as running_service:
        async with running_service.client() as client:
            secrets = await plant(client, running_service)
            faulty = person() | {"email": f"{CANARY}@example.com", "name": CANARY}
            with postgres.without_table("users"):
                fault = await client.post("/auth/register", json=faulty)
            assert (fault.status_code, code(fault)) == (500, "INTERNAL_ERROR")
            assert "users" not in fault.text
        running_service.signal(signal.SIGTERM)
        assert running_service.exit_code() == 0
        log = running_service.log
    # The cause and its stack are there for us.
    assert 'relation "users" does not exist' in log.replace("\\", "")
    assert "Traceback (most recent call last)" in log
    for secret in secrets:
        assert secret not in log


async def test_each_request_is_one_line_with_its_template_status_duration_and_user(
    postgres: Postgres, folder: pathlib.Path
):
    with service(folder, command="serve", database_url=postgres.url, log_format="json") as running_service:
        async with running_service.client() as client:
            _, opened = await registered(client)
            user_id, token = opened.json()["user"]["id"], opened.json()["accessToken"]
            bearer = {"Authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
            await client.get("/users/me", headers=bearer | {"X-Request-ID": "request-one"})
            await client.put(f"/users/{user_id}", json={"name": "Eve"}, headers=bearer)
            await client.get("/users/me", headers={"X-Request-ID": "request-two"})
            await client.get("/nothing/at/all")
            for _ in range(3):
                await client.get("/health")
        running_service.signal(signal.SIGTERM)
        assert running_service.exit_code() == 0
        lines = [json.loads(line) for line in running_service.log.splitlines()]
    assert all(line["timestamp"].endswith("Z") and line["severity_text"] and line["message"] for line in lines)
    requests = [line for line in lines if line["message"] == "request" and line["http.route"] != "/api/v1/health/live"]
    assert [
        (line["http.request.method"], line["http.route"], line["http.response.status_code"], line.get("user.id"))
        for line in requests
    ] == [
        ("POST", "/api/v1/auth/register", 201, None),
        ("GET", "/api/v1/users/{id}", 200, user_id),
        ("PUT", "/api/v1/users/{id}", 200, user_id),
        ("GET", "/api/v1/users/{id}", 401, None),
        ("GET", "unmatched", 404, None),
    ]
    assert all(line["duration_ms"] > 0 and line["client.address"] == "127.0.0.1" for line in requests)
    assert [line["request_id"] for line in requests if line["request_id"].startswith("request-")] == [
        "request-one",
        "request-two",
    ]
    assert [line.get("trace_id") for line in requests] == [None, TRACE, TRACE, None, None]


async def test_a_person_can_read_the_other_form(postgres: Postgres, folder: pathlib.Path):
    with service(folder, command="serve", database_url=postgres.url, log_format="console") as running_service:
        async with running_service.client() as client:
            await client.get("/nothing")
        running_service.signal(signal.SIGTERM)
        assert running_service.exit_code() == 0
        assert re.search(r"\[info +\] request .*http\.route=unmatched", running_service.log)
