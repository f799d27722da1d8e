"""Which trace a piece of work belongs to, and its spans where they are asked for.

A caller's `traceparent` (W3C Trace Context) goes through to jobs and to the calls that they make, traced or not. While
`TRACES.on` is false no span is made, and a request that brings no trace costs one look at its headers.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

__all__ = ["REQUEST_ID", "TRACES", "SpanKind", "current_ids", "failed", "span", "traceparent", "within"]
# The request that this work began with, jobs included: on each line of the log.
REQUEST_ID: ContextVar[str | None] = ContextVar("cleanly_request_id", default=None)
_TRACER = trace.get_tracer("cleanly")
# Version, trace id, parent id, flags; neither id all zeros.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")


class _Traces:
    """Whether spans are made at all."""

    __slots__ = ("on",)

    def __init__(self) -> None:
        self.on = False


TRACES = _Traces()


def current_ids() -> tuple[str, str] | None:
    """Trace and span that this task works in; None outside any."""
    found = trace.get_current_span().get_span_context()
    return (f"{found.trace_id:032x}", f"{found.span_id:016x}") if found.is_valid else None


def traceparent() -> str | None:
    """What goes along with a job or a call, so that its work belongs to the same trace."""
    found = trace.get_current_span().get_span_context()
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}" if found.is_valid else None


@contextmanager
def within(brought: str | None, name: str, kind: SpanKind) -> Generator[Span | None, None, None]:
    """Work that begins here, in the trace that it brought, or in none or a new one. The span, if one is made."""
    parent = _parent(brought)
    if TRACES.on:
        with _started(name, kind, parent) as made:
            yield made
        return
    token = contexts.attach(parent)
    try:
        yield None
    finally:
        contexts.detach(token)


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.CLIENT) -> Generator[None, None, None]:
    """One step of what runs. Costs nothing to speak of while traces are off."""
    if not TRACES.on:
        yield
        return
    with _started(name, kind, None):
        yield


def failed(made: Span, kind: str) -> None:
    """Mark a span as failed. The kind of error alone: a message may hold what is nobody's business."""
    made.set_status(Status(StatusCode.ERROR))
    made.set_attribute("error.type", kind)


@contextmanager
def _started(name: str, kind: SpanKind, parent: contexts.Context | None) -> Generator[Span, None, None]:
    with _TRACER.start_as_current_span(
        name, context=parent, kind=kind, record_exception=False, set_status_on_exception=False
    ) as made:
        try:
            yield made
        except BaseException as error:
            failed(made, type(error).__name__)
            raise


def _parent(brought: str | None) -> contexts.Context:
    found = _TRACEPARENT.fullmatch(brought) if brought is not None else None
    if found is None:
        return contexts.Context()
    told = SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=TraceFlags(int(found[3], 16)))
    return trace.set_span_in_context(NonRecordingSpan(told), contexts.Context())
