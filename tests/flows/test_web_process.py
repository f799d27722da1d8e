"""What every answer carries, who may call from where, and what production refuses."""

from collections.abc import AsyncGenerator

import httpx2
import pytest
import structlog.testing

from cleanly.entry import api, serve
from cleanly.entry import context as contexts
from cleanly.entry import settings as environment
from cleanly.entry.health import Liveness
from tests.moved_clock import MovedClock
from tests.world import World, code, running


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x y",
        "Bearer \u00ff",
        "Bearer eyJ.eyJ.x",
        "Bearer rt1.AAAA",
        "bearer " + "a" * 7000,
    ],
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


async def test_every_answer_but_a_probes_tells_the_rate_limit(fresh_url: str, clock: MovedClock):
    async with running(fresh_url, clock, rate_limit_default="3/minute") as world:
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


async def test_cors_answers_the_named_origins_only(fresh_url: str, clock: MovedClock):
    async with running(fresh_url, clock, cors_origins=("https://app.example.com",)) as world:
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


async def test_cors_may_be_open_outside_production(fresh_url: str, clock: MovedClock):
    async with running(fresh_url, clock, cors_origins=("*",)) as world:
        reply = await world.call("GET", "/health", Origin="https://anyone.example.com")
        assert reply.headers["access-control-allow-origin"] == "*"


@pytest.fixture
async def production(fresh_url: str, clock: MovedClock) -> AsyncGenerator[World, None]:
    found = environment.load(
        app_env="production",
        database_url=fresh_url,
        jwt_secret="k7Qm2x9Lw4Tz8Vb1Nc5Rf3Hj6Yd0Sg-Pa",
        mail_url="smtps://user:secret@mail.example.com",
        mail_from="Cleanly <no-reply@example.com>",
        app_link_base="https://example.com/app",
        public_url="https://api.example.com",
        allowed_hosts=("api.internal",),
        trusted_proxies=("192.0.2.1",),
    )
    async with contexts.build(found, database_url=fresh_url, name="test", clock=clock) as context:
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


async def test_a_process_takes_no_traffic_before_it_has_seen_its_schema(world: World):
    world.context.part(Liveness).has_booted = False
    refused = await world.call("GET", "/health/live")
    assert (refused.status_code, code(refused)) == (503, "SERVICE_UNAVAILABLE")
    assert (await world.call("GET", "/health")).status_code == 200
    await serve.wait_for_schema(world.context)
    assert (await world.call("GET", "/health/live")).status_code == 200


async def test_the_platforms_probe_reaches_production_directly(production: World):
    assert (await production.call("GET", "/health/live", Host="10.0.0.3")).status_code == 200


async def test_production_shows_neither_docs_nor_mailbox(production: World):
    for path in ("/docs", "/openapi.json", "/dev/mail", "/redoc"):
        reply = await production.call("GET", path, **HTTPS)
        assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")


async def test_with_edge_enforce_only_the_edge_gets_in(fresh_url: str, clock: MovedClock):
    secret = "the-edge-knows-this-1234"
    async with running(fresh_url, clock, edge_secret=(secret,), edge_enforce="on") as world:
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
    assert "request_failed" in [line["event"] for line in lines]
    assert (reply.status_code, code(reply)) == (500, "INTERNAL_ERROR")


async def test_a_request_that_takes_too_long_is_a_503(fresh_url: str, clock: MovedClock):
    async with running(fresh_url, clock, request_seconds_max=0.3) as world:
        phone = await world.register()
        async with world.context.db.begin() as session:
            connection = await session.connection()
            await connection.exec_driver_sql("SELECT 1 FROM users FOR UPDATE")
            reply = await phone.call("PUT", "/users/me", {"name": "Eve"})
        assert (reply.status_code, code(reply)) == (503, "SERVICE_UNAVAILABLE")
        assert int(reply.headers["retry-after"]) >= 1
        assert (await phone.call("GET", "/users/me")).json()["name"] == "Ada"
        assert (await phone.call("PUT", "/users/me", {"name": "Eve"})).status_code == 200


async def test_the_error_table_names_each_code_once_and_what_to_do(world: World):
    rows = (await world.call("GET", "/errors")).json()["items"]
    codes = [row["code"] for row in rows]
    assert len(codes) == len(set(codes))
    assert all(set(row) == {"code", "status", "message", "action"} and row["action"] for row in rows)
    assert {
        "MALFORMED_REQUEST",
        "VALIDATION_ERROR",
        "WEAK_PASSWORD",
        "IDEMPOTENCY_KEY_REQUIRED",
        "IDEMPOTENCY_KEY_INVALID",
        "IDEMPOTENCY_KEY_REUSED",
        "IDEMPOTENCY_IN_PROGRESS",
        "TOKEN_MISSING",
        "TOKEN_INVALID",
        "TOKEN_EXPIRED",
        "TOKEN_SUPERSEDED",
        "INVALID_CREDENTIALS",
        "REFRESH_TOKEN_INVALID",
        "REFRESH_TOKEN_REUSED",
        "SESSION_REVOKED",
        "SESSION_EXPIRED",
        "REAUTHENTICATION_REQUIRED",
        "FORBIDDEN",
        "NOT_FOUND",
        "METHOD_NOT_ALLOWED",
        "EMAIL_TAKEN",
        "CONFLICT",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        "RATE_LIMITED",
        "ACCOUNT_TEMPORARILY_LOCKED",
        "INTERNAL_ERROR",
        "SERVICE_UNAVAILABLE",
    } <= set(codes)
