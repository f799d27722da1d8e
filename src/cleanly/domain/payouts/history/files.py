"""A CSV answer that takes as long as its reader does, within its own limit instead of a request's."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from cleanly.domain.payouts.history.flows import Exports
from cleanly.kernel.errors import Unavailable
from cleanly.kernel.http import SCOPE_DEADLINE

CSV = "text/csv"


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store", "Vary": "Accept"}


class CsvStream(StreamingResponse):
    """Parts of a file, sent as they come. A fault in the middle breaks the connection: a file that ends is whole."""

    def __init__(self, parts: AsyncGenerator[str, None], *, name: str, exports: Exports) -> None:
        super().__init__(parts, media_type=CSV, headers=_headers(name))
        self._parts = parts
        self._exports = exports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it.

        Raises:
            Unavailable: it took too long.
        """
        deadline = scope.get(SCOPE_DEADLINE)  # the shell's
        if deadline is not None:
            deadline.lift()
        try:
            with self._exports.writing():
                async with asyncio.timeout(self._exports.seconds_max):
                    await super().__call__(scope, receive, send)
        except TimeoutError as error:
            raise Unavailable from error
        finally:
            await self._parts.aclose()


def whole(text: str, *, name: str) -> Response:
    """A file that is small enough to be made at once."""
    return Response(text, media_type=CSV, headers=_headers(name))
