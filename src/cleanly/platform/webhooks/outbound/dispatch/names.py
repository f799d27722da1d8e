"""Looks receivers' names up in threads of its own: a name server that says nothing holds up nobody but its own name."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

# Three quarters of all calls may be to endpoints that fail or are new (lanes.py), and all of their names may be dead. A
# look-up that was given up holds its thread until the system gives up as well, as long again. Made as they are needed.
_THREADS = 768


class Names(AbstractResolver):
    """The system's resolver. The loop's own has four threads, which four dead names would fill."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="outbound-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Every address of a name.

        Raises:
            OSError: there is none.
        """
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port, family)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, protocol, address in found
        ]

    async def close(self) -> None:
        """Wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[tuple[int, int, str]]:
    try:
        found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except UnicodeError as error:  # an empty label, or one that is too long
        raise OSError("no name that can be looked up") from error
    return [(kind, protocol, str(where[0])) for kind, _, protocol, _, where in found]
