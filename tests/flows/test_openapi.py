"""The document at /api/v1/openapi.json is whole, and the service keeps to it whatever it is sent."""

import base64
import hashlib
import pathlib
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any, Self

import httpx2
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.flows.process import Postgres, Service, service
from tests.world import PASSWORD, World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
EXAMPLES = 9  # per operation and mode


async def document(world: World) -> dict[str, Any]:
    reply = await world.client.get("/api/v1/openapi.json")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    return dict(reply.json())


def operations(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


async def test_every_route_of_the_contract_is_described(world: World):
    names = {name for name, _ in operations(await document(world))}
    assert names >= {
        "GET /api/v1/health",
        "GET /api/v1/health/live",
        "GET /api/v1/health/ready",
        "GET /api/v1/errors",
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/logout",
        "GET /api/v1/auth/sessions",
        "DELETE /api/v1/auth/sessions/{id}",
        "POST /api/v1/auth/verify-email/request",
        "POST /api/v1/auth/verify-email/confirm",
        "POST /api/v1/auth/password/forgot",
        "POST /api/v1/auth/password/reset",
        "POST /api/v1/auth/password/change",
        "POST /api/v1/auth/google",
        "GET /api/v1/users/{id}",
        "PUT /api/v1/users/{id}",
        "DELETE /api/v1/users/{id}",
        "GET /api/v1/users/{id}/export",
    }
    assert not [name for name in names if "/dev/" in name]


async def test_every_operation_has_a_name_a_summary_and_its_errors(world: World):
    found = await document(world)
    known = {row["code"]: row["status"] for row in (await world.call("GET", "/errors")).json()["items"]}
    ids = Counter(operation["operationId"] for _, operation in operations(found))
    assert not [name for name, times in ids.items() if times > 1]
    for name, operation in operations(found):
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert set(errors) >= {"400", "429", "500", "503"}, name
        for status, answer in errors.items():
            content = answer["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorEnvelope"}, name
            assert content["examples"], name
            for code, example in content["examples"].items():
                assert example["value"]["error"]["code"] == code
                assert known[code] == int(status), name


async def test_every_body_has_an_example_that_fits_its_schema(world: World):
    found = await document(world)
    schemas = found["components"]["schemas"]
    for name, operation in operations(found):
        bodies = [
            operation.get("requestBody"),
            *(operation["responses"].get(str(status)) for status in range(200, 300)),
        ]
        for media in (body["content"]["application/json"] for body in bodies if body and "content" in body):
            assert "example" in media, name
            if "$ref" in media["schema"]:
                schema = schemas[media["schema"]["$ref"].rpartition("/")[2]]
                assert set(media["example"]) == set(schema["properties"]), name


async def test_a_key_is_offered_on_every_post_and_put_and_a_token_asked_where_one_is_needed(world: World):
    found = await document(world)
    assert found["components"]["securitySchemes"]["accessToken"]["scheme"] == "bearer"
    for name, operation in operations(found):
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert ("Idempotency-Key" in names) is name.startswith(("POST", "PUT")), name
        is_public = await world.call(name.split()[0], name.split()[1].replace("{id}", "me").removeprefix("/api/v1"))
        if is_public.status_code == 401:
            assert operation.get("security") or "INVALID_CREDENTIALS" not in str(operation["responses"]["401"]), name


async def test_the_docs_page_shows_the_document(world: World):
    page = await world.client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert 'href="/api/v1/openapi.json"' in page.text  # for who has no way to the vendor's script
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    # Nothing runs on the API's own address but these bytes.
    [own] = re.findall(r"<script>(.*?)</script>", page.text)
    scripts = policy.partition("script-src ")[2].partition(";")[0].split()
    assert scripts[0] == f"'sha256-{base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()}'"
    loaded = re.findall(r'(?:src|href)="(https://[^"]+)" integrity="sha384-[\w+/]{64}"', page.text)
    assert len(loaded) == page.text.count('="https://') == 2
    assert all(address.startswith(scripts[1]) for address in loaded)


class Visitor:
    """Calls as a live user; makes itself a new one whenever a call may have ended the old."""

    def __init__(self, running_service: Service) -> None:
        self._client = httpx2.Client(base_url=f"{running_service.address}/api/v1", timeout=30)
        self._known: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def known(self) -> dict[str, str]:
        """What this user could truly send, by the field's name."""
        if not self._known:
            body = {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD, "name": "Ada"}
            reply = self._client.post("/auth/register", json=body)
            assert reply.status_code == 201, reply.text
            self._known = reply.json() | {
                "password": PASSWORD,
                "currentPassword": PASSWORD,
                "newPassword": f"{PASSWORD} again",
                "email": body["email"],
            }
        return self._known

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.known()['accessToken']}"}

    def saw(self, method: str, status: int) -> None:
        if status == 401 or (method != "GET" and status < 300):
            self._known = {}


def make_sensible(case: Any, visitor: Visitor) -> None:
    """Put true values in the places where only a true one can succeed."""
    known = visitor.known()
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = "me"
    if isinstance(case.body, dict):
        if case.operation.path.endswith("/register"):
            known = known | {"email": f"{uuid.uuid4().hex}@example.com"}
        case.body = case.body | {name: known[name] for name in case.body if name in known}


def try_out(operation: Any, mode: GenerationMode, visitor: Visitor, seen: Counter[tuple[str, int]]) -> None:
    """Call one operation with made-up values; half of the time with some that are true."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_sensible=st.booleans())
    def call(case: Any, is_sensible: bool) -> None:
        if is_sensible:
            make_sensible(case, visitor)
        reply = case.call(headers=visitor.headers(), timeout=30)
        case.validate_response(reply, checks=CHECKS)
        visitor.saw(case.method, reply.status_code)
        seen[operation.label, reply.status_code] += 1

    call()


def test_whatever_is_sent_the_answer_is_a_declared_one(postgres: Postgres, folder: pathlib.Path):
    seen = Counter[tuple[str, int]]()
    with (
        service(folder, command="serve", database_url=postgres.url) as running_service,
        Visitor(running_service) as visitor,
    ):
        schema = schemathesis.openapi.from_url(f"{running_service.address}/api/v1/openapi.json")
        for result in schema.get_all_operations():
            operation = result.ok()
            try_out(operation, GenerationMode.POSITIVE, visitor, seen)
            if operation.body or operation.query or operation.path_parameters:
                try_out(operation, GenerationMode.NEGATIVE, visitor, seen)
        assert "Traceback" not in running_service.log
    # The calls were no mere noise: what can succeed with made-up values did.
    succeeded = {label for label, status in seen if status < 300}
    assert succeeded >= {
        "GET /api/v1/users/{id}",
        "PUT /api/v1/users/{id}",
        "DELETE /api/v1/users/{id}",
        "GET /api/v1/users/{id}/export",
        "GET /api/v1/auth/sessions",
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/logout",
        "POST /api/v1/auth/password/change",
        "POST /api/v1/auth/password/forgot",
    }
