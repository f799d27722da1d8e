"""The keys by which an operator's commands ask the vendors. They belong into a shell or CI, never into a service."""

from pydantic import SecretStr

from cleanly.kernel.settings import Group


class OperatorSettings(Group):
    """Each may be missing: what needs it then can't be told.

    `prometheus_url` answers Prometheus' own API for queries; it may carry a name and a password.
    """

    render_api_key: SecretStr | None = None
    neon_api_key: SecretStr | None = None
    neon_project_id: str | None = None
    github_token: SecretStr | None = None
    github_repository: str | None = None
    prometheus_url: SecretStr | None = None


# Each opens more than a service needs: whoever breaks into one would own the rest as well.
OPERATOR_VARIABLES = frozenset(name.upper() for name in OperatorSettings.model_fields) | {
    *("BACKUP_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ZONE_ID"),
}
