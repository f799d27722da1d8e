"""The keys by which an operator's commands ask the vendors. They belong into a shell or CI, never into a service."""

from pydantic import SecretStr

from cleanly.kernel.settings import Group


class OperatorSettings(Group):
    """Each may be missing: what needs it then can't be told.

    `prometheus_url` answers Prometheus' own API for queries; it may carry a name and a password.
    """

    cloudflare_api_token: SecretStr | None = None
    cloudflare_zone_id: str | None = None
    render_api_key: SecretStr | None = None
    neon_api_key: SecretStr | None = None
    neon_project_id: str | None = None
    github_token: SecretStr | None = None
    github_repository: str | None = None
    prometheus_url: SecretStr | None = None

    def operators_refused(self, render: str | None) -> dict[str, str]:
        """What a service on Render must not be given: whoever breaks into it would own the rest as well."""
        held = [name for name in OperatorSettings.model_fields if getattr(self, name) is not None]
        return {name.upper(): "is an operator's: no service may hold it" for name in held} if render else {}


OPERATOR_VARIABLES = frozenset(name.upper() for name in OperatorSettings.model_fields) | {
    *("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ZONE_ID"),
}
