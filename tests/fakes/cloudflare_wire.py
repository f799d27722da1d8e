"""The fake zone behind a real socket on loopback, as the SDK calls it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.cloudflare_zone import FakeZone

HANG_UP = 0  # as a status: close the connection without an answer


class Edge(ThreadingHTTPServer):
    """`zone` can be exchanged between two tests."""

    daemon_threads = True
    zone: FakeZone

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/client/v4"


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Edge

    def _answer(self) -> None:
        where = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        status, reply = self.server.zone.answer(
            self.command,
            where.path.removeprefix("/client/v4"),
            dict(parse_qsl(where.query)),
            json.loads(body) if body else None,
            self.headers.get("authorization"),
        )
        if status == HANG_UP:
            self.close_connection = True
            return
        text = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names that the base looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def edge() -> Iterator[Edge]:
    with Edge(("127.0.0.1", 0), _Call) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
