"""The SDK behind every slice's instruments, once per process: read at /metrics, pushed by OTLP where settings say."""

import contextlib
import os
import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    HistogramDataPoint,
    Metric,
    MetricReader,
    MetricsData,
    PeriodicExportingMetricReader,
    ScopeMetrics,
)
from opentelemetry.sdk.metrics.export import Histogram as HistogramPoints
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from cleanly.entry import footprint, health
from cleanly.entry.settings import Settings
from cleanly.kernel import observe, tracing
from cleanly.kernel.tally import SECONDS, TALLIES, Tally

_BORN_NS = time.time_ns()
_FLUSH_MS_MAX = 5_000
_SCOPE = InstrumentationScope("cleanly")
REGISTRY = CollectorRegistry(auto_describe=False)


class _Reader(PrometheusMetricReader):
    """The SDK's metrics and our tallies, as Prometheus reads them."""

    def _receive_metrics(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> None:
        above: Any = super()
        above._receive_metrics(with_tallies(metrics_data), timeout_millis, **kwargs)  # noqa: SLF001 - ours to extend


class _Exporter(OTLPMetricExporter):
    """The same, as a collector takes them."""

    def export(self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: Any) -> Any:
        above: Any = super()
        return above.export(with_tallies(metrics_data), timeout_millis, **kwargs)


def with_tallies(data: MetricsData) -> MetricsData:
    """What the SDK has collected, and the tallies beside it."""
    now = time.time_ns()
    ours = ScopeMetrics(_SCOPE, [_points(tally, now) for tally in TALLIES if tally.series], "")
    first, *others = data.resource_metrics
    return MetricsData([replace(first, scope_metrics=[*first.scope_metrics, ours]), *others])


def _points(tally: Tally, now: int) -> Metric:
    points: list[HistogramDataPoint] = []
    for values, series in list(tally.series.items()):
        *counts, total = series[:]
        points.append(
            HistogramDataPoint(
                attributes=dict(zip(tally.labels, values, strict=True)),
                start_time_unix_nano=_BORN_NS,
                time_unix_nano=now,
                count=int(sum(counts)),
                sum=total,
                bucket_counts=[int(count) for count in counts],
                explicit_bounds=tally.edges,
                min=0.0,
                max=0.0,
            )
        )
    return Metric(tally.name, tally.description, "s", HistogramPoints(points, AggregationTemporality.CUMULATIVE))


@contextlib.contextmanager
def running(settings: Settings, process: str, *, serves: bool = True) -> Generator[None, None, None]:
    """Measure for as long as this process lives; what is left to push is pushed at the end.

    `serves`: whether it answers /metrics; a command that ends by itself can only push.
    """
    observe.sign_lines(identity(settings, process))
    measuring, traced = start(settings, process, serves=serves), trace_spans(settings, process)
    try:
        yield
    finally:
        if traced is not None:
            tracing.TRACES.on = False
            traced.force_flush(_FLUSH_MS_MAX)
            traced.shutdown()
        if measuring is not None:
            measuring.shutdown(timeout_millis=_FLUSH_MS_MAX)


def start(settings: Settings, process: str, *, serves: bool = True) -> MeterProvider | None:
    """Put the SDK behind the meter, if anybody is to read it. Once per process: the SDK refuses a second one."""
    readers: list[MetricReader] = []
    if serves and settings.serves_metrics:
        readers.append(_Reader(disable_target_info=True, scope_info_enabled=False, registry=REGISTRY))
    if settings.otel_exporter_otlp_endpoint is not None:
        exporter = _Exporter(endpoint=_address(settings, "metrics"), headers=_headers(settings))
        every = settings.otel_metric_export_interval
        readers.append(PeriodicExportingMetricReader(exporter, export_interval_millis=every))
    if not readers:
        return None
    # Without this a histogram of seconds would get the SDK's edges, which are made for milliseconds.
    edges = ExplicitBucketHistogramAggregation((0.001, 0.0025, *SECONDS))
    provider = MeterProvider(
        metric_readers=readers,
        resource=Resource.create(dict(identity(settings, process))),
        views=[View(instrument_type=Histogram, instrument_unit="s", aggregation=edges)],
        exemplar_filter=AlwaysOffExemplarFilter(),
        shutdown_on_exit=False,
    )
    metrics.set_meter_provider(provider)
    own = settings.memory_limit_mb * 2**20 if settings.memory_limit_mb is not None else None
    footprint.measure(process, health.version(settings), limit_bytes=own)
    observe.count_from_zero()
    return provider


def trace_spans(settings: Settings, process: str) -> TracerProvider | None:
    """Make and push spans of a part of all traces; which ones is decided by their id, the same in every process."""
    part = settings.otel_traces_sampler_arg
    if not part or settings.otel_exporter_otlp_endpoint is None:
        return None
    chosen = TraceIdRatioBased(part)
    # A caller's word that its trace is sampled is not taken: anybody could make us trace all that they ask.
    sampler = ParentBased(chosen, remote_parent_sampled=chosen, remote_parent_not_sampled=ALWAYS_OFF)
    provider = TracerProvider(
        sampler=sampler, resource=Resource.create(dict(identity(settings, process))), shutdown_on_exit=False
    )
    exporter = OTLPSpanExporter(endpoint=_address(settings, "traces"), headers=_headers(settings))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    tracing.TRACES.on = True
    return provider


def identity(settings: Settings, process: str) -> dict[str, str]:
    """Who tells: one name per kind of process, one instance each."""
    return {
        "service.name": f"cleanly-{process}",
        "service.version": health.version(settings),
        "service.instance.id": settings.render_instance_id or f"{os.uname().nodename}:{os.getpid()}",
    }


def _address(settings: Settings, signal: str) -> str:
    return f"{(settings.otel_exporter_otlp_endpoint or '').rstrip('/')}/v1/{signal}"


def _headers(settings: Settings) -> dict[str, str]:
    """As the variable is written everywhere: `name=value,name=value`, percent-encoded."""
    found = settings.otel_exporter_otlp_headers
    pairs = [pair.partition("=") for pair in (found.get_secret_value() if found else "").split(",") if "=" in pair]
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}


def render() -> bytes:
    """Every metric as Prometheus reads it. Takes some milliseconds: not for the event loop's thread."""
    return generate_latest(REGISTRY)
