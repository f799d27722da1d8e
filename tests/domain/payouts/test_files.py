"""A streamed file ends well or not at all: its reader may leave, dawdle, or be one too many."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from cleanly.domain.payouts.history.files import CsvStream
from cleanly.domain.payouts.history.flows import Exports
from cleanly.domain.payouts.settings import PayoutSettings
from cleanly.kernel.errors import Unavailable


class Limit:
    """The shell's limit on a request."""

    is_lifted = False

    def lift(self) -> None:
        self.is_lifted = True


class Reader:
    """Takes a few messages, then does what the test says."""

    def __init__(self, *, takes: int, then: Any = None) -> None:
        self.got: list[Any] = []
        self._takes, self._then = takes, then

    async def __call__(self, message: Any) -> None:
        if len(self.got) == self._takes:
            await self._then()
        self.got.append(message)


async def parts(ended: list[bool]) -> AsyncGenerator[str, None]:
    try:
        for number in range(5):
            yield f"{number}\r\n"
    finally:
        ended.append(True)


async def stream(exports: Exports, reader: Reader, ended: list[bool]) -> Limit:
    limit = Limit()
    scope = {"type": "http", "asgi": {"spec_version": "2.4"}, "cleanly.deadline": limit}
    never = asyncio.Event()

    async def receive() -> Any:
        await never.wait()

    await CsvStream(parts(ended), name="transactions", exports=exports)(scope, receive, reader)
    return limit


@pytest.fixture
def exports() -> Exports:
    return Exports(PayoutSettings(exports_at_once=1))


async def test_a_file_is_sent_part_by_part_beyond_the_requests_limit(exports: Exports):
    reader, ended = Reader(takes=99), list[bool]()
    limit = await stream(exports, reader, ended)
    assert limit.is_lifted
    assert b"".join(message.get("body", b"") for message in reader.got) == b"0\r\n1\r\n2\r\n3\r\n4\r\n"
    assert reader.got[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert ended == [True]
    exports.admit()


async def test_a_reader_who_leaves_frees_the_place_at_once(exports: Exports):
    async def leave() -> None:
        raise OSError

    ended = list[bool]()
    with pytest.raises(ClientDisconnect):
        await stream(exports, Reader(takes=3, then=leave), ended)
    assert ended == [True]
    exports.admit()


async def test_a_reader_who_never_reads_on_is_given_up(exports: Exports):
    exports.seconds_max = 0.05

    async def dawdle() -> None:
        with pytest.raises(Unavailable):
            exports.admit()
        await asyncio.Event().wait()

    ended = list[bool]()
    with pytest.raises(Unavailable):
        await stream(exports, Reader(takes=2, then=dawdle), ended)
    assert ended == [True]
    exports.admit()
