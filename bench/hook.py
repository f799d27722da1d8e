"""A receiver that answers at once; `/hang` never. With a rate it publishes too, and prints how late messages came."""

import asyncio
import json
import sys
import time
from typing import cast
from uuid import UUID, uuid4

from cleanly.kernel.db import Database
from cleanly.kernel.messages import Event
from cleanly.platform.webhooks.outbound import service as outbound

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
_TOGETHER_MAX = 20
arrived: dict[str, float] = {}


class Hook(asyncio.Protocol):
    """HTTP/1.1 as one well-behaved client speaks it: whole requests, each with a Content-Length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is none of asyncio's
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request once it is whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            if head.startswith(b"post /hang"):
                return
            message_id = head.partition(b"webhook-id:")[2].partition(b"\r\n")[0].strip().decode()
            if message_id:
                arrived.setdefault(message_id, time.monotonic())
            self._transport.write(_OK)


async def publish(url: str, account: UUID, per_second: float, seconds: float) -> dict[str, float]:
    """Publish at that rate, or as fast as it goes, what is due in one transaction; when which was committed."""
    db = Database(url, pool_size=1, pool_overflow=0, deadline_seconds=10)
    committed: dict[str, float] = {}
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        due = min(_TOGETHER_MAX, int(passed * per_second) + 1 - len(committed))
        if due > 0:
            async with db.begin() as session:
                ids = [await outbound.publish(session, _event(account)) for _ in range(due)]
            committed |= dict.fromkeys(map(str, ids), time.monotonic())
        await asyncio.sleep(0.002)
    await db.close()
    return committed


def _event(account: UUID) -> Event:
    return Event(type="payment.succeeded", account_id=account, data={"paymentId": str(uuid4())})


async def until_arrived(committed: dict[str, float], *, seconds: float) -> None:
    """Wait until all have come, but not for ever."""
    deadline = time.monotonic() + seconds
    while committed.keys() - arrived.keys() and time.monotonic() < deadline:  # noqa: ASYNC110 - a rough look will do
        await asyncio.sleep(0.01)


async def main(port: int, url: str, account: UUID, per_second: float, seconds: float) -> None:
    """Listen for ever; or, with a rate, until what was published has come or ten seconds have passed."""
    server = await asyncio.get_running_loop().create_server(Hook, "127.0.0.1", port, backlog=2048)
    if not per_second:
        await server.serve_forever()
    await until_arrived(await publish(url, account, 1, 0.01), seconds=60)  # the dispatcher is there
    committed = await publish(url, account, per_second, seconds)
    await until_arrived(committed, seconds=10)
    lost = len(committed.keys() - arrived.keys())
    late = sorted(arrived[one] - committed[one] for one in committed.keys() & arrived.keys())
    told = {"published": len(committed), "lost": lost, "seconds": seconds}
    print(json.dumps(told | {name: late[int(len(late) * part)] for name, part in (("p50", 0.5), ("p99", 0.99))}))


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), sys.argv[2], UUID(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])))
