"""Calls that no honest app makes: each is a 4xx in the one envelope, and costs little."""

import json
import time
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.world import PASSWORD, World, code

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
    reply = await world.call("POST", "/auth/register", {"email": "zoe@example.com", "password": PASSWORD, "name": name})
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


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=UTF-8"]
)
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
    told = {"field": "body", "reason": "not_an_object"}
    assert (reply.json()["error"]["message"], reply.json()["error"]["details"]) == ("Body must be an object", told)


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


@pytest.mark.parametrize(
    "path_id", ["1", "x" * 64, "%00", "%F0%9F%98%80", "me%20", "00000000-0000-0000-0000-00000000000g"]
)
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


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/", "/api/v2/health", "/api/v1/users/", "/api/v1/health/", "/%00", "/api/v1/healthy"]
)
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
