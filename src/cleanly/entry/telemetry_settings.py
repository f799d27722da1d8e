"""The knobs of metrics and traces: who may read them, where they are pushed."""

from typing import Annotated

from pydantic import Field, SecretStr

from cleanly.kernel.settings import Group, Url

_TOKEN_BYTES_MIN = 32


class TelemetrySettings(Group):
    """Nothing is measured where neither a reader nor a collector is named."""

    metrics_token: SecretStr | None = None
    memory_limit_mb: Annotated[int, Field(ge=1)] | None = None
    otel_exporter_otlp_endpoint: Url | None = None
    otel_exporter_otlp_headers: SecretStr | None = None
    otel_metric_export_interval: Annotated[int, Field(ge=100)] = 60_000
    otel_traces_sampler_arg: Annotated[float, Field(ge=0, le=1)] = 0

    def telemetry_refused_in_production(self) -> dict[str, str]:
        """A token that can be guessed."""
        token = self.metrics_token
        if token is not None and len(token.get_secret_value().encode()) < _TOKEN_BYTES_MIN:
            return {"METRICS_TOKEN": f"needs at least {_TOKEN_BYTES_MIN} bytes"}
        return {}
