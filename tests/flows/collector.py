"""A collector for OTLP over HTTP that keeps what it is sent."""

import contextlib
import gzip
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Collector:
    """`bodies` by path, in the order in which they came; `headers` of the last one."""

    address: str = ""
    bodies: dict[str, list[bytes]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def metrics(self) -> ExportMetricsServiceRequest:
        """The last push."""
        return ExportMetricsServiceRequest.FromString(self.bodies["/v1/metrics"][-1])

    def spans(self) -> list[tuple[str, str, str, str]]:
        """Name, trace, span and parent of each."""
        pushed = [ExportTraceServiceRequest.FromString(body) for body in self.bodies.get("/v1/traces", [])]
        return [
            (span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
            for push in pushed
            for resource in push.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def all(self) -> bytes:
        return b"".join(body for bodies in self.bodies.values() for body in bodies)


@contextlib.contextmanager
def collecting() -> Generator[Collector, None, None]:
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            made.headers = {name.lower(): value for name, value in self.headers.items()}
            made.bodies.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - inherited
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
