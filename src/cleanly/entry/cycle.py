"""Whole answers leave in one write. uvicorn sends head and body apart: two system calls, and a check per header."""

from collections.abc import Iterable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

Header = tuple[bytes, bytes]

# An ASGI extension of this server: one message with status, headers, body and, in `lines`, headers that are joined.
WHOLE: Final = "cleanly.whole"
EXTENSIONS: Final[dict[str, dict[object, object]]] = {WHOLE: {}}
# What uvicorn must see itself: they change how the body is framed or whether the connection goes on.
_FRAMING = frozenset({b"connection", b"transfer-encoding"})
_WITHOUT_BODY = frozenset({204, 304})


class WholeAnswers(RequestResponseCycle):
    """uvicorn's cycle of one request and its answer. An answer in one message is joined; any other goes its own way."""

    _head: Any = None

    async def send(self, message: Any) -> None:  # the specification's types know no extensions
        """Keep the head until the body's first message is there; a whole answer needs no waiting."""
        kind = message["type"]
        if kind == WHOLE:
            if not self._answer_whole(message):
                await self._send_apart(message)
            return
        if kind == "http.response.start" and not self.response_started and self.scope["method"] != "HEAD":
            # Told as begun: a fault between head and body breaks the connection, as if the head had been sent.
            self.response_started = True
            self._head = message
            return
        head, self._head = self._head, None
        if head is None:
            await super().send(message)
            return
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            whole = self._joined(head["status"], head["headers"], message.get("body", b""))
            if whole is not None and self._write(whole):
                return
        self.response_started = False
        await super().send(head)
        await super().send(message)

    def _answer_whole(self, parts: Any) -> bool:
        if self.response_started or self.scope["method"] == "HEAD":
            return False
        whole = self._joined(parts["status"], parts["headers"], parts["body"], parts["lines"])
        if whole is None or not self._write(whole):
            return False
        self.response_started = True
        return True

    async def _send_apart(self, parts: Any) -> None:
        read = [line.partition(b": ") for line in parts["lines"].split(b"\r\n") if line]
        headers = [*parts["headers"], *((name, value) for name, _, value in read)]
        await super().send({"type": "http.response.start", "status": parts["status"], "headers": headers})
        await super().send({"type": "http.response.body", "body": parts["body"]})

    def _write(self, whole: bytes) -> bool:
        if self.flow.write_paused or self.disconnected or not self.keep_alive:
            return False
        self.waiting_for_100_continue = False
        self.transport.write(whole)
        self.response_complete = True
        self.message_event.set()
        self.on_response()
        return True

    def _joined(self, status: int, headers: Iterable[Header], body: bytes, ready: bytes = b"") -> bytes | None:
        """Head and body as they go out; None when uvicorn must see to them. `ready`: lines that need no look."""
        lines = [STATUS_LINE[status]]
        length: bytes | None = None
        for name, value in (*self.default_headers, *headers):
            if name in _FRAMING:
                return None
            if name == b"content-length":
                length = value
            lines += (name, b": ", value, b"\r\n")
        text = b"".join(lines)
        count = len(lines) // 4 + 1
        # One look at the whole in place of two per header: a line break or a NUL within a value would show.
        is_clean = text.count(b"\n") == count == text.count(b"\r") and b"\0" not in text
        if not is_clean or (b"%d" % len(body) != length and not (length is None and status in _WITHOUT_BODY)):
            return None
        return b"".join((text, ready, b"\r\n", body))
