"""Settings: every slice's group in one, and the only reader of the environment. All faults are named at once."""

import inspect
import os
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cleanly.domain.auth.sessions.settings import DEVELOPMENT_SECRET, SessionSettings
from cleanly.domain.auth.settings import AuthSettings
from cleanly.domain.catalog.settings import CatalogSettings
from cleanly.domain.payments.settings import PaymentSettings
from cleanly.domain.payouts.settings import PayoutSettings
from cleanly.domain.reports.settings import ReportSettings
from cleanly.domain.subscriptions.settings import SubscriptionSettings
from cleanly.entry.backup.settings import BackupSettings
from cleanly.entry.database_settings import DatabaseSettings
from cleanly.entry.doctor.settings import OPERATOR_VARIABLES, OperatorSettings
from cleanly.entry.edge.settings import CloudflareSettings
from cleanly.entry.process_settings import Environment, ProcessSettings
from cleanly.entry.telemetry_settings import TelemetrySettings
from cleanly.platform.cache.settings import CacheSettings
from cleanly.platform.cron.settings import CronSettings
from cleanly.platform.idempotency.settings import IdempotencySettings
from cleanly.platform.jobs.settings import JobsSettings
from cleanly.platform.mail.settings import MailSettings
from cleanly.platform.passwords.settings import PasswordSettings
from cleanly.platform.providers.google.settings import GoogleSettings
from cleanly.platform.providers.google_play.settings import GooglePlaySettings
from cleanly.platform.providers.paypal.settings import PayPalSettings
from cleanly.platform.providers.sandbox.settings import SandboxSettings
from cleanly.platform.providers.stripe.settings import StripeSettings
from cleanly.platform.ratelimit.settings import EdgeSettings, RateLimitSettings
from cleanly.platform.webhooks.inbound.settings import InboundSettings
from cleanly.platform.webhooks.outbound.settings import OutboundSettings

SECRET_BYTES_MIN = 32
_KNOWN_SECRETS = {DEVELOPMENT_SECRET, "changethis", "changeme", "secret", "your-secret-key"}
_PREFIXES = (
    *("JWT_", "DATABASE_", "RATE_LIMIT_", "JOBS_", "MAIL_", "PASSWORD_", "GOOGLE_", "CLEANLY_", "REFRESH_", "STRIPE_"),
    *("PAYPAL_", "SANDBOX_", "INBOUND_", "OUTBOUND_", "PAYOUT_", "SUBSCRIPTION_", "REPORT_", "METRICS_", "BACKUP_"),
    "CLOUDFLARE_",
)


class BadSettings(ValueError):
    """One line per fault, by the variable's name, never by its value."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(sorted(faults.items()))
        super().__init__("\n".join(f"{name}: {reason}" for name, reason in self.faults.items()))


class Settings(  # pyright: ignore[reportIncompatibleVariableOverride]  # each group brings the same model_config
    ProcessSettings,
    TelemetrySettings,
    DatabaseSettings,
    AuthSettings,
    SessionSettings,
    PasswordSettings,
    GoogleSettings,
    RateLimitSettings,
    EdgeSettings,
    CacheSettings,
    IdempotencySettings,
    CronSettings,
    JobsSettings,
    MailSettings,
    StripeSettings,
    PayPalSettings,
    GooglePlaySettings,
    SandboxSettings,
    InboundSettings,
    OutboundSettings,
    CatalogSettings,
    PaymentSettings,
    PayoutSettings,
    ReportSettings,
    SubscriptionSettings,
    BackupSettings,
    CloudflareSettings,
    OperatorSettings,
    BaseSettings,
):
    """The whole environment of a process. A field's name in capitals is its variable."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, case_sensitive=False, hide_input_in_errors=True
    )

    @property
    def environment(self) -> Environment:
        """`APP_ENV`, or its alias `NODE_ENV`; development when neither is set."""
        return self.app_env or self.node_env or "development"

    @property
    def is_production(self) -> bool:
        """Whether real users and real money are behind this process."""
        return self.environment == "production"

    @property
    def has_sandbox(self) -> bool:
        """Whether the play provider is there: outside production, unless it is switched off."""
        return self.sandbox != "off" and not self.is_production

    @property
    def listen_port(self) -> int:
        """On Render PORT wins; elsewhere API_PORT, then PORT, then 3000."""
        first, second = (self.port, self.api_port) if self.render else (self.api_port, self.port)
        found = first if first is not None else second
        return 3000 if found is None else found

    @property
    def listen_host(self) -> str:
        """Loopback on a laptop, every address elsewhere."""
        return self.api_host or ("127.0.0.1" if self.environment == "development" else "0.0.0.0")  # noqa: S104  # nosec B104

    @property
    def shows_docs(self) -> bool:
        """/docs and the OpenAPI document: open unless this is production and nobody said so."""
        return self.docs == "on" or (self.docs is None and not self.is_production)

    @property
    def serves_metrics(self) -> bool:
        """/metrics: for who holds METRICS_TOKEN; without one open on a laptop and in tests, and nowhere else."""
        return self.metrics_token is not None or self.environment in {"development", "test"}

    @property
    def logs_json(self) -> bool:
        """JSON in production, readable in development, unless LOG_FORMAT says otherwise."""
        return self.log_format == "json" or (self.log_format is None and self.environment in {"production", "preview"})

    @property
    def server_secrets(self) -> tuple[bytes, ...]:
        """What every derived key comes from; the first is in force."""
        return tuple(secret.get_secret_value().encode() for secret in self.jwt_secret)


def load(**overrides: Any) -> Settings:
    """Read the environment.

    Raises:
        BadSettings: every fault at once: what can't be read, and what production refuses.
    """
    settings, faults = readable(**overrides)
    if faults:
        raise BadSettings(faults)
    return settings


def readable(**overrides: Any) -> tuple[Settings, dict[str, str]]:
    """Whatever of the environment can be read, and every fault of the rest."""
    faults: dict[str, str] = {}
    blank: dict[str, Any] = {}
    while True:
        try:
            settings = Settings(**{**overrides, **blank})
            break
        except ValidationError as error:
            # Read again without the bad ones, so that what comes after them adds its own to the list. A group whose
            # fields contradict each other, such as half a provider, goes as a whole.
            named = _named(error)
            faults = named | faults
            fresh = {name.lower() for name in named} & Settings.model_fields.keys() - blank.keys()
            fresh = fresh or {mate for name in named for mate in _mates(name.lower())} - blank.keys()
            if not fresh:
                return Settings.model_construct(), faults
            blank |= {name: Settings.model_fields[name].default for name in fresh}
    return settings, _check(settings) | faults


def _mates(name: str) -> set[str]:
    """The fields of the group that a field is of."""
    groups = [set(inspect.get_annotations(kind)) for kind in Settings.__mro__[1:]]
    return next((group for group in groups if name in group), set[str]()) & Settings.model_fields.keys()


def _named(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        message = fault["msg"].removeprefix("Value error, ")
        name = str(fault["loc"][0]).upper() if fault["loc"] else message.partition(" ")[0].rstrip(":")
        found.setdefault(name, message.removeprefix(name).lstrip(": "))
    return found


def _check(settings: Settings) -> dict[str, str]:
    faults: dict[str, str] = {}
    if settings.app_env and settings.node_env and settings.app_env != settings.node_env:
        faults["APP_ENV"] = "NODE_ENV says something else; set one of the two"
    if settings.render and not (settings.app_env or settings.node_env):
        faults["APP_ENV"] = "must be set on Render"
    if settings.render:
        held = [name for name in sorted(OPERATOR_VARIABLES) if getattr(settings, name.lower())]
        faults |= dict.fromkeys(held, "is an operator's: no service may hold it")
    if len(settings.jwt_secret) != len({secret.get_secret_value() for secret in settings.jwt_secret}):
        faults["JWT_SECRET"] = "names a secret twice"
    if settings.edge_enforce == "on" and not settings.edge_secret:
        faults["EDGE_SECRET"] = "is needed when EDGE_ENFORCE=on"
    if settings.is_production:
        faults |= _check_production(settings)
    return faults | settings.database_refused()


def _check_production(settings: Settings) -> dict[str, str]:
    faults: dict[str, str] = {}
    secrets = [secret.get_secret_value() for secret in settings.jwt_secret]
    if any(secret in _KNOWN_SECRETS or secret.startswith(("changethis", "only-for-this")) for secret in secrets):
        faults["JWT_SECRET"] = "is missing or a known example; production needs a secret of its own"
    elif any(len(secret.encode()) < SECRET_BYTES_MIN for secret in secrets):
        faults["JWT_SECRET"] = f"each secret needs at least {SECRET_BYTES_MIN} bytes"
    elif any(len(set(secret)) < 8 for secret in secrets):
        faults["JWT_SECRET"] = "is too regular; use a random one"
    if settings.mail_url is None:
        faults["MAIL_URL"] = "must be set in production"
    if not settings.app_link_base.startswith("https://"):
        faults["APP_LINK_BASE"] = "must be an https address in production: links in mails carry one-time tokens there"
    if "mail_from" not in settings.model_fields_set:
        faults["MAIL_FROM"] = "must be set in production"
    if settings.public_url is None or not settings.public_url.startswith("https://"):
        faults["PUBLIC_URL"] = "must be an https address in production"
    faults |= _check_money(settings) | _check_google(settings) | settings.telemetry_refused_in_production()
    faults |= settings.database_refused_in_production()
    if "*" in settings.cors_origins:
        faults["CORS_ORIGINS"] = "* is not allowed in production"
    if not settings.trusted_proxies and not settings.edge_secret:
        faults["TRUSTED_PROXIES"] = (
            "or EDGE_SECRET must be set: without either nobody can say whether a call came by https"
        )
    return faults


def _check_money(settings: Settings) -> dict[str, str]:
    faults: dict[str, str] = {}
    if settings.sandbox == "on":
        faults["SANDBOX"] = "is play money: it must not be on in production"
    if settings.allow_test_payments == "on":
        return faults
    if settings.stripe_secret_key is not None and not settings.stripe_is_live:
        faults["STRIPE_SECRET_KEY"] = "is a test key; ALLOW_TEST_PAYMENTS=on if that is meant"
    if settings.paypal_is_on and settings.paypal_env != "live":
        faults["PAYPAL_ENV"] = "is sandbox; ALLOW_TEST_PAYMENTS=on if that is meant"
    return faults


def _check_google(settings: Settings) -> dict[str, str]:
    faults = settings.google_play_refused_in_production()
    if not settings.google_jwks_url.startswith("https://"):
        faults["GOOGLE_JWKS_URL"] = "must be an https address in production: whoever answers there signs users in"
    return faults


def variable_names() -> frozenset[str]:
    """Every variable that Settings reads."""
    return frozenset(name.upper() for name in Settings.model_fields)


def unknown_variables() -> list[str]:
    """Variables that look like ours by a prefix and are not: probably typing errors."""
    return sorted(name for name in os.environ if name.startswith(_PREFIXES) and name not in variable_names())
