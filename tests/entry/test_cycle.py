"""Whole answers leave in one write; what needs uvicorn's care still gets it."""

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from cleanly.entry import serve
from cleanly.entry.cycle import WHOLE
from cleanly.entry.serve import _Protocol  # pyright: ignore[reportPrivateUsage] - the protocol under test

HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
GET = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport that keeps each write apart."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.writes: list[bytes] = []
        self.is_closed = False
        self.closed = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True
        self.closed.set()

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def connected(app: Any, *, keep_alive_seconds: float = 5) -> tuple[_Protocol, Wire]:
    """A connection that has just been made."""
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        proxy_headers=False,
        log_config=None,
        timeout_keep_alive=keep_alive_seconds,  # type: ignore[arg-type]
    )
    config.load()
    wire = Wire()
    protocol = _Protocol(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(wire)
    return protocol, wire


async def answered(*messages: dict[str, Any], request: bytes = GET, fault: Exception | None = None) -> Wire:
    """Send one request to an application that sends these messages."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for message in messages:
            await send(dict(message))
        if fault is not None:
            raise fault

    protocol, wire = connected(app)
    protocol.data_received(request)
    await asyncio.gather(*protocol.tasks)
    if protocol.timeout_keep_alive_task is not None:
        protocol.timeout_keep_alive_task.cancel()
    return wire


def body(content: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def test_an_answer_in_one_message_is_one_write() -> None:
    wire = await answered(HEAD, body(b"ok"))
    assert wire.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]
    assert not wire.is_closed


WHOLE_CASES = {
    "plain": (200, [], GET),
    "not changed": (304, [(b"etag", b"x")], GET),
    "head": (200, [], GET.replace(b"GET", b"HEAD")),
    "last by the server": (200, [(b"connection", b"close")], GET),
    "last by the client": (200, [], GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")),
    "a line break": (200, [(b"x-name", b"a\r\nb: c")], GET),
    "a wrong length": (200, [(b"content-length", b"3")], GET),
}


@pytest.mark.parametrize("case", WHOLE_CASES)
async def test_a_whole_answer_says_what_two_messages_say(case: str) -> None:
    status, headers, request = WHOLE_CASES[case]
    sent = b"" if status == 304 else b"ok"
    headers = headers if status == 304 or case == "a wrong length" else [*headers, (b"content-length", b"2")]
    more = [(b"x-frame-options", b"DENY"), (b"cache-control", b"no-store")]
    whole = {"type": WHOLE, "status": status, "headers": headers, "body": sent}
    whole["lines"] = b"".join(b"%b: %b\r\n" % item for item in more)
    once = await answered(whole, request=request)
    twice = await answered({**HEAD, "status": status, "headers": [*headers, *more]}, body(sent), request=request)
    assert sorted(b"".join(once.writes).split(b"\r\n")) == sorted(b"".join(twice.writes).split(b"\r\n"))
    assert once.is_closed == twice.is_closed


async def test_a_whole_answer_is_one_write_on_a_connection_that_goes_on() -> None:
    whole = {"type": WHOLE, "status": 304, "headers": [(b"etag", b"x")], "body": b"", "lines": b"x-one: 1\r\n"}
    wire = await answered(whole)
    assert wire.writes == [b"HTTP/1.1 304 Not Modified\r\netag: x\r\nx-one: 1\r\n\r\n"]
    assert not wire.is_closed


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_needs_no_length(status: int) -> None:
    wire = await answered({**HEAD, "status": status, "headers": [(b"etag", b"x")]}, body(b""))
    assert len(wire.writes) == 1
    assert wire.writes[0].endswith(b"\r\netag: x\r\n\r\n")


async def test_a_streamed_answer_goes_out_as_it_comes() -> None:
    wire = await answered({**HEAD, "headers": []}, body(b"one", more=True), body(b"two"))
    assert b"transfer-encoding: chunked" in wire.writes[0]
    (first,), (second,) = ([n for n, write in enumerate(wire.writes) if word in write] for word in (b"one", b"two"))
    assert first < second
    assert wire.writes[-1].endswith(b"0\r\n\r\n")


async def test_the_answer_to_head_has_the_length_and_no_body() -> None:
    wire = await answered(HEAD, body(b""), request=GET.replace(b"GET", b"HEAD"))
    assert b"".join(wire.writes).endswith(b"content-length: 2\r\n\r\n")


async def test_a_connection_that_shall_end_ends() -> None:
    wire = await answered({**HEAD, "headers": [*HEAD["headers"], (b"connection", b"close")]}, body(b"ok"))  # type: ignore[misc]
    assert b"connection: close" in b"".join(wire.writes)
    assert wire.is_closed
    wire = await answered(HEAD, body(b"ok"), request=GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    assert wire.is_closed


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: stolen=1", b"a\nb", b"a\rb", b"a\0b"])
async def test_a_header_with_a_line_break_never_goes_out(value: bytes) -> None:
    wire = await answered({**HEAD, "headers": [*HEAD["headers"], (b"x-name", value)]}, body(b"ok"))  # type: ignore[misc]
    assert value not in b"".join(wire.writes)
    assert b"200 OK" not in b"".join(wire.writes)


@pytest.mark.parametrize("length", [b"1", b"3"])
async def test_a_wrong_length_breaks_the_connection(length: bytes) -> None:
    wire = await answered({**HEAD, "headers": [(b"content-length", length)]}, body(b"ok"))
    assert wire.is_closed


async def test_a_fault_after_the_head_breaks_the_connection() -> None:
    wire = await answered(HEAD, fault=RuntimeError("no body"))
    assert wire.is_closed
    assert wire.writes == []


async def test_a_fault_before_the_head_is_a_500() -> None:
    wire = await answered(fault=RuntimeError("nothing"))
    assert wire.writes[0].startswith(b"HTTP/1.1 500 ")


async def nobody(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("no request was whole")


async def test_a_connection_that_says_nothing_is_closed_in_the_end():
    _, wire = connected(nobody, keep_alive_seconds=0.05)
    await asyncio.wait_for(wire.closed.wait(), 5)
    assert wire.writes == []


async def test_a_head_that_drips_is_given_up_however_often_a_byte_comes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serve, "HEAD_SECONDS_MAX", 0.1)
    protocol, wire = connected(nobody)
    for byte in b"GET / HTTP/1.1\r\nhost: h":
        protocol.data_received(bytes([byte]))
    await asyncio.wait_for(wire.closed.wait(), 5)
    assert wire.writes == []


async def test_a_request_under_way_is_not_cut_by_these_limits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serve, "HEAD_SECONDS_MAX", 0.05)
    over = asyncio.Event()

    async def slow(_scope: Any, _receive: Any, send: Any) -> None:
        await asyncio.wait({asyncio.ensure_future(over.wait())}, timeout=0.3)
        await send(dict(HEAD))
        await send(body(b"ok"))

    protocol, wire = connected(slow, keep_alive_seconds=0.05)
    protocol.data_received(GET[:10])
    protocol.data_received(GET[10:])
    await asyncio.gather(*protocol.tasks)
    assert wire.writes[0].endswith(b"ok")
    protocol.connection_lost(None)
