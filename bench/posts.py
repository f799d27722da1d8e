"""The yardstick of deliveries: the same body and headers by bare aiohttp, nothing kept; prints posts a second."""

import asyncio
import json
import sys
import time
from uuid import uuid4

import aiohttp

CLIENTS = 64


async def main(url: str, seconds: float) -> None:
    """As many at once as one endpoint is sent."""
    body = b'{"type":"payment.succeeded","timestamp":"2026-11-22T12:00:00.000Z","data":{"paymentId":"%s"}}'
    ends, done = time.monotonic() + seconds, 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal done
        while time.monotonic() < ends:
            name = str(uuid4())
            headers = {
                "Content-Type": "application/json",
                "webhook-id": name,
                "webhook-timestamp": str(int(time.time())),
                "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
            }
            async with session.post(url, data=body % name.encode(), headers=headers) as response:
                await response.read()
            done += 1

    began, cpu = time.monotonic(), time.process_time()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CLIENTS)) as session:
        await asyncio.gather(*(work(session) for _ in range(CLIENTS)))
    passed = time.monotonic() - began
    print(json.dumps({"per_second": done / passed, "cpu": (time.process_time() - cpu) / passed}))


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1], float(sys.argv[2])))
