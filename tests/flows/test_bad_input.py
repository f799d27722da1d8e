"""Calls that no honest app makes: each is a 4xx in the one envelope, and costs little."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator

import httpx2
import pytest
import structlog.testing

from cleanly.entry import api
from cleanly.entry import context as contexts
from cleanly.entry import settings as environment
from cleanly.entry.health import Liveness
from tests.flows.listening import listening
from tests.moved_clock import MovedClock
from tests.world import PASSWORD, World, code, running

JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1024 * 1024


async def raw(world: World, body: bytes, path: str = "/auth/login", **headers: str) -> httpx2.Response:
    return await world.client.post(f"/api/v1{path}", content=body, headers=JSON | headers)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"email": "ada@example.com",}',
        b"{'email': 'ada@example.com'}",
        b'{"email": "ada@example.com"} more',
        b'{"email": "a\x00b"}',
        b'{"email": "a\nb"}',
        b'\xff\xfe{"email": "x"}',
        b'\xef\xbb\xbf{"email": "ada@example.com"}',
        '{"email": "ada@example.com"}'.encode("utf-16"),
        '{"email": "ada@example.com"}'.encode("utf-32-le"),
        b'{"email": "\xed\xa0\x80"}',
        b'{"email": "\xc0\x80"}',
        b'{"email": "\\u0000"}',
        b'{"email": "\\ud800"}',
        b'{"email": "\\udc00\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"deep": [[{"email": "\\u0000"}]]}',
        b'{"email": NaN}',
        b'{"email": Infinity}',
        b'{"email": -Infinity}',
        b'{"email": "ada@example.com", "email": "eve@example.com"}',
        b'{"email": {"a": 1, "\\u0061": 2}}',
        b"[" * 100_000,
        nested(33),
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"email": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_a_body_that_is_no_json_of_ours_is_malformed(world: World, body: bytes):
    reply = await raw(world, body)
    assert (reply.status_code, code(reply)) == (400, "MALFORMED_REQUEST")


async def test_json_may_be_as_deep_as_the_limit_and_hold_every_other_character(world: World):
    assert code(await raw(world, nested(32))) == "VALIDATION_ERROR"
    brackets_in_text = json.dumps({"email": "[" * 1000, "password": '\\"[{' * 50}).encode()
    assert code(await raw(world, brackets_in_text)) == "VALIDATION_ERROR"
    name = "Zo\u00eb \U0001f600 \u4e2d\u6587"
    reply = await world.call(
        "POST", "/auth/register", {"email": "zoe@example.com", "password": PASSWORD, "name": name}
    )
    assert reply.json()["user"]["name"] == name
    escaped = b'{"email": "eve@example.com", "password": "%s", "name": "\\ud83d\\ude00"}' % PASSWORD.encode()
    assert (await raw(world, escaped, "/auth/register")).json()["user"]["name"] == "\U0001f600"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 40 + b'"' + b'\\"' * 500_000,
        b"[" * 40 + b'"\\' * 250_000,
        b"[],{}," * 170_000,
        b'{"a":"' + b"\\u0041" * 170_000 + b'"}',
        b"{" + b",".join(b'"k%d":0' % number for number in range(80_000)) + b"}",
    ],
    ids=["open string of escapes", "quotes and backslashes", "many brackets", "many escapes", "many keys"],
)
async def test_no_body_within_the_limit_keeps_the_process_busy(world: World, body: bytes):
    assert len(body) <= MEBIBYTE
    began = time.process_time()
    reply = await raw(world, body)
    assert time.process_time() - began < 5
    assert reply.status_code in {400, 422}
    assert code(reply) in {"MALFORMED_REQUEST", "VALIDATION_ERROR"}
    assert len(reply.content) < 10_000


async def test_a_validation_error_names_no_more_than_a_screenful_of_fields(world: World):
    reply = await raw(world, json.dumps({f"{'x' * 5000}{number}": 1 for number in range(100)}).encode())
    errors = reply.json()["error"]["details"]["errors"]
    assert 1 < len(errors) <= 20
    assert all(len(row["field"]) <= 100 for row in errors)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"])
async def test_a_body_of_another_type_is_refused(world: World, kind: str):
    body = json.dumps({"email": "ada@example.com", "password": PASSWORD}).encode()
    reply = await world.client.post("/api/v1/auth/login", content=body, headers={"Content-Type": kind} if kind else {})
    assert (reply.status_code, code(reply)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=UTF-8"])
async def test_json_is_json_however_its_type_is_written(world: World, kind: str):
    await world.register("ada@example.com")
    body = json.dumps({"email": "ada@example.com", "password": PASSWORD}).encode()
    reply = await world.client.post("/api/v1/auth/login", content=body, headers={"Content-Type": kind})
    assert reply.status_code == 200


async def test_a_missing_body_is_a_missing_field(world: World):
    reply = await world.call("POST", "/auth/login")
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    assert reply.json()["error"]["details"]["reason"] == "missing"


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"true"])
async def test_a_body_that_is_no_object_is_not_valid(world: World, body: bytes):
    reply = await raw(world, body)
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")


async def test_an_unknown_field_is_named(world: World):
    reply = await raw(world, json.dumps({"email": "a@example.com", "password": PASSWORD, "pasword": "x"}).encode())
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    assert reply.json()["error"]["details"] == {"field": "pasword", "reason": "unknown_field"}


async def test_an_announced_body_that_is_too_large_is_refused(world: World):
    reply = await raw(world, b"x" * (MEBIBYTE + 1))
    assert (reply.status_code, code(reply)) == (413, "PAYLOAD_TOO_LARGE")
    reply = await raw(world, b"", **{"Content-Length": "9" * 5000})
    assert (reply.status_code, code(reply)) == (413, "PAYLOAD_TOO_LARGE")
    assert code(await raw(world, b'"' + b"x" * (MEBIBYTE - 2) + b'"')) == "VALIDATION_ERROR"


async def test_a_chunked_body_is_counted_while_it_comes(world: World):
    taken = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 65536
            yield b" " * 65536

    reply = await world.client.post("/api/v1/auth/login", content=chunks(), headers=JSON)
    assert (reply.status_code, code(reply)) == (413, "PAYLOAD_TOO_LARGE")
    assert taken <= MEBIBYTE + 2 * 65536


@pytest.mark.parametrize(
    "limit", ["0", "-1", "101", "abc", "1.5", "", "99999999999999999999999999", "9" * 5000, "1e2", "%00"]
)
async def test_a_limit_out_of_range_is_a_422(world: World, limit: str):
    phone = await world.register()
    reply = await phone.call("GET", f"/auth/sessions?limit={limit}")
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    assert reply.json()["error"]["details"]["field"] == "limit"


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "a" * 512, "%F0%9F%98%80", "..%2F..", "=", "\u00e9"])
async def test_a_cursor_that_we_did_not_sign_is_malformed(world: World, cursor: str):
    phone = await world.register()
    reply = await phone.call("GET", f"/auth/sessions?cursor={cursor}")
    assert (reply.status_code, code(reply)) == (400, "MALFORMED_REQUEST")


async def test_a_cursor_without_end_is_not_valid(world: World):
    phone = await world.register()
    reply = await phone.call("GET", f"/auth/sessions?cursor={'a' * 513}")
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("path_id", ["1", "x" * 64, "%00", "%F0%9F%98%80", "me%20", "00000000-0000-0000-0000-00000000000g"])
async def test_an_id_that_is_no_uuid_is_not_found_like_another_users(world: World, path_id: str):
    phone, other = await world.register(), await world.register()
    strange = await phone.call("GET", f"/users/{other.user_id}")
    assert (strange.status_code, code(strange)) == (404, "NOT_FOUND")
    for method, path, body in (
        ("GET", f"/users/{path_id}", None),
        ("PUT", f"/users/{path_id}", {"name": "Eve"}),
        ("DELETE", f"/users/{path_id}", None),
        ("GET", f"/users/{path_id}/export", None),
        ("DELETE", f"/auth/sessions/{path_id}", None),
    ):
        reply = await phone.call(method, path, body)
        assert (reply.status_code, reply.json()) == (404, strange.json()), (method, path)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/", "/api/v2/health", "/api/v1/users/", "/api/v1/health/", "/%00", "/api/v1/healthy"])
async def test_an_unknown_path_is_not_found(world: World, path: str):
    for method in ("GET", "POST", "DELETE"):
        reply = await world.client.request(method, path)
        assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/v1/users/me", {"GET", "HEAD", "PUT", "DELETE"}),
        ("PATCH", "/api/v1/users/me", {"GET", "HEAD", "PUT", "DELETE"}),
        ("OPTIONS", "/api/v1/users/me", {"GET", "HEAD", "PUT", "DELETE"}),
        ("GET", "/api/v1/auth/login", {"POST"}),
        ("HEAD", "/api/v1/auth/login", {"POST"}),
        ("PUT", "/api/v1/auth/sessions", {"GET", "HEAD"}),
        ("GET", "/api/v1/auth/sessions/1", {"DELETE"}),
        ("DELETE", "/docs", {"GET", "HEAD"}),
        ("POST", "/api/v1/openapi.json", {"GET", "HEAD"}),
        ("POST", "/.well-known/jwks.json", {"GET", "HEAD"}),
        ("TRACE", "/api/v1/health", {"GET", "HEAD"}),
        ("BREW", "/api/v1/health", {"GET", "HEAD"}),
    ],
)
async def test_a_wrong_method_is_told_every_right_one(world: World, method: str, path: str, allowed: set[str]):
    reply = await world.client.request(method, path)
    assert reply.status_code == 405
    assert set(reply.headers["allow"].split(", ")) == allowed
    if method != "HEAD":
        assert code(reply) == "METHOD_NOT_ALLOWED"


async def test_head_is_get_without_the_body(world: World):
    phone = await world.register()
    for path in ("/users/me", "/health", "/health/live", "/health/ready", "/errors", "/docs"):
        full, head = await phone.call("GET", path), await phone.call("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == full.headers["content-length"]
        assert head.headers.get("etag") == full.headers.get("etag")
        assert head.headers["ratelimit-policy" if "health" not in path else "x-request-id"]
    refused = await world.call("HEAD", "/users/me")
    assert (refused.status_code, refused.content) == (401, b"")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x y", "Bearer \u00ff", "Bearer eyJ.eyJ.x", "Bearer rt1.AAAA", "bearer " + "a" * 7000],
)
async def test_an_authorization_that_is_no_token_of_ours_is_a_401_with_a_challenge(world: World, authorization: str):
    reply = await world.client.get("/api/v1/users/me", headers={"Authorization": authorization.encode("latin-1")})
    assert (reply.status_code, code(reply)) == (401, "TOKEN_INVALID")
    assert reply.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_headers_of_ten_kilobytes_are_refused(world: World):
    for headers in ({"X-Padding": "x" * 10_000}, {f"X-{number}": "x" * 100 for number in range(100)}):
        reply = await world.client.get("/api/v1/health", headers=headers)
        assert (reply.status_code, code(reply)) == (400, "MALFORMED_REQUEST")
    reply = await world.client.get(f"/api/v1/health?{'x' * 10_000}")
    assert (reply.status_code, code(reply)) == (400, "MALFORMED_REQUEST")
    assert (await world.client.get("/api/v1/health", headers={"X-Padding": "x" * 4_000})).status_code == 200


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [
        ("abcdefgh", True),
        ("A.b_c-" + "9" * 122, True),
        ("short", False),
        ("x" * 129, False),
        ("has space", False),
        ("drop;table", False),
        ("snow\u00ffman12", False),
    ],
)
async def test_a_request_id_is_the_clients_if_it_is_harmless(world: World, sent: str, is_kept: bool):
    for path in ("/health", "/nothing", "/users/me"):
        reply = await world.client.get(f"/api/v1{path}", headers={"X-Request-ID": sent.encode("latin-1")})
        assert (reply.headers["x-request-id"] == sent) is is_kept
        assert len(reply.headers["x-request-id"]) >= 8


async def test_two_calls_have_two_request_ids(world: World):
    replies = [await world.call("GET", "/health") for _ in range(2)]
    assert replies[0].headers["x-request-id"] != replies[1].headers["x-request-id"]


ANSWERS = [
    ("GET", "/health", 200),
    ("GET", "/users/me", 401),
    ("GET", "/nothing", 404),
    ("DELETE", "/health", 405),
    ("POST", "/auth/login", 422),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_has_the_security_headers(world: World, method: str, path: str, status: int):
    reply = await world.call(method, path)
    assert reply.status_code == status
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert reply.headers["cache-control"] == "no-store"
    assert "server" not in reply.headers
    assert "strict-transport-security" not in reply.headers


async def test_only_what_may_be_kept_may_be_cached(world: World):
    phone = await world.register()
    assert (await phone.call("GET", "/users/me")).headers["cache-control"] == "private, no-cache"
    for path in ("/auth/sessions", "/users/me/export"):
        assert (await phone.call("GET", path)).headers["cache-control"] == "no-store"
    assert (await phone.refreshes()).headers["cache-control"] == "no-store"
    assert (await world.call("GET", "/errors")).headers["cache-control"] == "public, max-age=300"


async def test_every_answer_but_a_probes_tells_the_rate_limit(database_url: str, clock: MovedClock):
    async with running(database_url, clock, rate_limit_default="3/minute") as world:
        for left, path in ((2, "/nothing"), (1, "/users/me"), (0, "/errors")):
            reply = await world.call("GET", path)
            assert reply.headers["ratelimit-policy"] == '"default";q=3;w=60'
            assert reply.headers["ratelimit"].startswith(f'"default";r={left};t=')
        refused = await world.call("GET", "/errors")
        assert (refused.status_code, code(refused)) == (429, "RATE_LIMITED")
        assert refused.headers["ratelimit"].startswith('"default";r=0;')
        for _ in range(5):
            probe = await world.call("GET", "/health")
            assert probe.status_code == 200
            assert "ratelimit" not in probe.headers
        clock.move(seconds=int(refused.headers["retry-after"]))
        assert (await world.call("GET", "/errors")).status_code == 200


async def test_without_the_setting_no_page_may_read_an_answer(world: World):
    reply = await world.call("GET", "/health", Origin="https://app.example.com")
    assert not [name for name in reply.headers if name.startswith("access-control")]


async def test_cors_answers_the_named_origins_only(database_url: str, clock: MovedClock):
    async with running(database_url, clock, cors_origins=("https://app.example.com",)) as world:
        ask = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
        good, bad = {"Origin": "https://app.example.com"}, {"Origin": "https://evil.example.com"}
        for path, status in (("/health", 200), ("/users/me", 401), ("/nothing", 404)):
            reply = await world.call("GET", path, **good)
            assert reply.status_code == status
            assert reply.headers["access-control-allow-origin"] == good["Origin"]
            assert reply.headers["vary"] == "Origin"
            assert "X-Request-ID" in reply.headers["access-control-expose-headers"]
            assert "access-control-allow-credentials" not in reply.headers
            reply = await world.call("GET", path, **bad)
            assert "access-control-allow-origin" not in reply.headers
            assert reply.headers["vary"] == "Origin"
        may = await world.client.options("/api/v1/users/me", headers=good | ask)
        assert (may.status_code, may.content) == (204, b"")
        assert "PUT" in may.headers["access-control-allow-methods"]
        assert "Idempotency-Key" in may.headers["access-control-allow-headers"]
        may_not = await world.client.options("/api/v1/users/me", headers=bad | ask)
        assert (may_not.status_code, code(may_not)) == (403, "FORBIDDEN")
        assert "access-control-allow-origin" not in may_not.headers


async def test_cors_may_be_open_outside_production(database_url: str, clock: MovedClock):
    async with running(database_url, clock, cors_origins=("*",)) as world:
        reply = await world.call("GET", "/health", Origin="https://anyone.example.com")
        assert reply.headers["access-control-allow-origin"] == "*"


@pytest.fixture
async def production(database_url: str, clock: MovedClock) -> AsyncGenerator[World, None]:
    found = environment.load(
        app_env="production",
        database_url=database_url,
        jwt_secret="k7Qm2x9Lw4Tz8Vb1Nc5Rf3Hj6Yd0Sg-Pa",
        mail_url="smtps://user:secret@mail.example.com",
        public_url="https://api.example.com",
        allowed_hosts=("api.internal",),
        trusted_proxies=("192.0.2.1",),
    )
    async with contexts.build(found, database_url=database_url, name="test", clock=clock) as context:
        context.part(Liveness).has_booted = True
        app = api.create(context, found)
        transport = httpx2.ASGITransport(app=app, client=("192.0.2.1", 40000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.example.com") as client:
            yield World(context, clock, client, app)


HTTPS = {"X-Forwarded-Proto": "https", "Host": "api.example.com"}


async def test_production_refuses_plain_http(production: World):
    for sent in ({"X-Forwarded-Proto": "http"}, {}, {"X-Forwarded-Proto": "https, http"}):
        reply = await production.call("GET", "/users/me", **({"Host": "api.example.com"} | sent))
        assert (reply.status_code, code(reply)) == (403, "FORBIDDEN")
        assert reply.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert (await production.call("GET", "/users/me", **HTTPS)).status_code == 401
    assert (await production.call("GET", "/errors", **HTTPS)).headers["strict-transport-security"]


async def test_a_stranger_who_claims_https_is_not_believed(production: World):
    transport = httpx2.ASGITransport(app=production.app, client=("198.51.100.7", 40000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api.example.com") as stranger:
        reply = await stranger.get("/api/v1/errors", headers=HTTPS)
        assert (reply.status_code, code(reply)) == (403, "FORBIDDEN")


async def test_production_answers_only_to_its_names(production: World):
    for host in ("evil.example.com", "", "api.example.com.evil.com"):
        reply = await production.call("GET", "/errors", **(HTTPS | {"Host": host}))
        assert (reply.status_code, code(reply)) == (400, "MALFORMED_REQUEST")
    for host in ("api.example.com", "API.Example.com:443", "api.internal"):
        assert (await production.call("GET", "/errors", **(HTTPS | {"Host": host}))).status_code == 200


async def test_the_platforms_probe_reaches_production_directly(production: World):
    assert (await production.call("GET", "/health/live", Host="10.0.0.3")).status_code == 200


async def test_production_shows_neither_docs_nor_mailbox(production: World):
    for path in ("/docs", "/openapi.json", "/dev/mail", "/redoc"):
        reply = await production.call("GET", path, **HTTPS)
        assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")


async def test_with_edge_enforce_only_the_edge_gets_in(database_url: str, clock: MovedClock):
    secret = "the-edge-knows-this-1234"
    async with running(database_url, clock, edge_secret=(secret,), edge_enforce="on") as world:
        for sent in ({}, {"X-Edge-Secret": "the-edge-knows-this-1235"}, {"X-Edge-Secret": ""}):
            reply = await world.call("GET", "/errors", **sent)
            assert (reply.status_code, code(reply)) == (403, "FORBIDDEN")
        assert (await world.call("GET", "/errors", **{"X-Edge-Secret": secret})).status_code == 200
        assert (await world.call("GET", "/health")).status_code == 200


async def test_a_fault_of_ours_is_a_500_that_tells_nothing(world: World, monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: object) -> bytes:
        raise ValueError("the secret cause")

    monkeypatch.setattr("cleanly.domain.users.routes.profile", broken)
    phone = await world.register()
    with structlog.testing.capture_logs() as lines:
        reply = await phone.call("GET", "/users/me")
    (fault,) = [line for line in lines if line["event"] == "request_failed"]
    assert (fault["log_level"], fault["exc_info"], fault["route"]) == ("error", True, "/api/v1/users/{id}")
    assert (reply.status_code, code(reply)) == (500, "INTERNAL_ERROR")
    assert "secret cause" not in reply.text
    assert "Traceback" not in reply.text
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["ratelimit"]


async def test_a_fault_in_front_of_the_routes_is_a_500_too(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cleanly.platform.ratelimit.service.Limiter.hit", None)
    with structlog.testing.capture_logs() as lines:
        reply = await world.call("GET", "/errors")
    assert [line["event"] for line in lines] == ["request_failed", "request"]
    assert (reply.status_code, code(reply)) == (500, "INTERNAL_ERROR")


async def test_a_request_that_takes_too_long_is_a_503(database_url: str, clock: MovedClock):
    async with running(database_url, clock, request_seconds_max=0.3) as world:
        phone = await world.register()
        async with world.context.db.begin() as session:
            connection = await session.connection()
            await connection.exec_driver_sql("SELECT 1 FROM users FOR UPDATE")
            reply = await phone.call("PUT", "/users/me", {"name": "Eve"})
        assert (reply.status_code, code(reply)) == (503, "SERVICE_UNAVAILABLE")
        assert int(reply.headers["retry-after"]) >= 1
        assert (await phone.call("GET", "/users/me")).json()["name"] == "Ada"
        assert (await phone.call("PUT", "/users/me", {"name": "Eve"})).status_code == 200


# What only a socket can show.


async def spoken(port: int, sent: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """Send bytes; the answer's status line, headers and body, and that the server is done with us."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        await writer.drain()
        async with asyncio.timeout(20):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
        return head[0].encode(), headers, body
    finally:
        writer.close()


def told(body: bytes) -> str:
    return str(json.loads(body)["error"]["code"])


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"no http at all\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-Padding: " + b"x" * 200_000,
    ],
    ids=["tls", "prose", "version", "header name", "nul", "two lengths", "minus", "smuggling", "path", "endless head"],
)
async def test_bytes_that_are_no_http_get_the_envelope(world: World, sent: bytes):
    async with listening(world) as port:
        status, headers, body = await spoken(port, sent)
    assert status == b"HTTP/1.1 400 Bad Request"
    assert told(body) == "MALFORMED_REQUEST"
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert len(headers["x-request-id"]) >= 8


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked"
        b"\r\n\r\n100001\r\n" + b" " * 0x100001 + b"\r\n",
    ],
    ids=["announced", "expected", "chunked"],
)
async def test_a_body_that_is_too_large_is_refused_before_it_has_come(world: World, sent: bytes):
    async with listening(world) as port:
        status, _, body = await spoken(port, sent)
    assert status == b"HTTP/1.1 413 Request Entity Too Large" or status.startswith(b"HTTP/1.1 413")
    assert told(body) == "PAYLOAD_TOO_LARGE"


async def test_who_goes_on_sending_after_a_refusal_is_cut_off(world: World):
    async with listening(world) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413")
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                writer.write(b"x" * MEBIBYTE)
                await writer.drain()
        writer.close()


async def test_a_caller_that_hangs_up_in_its_own_sentence_harms_nobody(world: World):
    async with listening(world) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
        )
        await writer.drain()
        writer.close()
        status, _, _ = await spoken(port, b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == b"HTTP/1.1 200 OK"


async def test_an_offer_to_upgrade_is_passed_over(world: World):
    upgrade = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    async with listening(world) as port:
        status, _, body = await spoken(port, upgrade)
    assert (status, json.loads(body)["status"]) == (b"HTTP/1.1 200 OK", "ok")
