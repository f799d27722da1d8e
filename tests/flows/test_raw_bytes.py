"""What only a socket can show: bytes that are no HTTP, bodies without end, callers that hang up."""

import asyncio
import json

import pytest

from tests.flows.listening import listening
from tests.world import World

MEBIBYTE = 1024 * 1024
LOGIN = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"


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
        LOGIN + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        LOGIN + b"Content-Length: -1\r\n\r\n",
        LOGIN + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
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
        LOGIN + b"Content-Length: 99999999999\r\n\r\n{",
        LOGIN + b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n",
        LOGIN + b"Content-Type: application/json\r\nTransfer-Encoding: chunked"
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
        writer.write(LOGIN + b"Content-Length: 999999999\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413")

        async def go_on() -> None:
            for _ in range(1000):
                writer.write(b"x" * MEBIBYTE)
                await writer.drain()

        with pytest.raises(ConnectionError):
            await go_on()
        writer.close()


async def test_a_caller_that_hangs_up_in_its_own_sentence_harms_nobody(world: World):
    async with listening(world) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(LOGIN + b"Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{")
        await writer.drain()
        writer.close()
        status, _, _ = await spoken(port, b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == b"HTTP/1.1 200 OK"


async def test_an_offer_to_upgrade_is_passed_over(world: World):
    upgrade = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    async with listening(world) as port:
        status, _, body = await spoken(port, upgrade)
    assert (status, json.loads(body)["status"]) == (b"HTTP/1.1 200 OK", "ok")
