"""Outgoing HTTP against slow, endless, broken and unproven servers on loopback."""

import asyncio
import gzip
import ssl

import pytest

from cleanly.kernel.net import TO_KNOWN, Http, NetBroken, NetRefused, NetTimeout, NetTooLarge, trusted_tls
from tests.kernel.certificate import self_signed
from tests.kernel.loopback import forever, hello, serving


async def test_an_answer_comes_whole_with_its_status_and_headers():
    async with serving(hello) as server:
        answer = await server.ask(Http.to_known())
        assert (answer.status, answer.body) == (200, b"hello")
        assert answer.headers["x-kind"] == "a, b"


async def test_a_post_carries_its_body_and_headers():
    async with serving(hello) as server:
        http = Http.to_known()
        headers = {"Content-Type": "application/json", "X-Sign": "abc"}
        answer = await http.post(f"http://127.0.0.1:{server.port}/hook?a=1", body=b'{"a":1}', headers=headers)
        await http.close()
        assert answer.status == 200
        head = server.heads[0].lower()
        assert head.startswith(b"post /hook?a=1 http/1.1")
        assert b"x-sign: abc" in head
        assert b"content-length: 7" in head
        assert server.bodies == [b'{"a":1}']


async def test_a_redirect_is_an_answer_and_is_not_followed():
    async def redirect(reader, writer):
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    async with serving(redirect) as server:
        answer = await server.ask(Http.to_known())
        assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
        assert len(server.heads) == 1


async def test_cookies_are_not_kept_for_the_next_call():
    async def bake(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async with serving(bake) as server:
        http = Http.to_known()
        url = f"http://localhost:{server.port}/"
        await http.get(url)
        await http.get(url)
        await http.close()
        assert len(server.heads) == 2
        assert b"cookie" not in server.heads[1].lower()


async def test_the_environments_proxy_is_not_asked(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with serving(hello) as server:
        assert (await server.ask(Http.to_known())).status == 200


async def test_a_server_that_says_nothing_costs_the_deadline_and_no_more():
    async with serving(forever) as server:
        await _takes_the_deadline(server)


async def test_a_server_that_drips_costs_the_deadline_and_no_more():
    async def drip(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(drip) as server:
        await _takes_the_deadline(server)


async def _takes_the_deadline(server):
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(NetTimeout, match=r"127\.0\.0\.1"):
        await server.ask(Http.to_known(), deadline_seconds=0.3)
    assert 0.25 < loop.time() - began < 2


async def test_a_body_that_is_announced_too_large_is_not_read():
    async def announce(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")

    async with serving(announce) as server:
        with pytest.raises(NetTooLarge, match="announced"):
            await server.ask(Http.to_known(), body_bytes_max=1000)


async def test_a_body_without_end_is_dropped_at_the_limit():
    async def flood(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()

    async with serving(flood) as server:
        with pytest.raises(NetTooLarge, match="sent more than 100000"):
            await server.ask(Http.to_known(), body_bytes_max=100_000)


async def test_a_body_at_the_limit_is_read():
    async def exact(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)

    async with serving(exact) as server:
        assert len((await server.ask(Http.to_known(), body_bytes_max=1000)).body) == 1000


async def test_a_small_packed_body_does_not_unpack_beyond_the_limit():
    bomb = gzip.compress(bytes(20_000_000))

    async def explode(reader, writer):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        writer.write(head.encode() + bomb)

    async with serving(explode) as server:
        assert len(bomb) < 100_000
        with pytest.raises(NetTooLarge):
            await server.ask(Http.to_known(), body_bytes_max=100_000)


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"]
)
async def test_a_connection_that_breaks_is_told_from_one_that_was_never_made(said):
    async def broken(reader, writer):
        writer.write(said)

    async with serving(broken) as server:
        with pytest.raises(NetBroken):
            await server.ask(Http.to_known())


async def test_a_closed_port_and_an_unknown_name_are_refusals():
    async with serving(hello) as server:
        port = server.port
    http = Http.to_known()
    with pytest.raises(NetRefused):
        await http.get(f"http://127.0.0.1:{port}/")
    with pytest.raises(NetRefused):
        await http.get("http://nowhere.invalid/")
    await http.close()


async def test_an_untrusted_certificate_is_refused_and_a_trusted_one_is_not(tmp_path):
    server_tls, client_tls = self_signed(tmp_path, "localhost")
    async with serving(hello, tls=server_tls) as server:
        with pytest.raises(NetRefused, match="certificate"):
            await server.ask(Http.to_known(), host="localhost", scheme="https")
        assert server.heads == []
        answer = await server.ask(Http(TO_KNOWN, tls=client_tls), host="localhost", scheme="https")
        assert answer.body == b"hello"
        with pytest.raises(NetRefused, match="certificate"):
            await server.ask(Http(TO_KNOWN, tls=client_tls), host="127.0.0.1", scheme="https")


def test_our_roots_verify_names_and_certificates():
    assert trusted_tls().verify_mode is ssl.CERT_REQUIRED
    assert trusted_tls().check_hostname


async def test_closing_twice_or_unused_is_harmless():
    http = Http.to_known()
    await http.close()
    async with serving(hello) as server:
        await server.ask(http)
    await http.close()
