"""What a process refuses to start on, and how it says so."""

from collections import Counter

import pytest
from pydantic._internal._decorators import PydanticDescriptorProxy

from cleanly.domain.auth.sessions.settings import DEVELOPMENT_SECRET
from cleanly.entry import settings as environment
from cleanly.entry.doctor.settings import OPERATOR_VARIABLES
from cleanly.entry.settings import BadSettings, Settings, variable_names
from cleanly.kernel.settings import Group

SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEF"
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"
STRIPE = {
    "STRIPE_SECRET_KEY": "sk_live_abcdefgh",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_abcdefgh",
    "STRIPE_WEBHOOK_SECRET": "whsec_abcdefgh",
    "STRIPE_MOBILE_API_VERSION": "2024-06-20",
}
PAYPAL = {
    "PAYPAL_CLIENT_ID": "id",
    "PAYPAL_CLIENT_SECRET": "abcdefgh",
    "PAYPAL_WEBHOOK_ID": "WH-1",
    "PAYPAL_ENV": "live",
}
BUCKET = {"BACKUP_BUCKET": "copies", "BACKUP_ACCESS_KEY_ID": "id", "BACKUP_SECRET_ACCESS_KEY": "abcdefgh"}
GOOD = {
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql://u:p@db.example.com/app?sslmode=require",
    "JWT_SECRET": SECRET,
    "MAIL_URL": "smtps://u:p@mail.example.com:465",
    "MAIL_FROM": "Cleanly <no-reply@example.com>",
    "APP_LINK_BASE": "https://example.com/app",
    "PUBLIC_URL": "https://api.example.com",
    "TRUSTED_PROXIES": "10.0.0.0/8",
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variable_names():
        monkeypatch.delenv(name, raising=False)


def load(monkeypatch: pytest.MonkeyPatch, **variables: str | None) -> environment.Settings:
    for name, value in variables.items():
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    return environment.load()


def faults(monkeypatch: pytest.MonkeyPatch, **variables: str | None) -> dict[str, str]:
    with pytest.raises(BadSettings) as caught:
        load(monkeypatch, **variables)
    return caught.value.faults


def test_nothing_needs_to_be_set_on_a_laptop(monkeypatch: pytest.MonkeyPatch):
    found = load(monkeypatch)
    assert (found.environment, found.listen_port, found.listen_host) == ("development", 3000, "127.0.0.1")
    assert found.shows_docs
    assert not found.logs_json


def test_a_whole_production_environment_is_good(monkeypatch: pytest.MonkeyPatch):
    found = load(monkeypatch, **GOOD)
    assert found.is_production
    assert found.logs_json
    assert not found.shows_docs
    assert load(monkeypatch, **GOOD | {"DOCS": "on"}).shows_docs
    assert load(monkeypatch, **GOOD | {"APP_ENV": None, "NODE_ENV": "production"}).is_production


@pytest.mark.parametrize(
    ("name", "value", "blamed"),
    [
        ("JWT_SECRET", None, "JWT_SECRET"),
        ("JWT_SECRET", "short", "JWT_SECRET"),
        ("JWT_SECRET", DEVELOPMENT_SECRET, "JWT_SECRET"),
        ("JWT_SECRET", "changethis", "JWT_SECRET"),
        ("JWT_SECRET", "only-for-this-machine-0123456789abcdef", "JWT_SECRET"),  # compose.yaml's
        ("JWT_SECRET", "a" * 64, "JWT_SECRET"),
        ("JWT_SECRET", f"{SECRET},short", "JWT_SECRET"),
        ("JWT_SECRET", f"{SECRET},{SECRET}", "JWT_SECRET"),
        ("DATABASE_URL", None, "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:p@db.example.com/app", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:p@db.example.com/app?sslmode=disable", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:p@db.example.com/app?sslmode=allow", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:p@db.example.com/app?sslmode=prefer", "DATABASE_URL"),
        ("READ_DATABASE_URL", "postgresql://u:p@replica.example.com/app?sslmode=prefer", "READ_DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:p@db.example.com/app?sslmod=require", "DATABASE_URL"),
        ("DATABASE_URL", "mysql://u:p@db.example.com/app", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:p@ep-x-pooler.example.com/app?sslmode=require", "DIRECT_DATABASE_URL"),
        ("DIRECT_DATABASE_URL", "postgresql://u:p@ep-x-pooler.example.com/app?sslmode=require", "DIRECT_DATABASE_URL"),
        ("CORS_ORIGINS", "https://app.example.com,*", "CORS_ORIGINS"),
        ("PUBLIC_URL", None, "PUBLIC_URL"),
        ("PUBLIC_URL", "http://api.example.com", "PUBLIC_URL"),
        ("MAIL_URL", None, "MAIL_URL"),
        ("MAIL_FROM", None, "MAIL_FROM"),
        ("APP_LINK_BASE", None, "APP_LINK_BASE"),
        ("APP_LINK_BASE", "http://example.com/app", "APP_LINK_BASE"),
        ("TRUSTED_PROXIES", None, "TRUSTED_PROXIES"),
        ("TRUSTED_PROXIES", "everyone", "TRUSTED_PROXIES"),
        ("EDGE_ENFORCE", "on", "EDGE_ENFORCE"),
        ("NODE_ENV", "development", "APP_ENV"),
        ("API_PORT", "many", "API_PORT"),
        ("RATE_LIMIT_DEFAULT", "often", "RATE_LIMIT_DEFAULT"),
        ("JWT_PRIVATE_KEYS", "nonsense", "JWT_PRIVATE_KEYS"),
        ("EDGE_SECRET", "short", "EDGE_SECRET"),
        ("METRICS_TOKEN", "guessable", "METRICS_TOKEN"),
        ("MAIL_FROM", "nobody", "MAIL_FROM"),
        ("REDIS_URL", "http://cache", "REDIS_URL"),
        ("SANDBOX", "on", "SANDBOX"),
        ("GOOGLE_JWKS_URL", "http://keys.example.com", "GOOGLE_JWKS_URL"),
        ("STRIPE_SECRET_KEY", "sk_live_abcdefgh", "STRIPE_PUBLISHABLE_KEY"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_abcdefgh", "STRIPE_SECRET_KEY"),
        ("PAYPAL_CLIENT_ID", "id", "PAYPAL_CLIENT_SECRET"),
        ("GOOGLE_PLAY_PACKAGE", "com.example.app", "GOOGLE_PLAY_SERVICE_ACCOUNT"),
        ("BACKUP_BUCKET", "copies", "BACKUP_ACCESS_KEY_ID"),
        ("BACKUP_KEEP_DAYS", "-1", "BACKUP_KEEP_DAYS"),
        ("BACKUP_KEY", "tooshort", "BACKUP_KEY"),
        ("BACKUP_RECIPIENT", "tooshort", "BACKUP_RECIPIENT"),
    ],
)
def test_production_refuses_to_start_and_names_the_variable_but_not_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, blamed: str
):
    found = faults(monkeypatch, **GOOD | {name: value})
    assert blamed in found, found
    assert set(found) <= {blamed, name}
    if value is not None and len(value) > 6 and value.isalnum():
        assert value not in "".join(found.values())


@pytest.mark.parametrize(
    ("given", "blamed"),
    [
        (
            STRIPE | {"STRIPE_SECRET_KEY": "sk_test_abcdefgh", "STRIPE_PUBLISHABLE_KEY": "pk_test_x"},
            "STRIPE_SECRET_KEY",
        ),
        (STRIPE | {"STRIPE_PUBLISHABLE_KEY": "pk_test_abcdefgh"}, "STRIPE_PUBLISHABLE_KEY"),
        (STRIPE | {"STRIPE_MOBILE_API_VERSION": None}, "STRIPE_MOBILE_API_VERSION"),
        (PAYPAL | {"PAYPAL_ENV": "sandbox"}, "PAYPAL_ENV"),
        (PAYPAL | {"PAYPAL_WEBHOOK_ID": None}, "PAYPAL_WEBHOOK_ID"),
        (BUCKET | {"BACKUP_FOLDER": "/copies"}, "BACKUP_FOLDER"),
        (BUCKET | {"BACKUP_SECRET_ACCESS_KEY": None}, "BACKUP_ACCESS_KEY_ID"),
        (BUCKET | {"BACKUP_KEY": KEY, "BACKUP_RECIPIENT": KEY}, "BACKUP_RECIPIENT"),
    ],
)
def test_production_refuses_what_does_not_go_together(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str | None], blamed: str
):
    found = faults(monkeypatch, **GOOD | given)
    assert set(found) == {blamed}
    assert "abcdefgh" not in "".join(found.values())


def test_what_goes_together_is_good_and_test_money_only_when_it_is_meant(monkeypatch: pytest.MonkeyPatch):
    assert load(monkeypatch, **GOOD | STRIPE | PAYPAL | BUCKET | {"BACKUP_RECIPIENT": KEY}).backups_are_on
    meant = {"STRIPE_SECRET_KEY": "sk_test_x", "STRIPE_PUBLISHABLE_KEY": "pk_test_x", "PAYPAL_ENV": "sandbox"}
    assert load(monkeypatch, **GOOD | STRIPE | PAYPAL | meant | {"ALLOW_TEST_PAYMENTS": "on"}).is_production


@pytest.mark.parametrize("name", sorted(OPERATOR_VARIABLES))
def test_a_service_on_render_does_not_start_with_an_operators_key(monkeypatch: pytest.MonkeyPatch, name: str):
    value = "0123456789abcdef" * 2 if name == "CLOUDFLARE_ZONE_ID" else KEY
    assert load(monkeypatch, **GOOD | {name: value, "RENDER": None}).is_production
    assert set(faults(monkeypatch, **GOOD | {name: value, "RENDER": "true"})) == {name}
    assert load(monkeypatch, **GOOD | {name: "", "RENDER": "true"}).is_production


def test_a_socket_of_the_same_machine_needs_no_tls(monkeypatch: pytest.MonkeyPatch):
    assert load(monkeypatch, **GOOD | {"DATABASE_URL": "postgresql:///app?host=/run/postgresql"}).is_production


def test_every_fault_is_named_at_once(monkeypatch: pytest.MonkeyPatch):
    found = faults(monkeypatch, APP_ENV="production", API_PORT="many", CORS_ORIGINS="*", RATE_LIMIT_AUTH="often")
    assert {
        "API_PORT",
        "CORS_ORIGINS",
        "DATABASE_URL",
        "JWT_SECRET",
        "MAIL_URL",
        "PUBLIC_URL",
        "RATE_LIMIT_AUTH",
    } <= set(found)
    assert found["RATE_LIMIT_AUTH"].startswith("must look like")  # the name stands before it once


def test_an_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch):
    found = load(monkeypatch, DATABASE_URL="", REDIS_URL="", MAIL_URL="", API_PORT="")
    assert (found.database_url, found.redis_url, found.mail_url, found.listen_port) == (None, None, None, 3000)


def test_on_render_the_environment_is_named_and_port_wins(monkeypatch: pytest.MonkeyPatch):
    assert "APP_ENV" in faults(monkeypatch, RENDER="true")
    assert load(monkeypatch, RENDER="true", APP_ENV="preview", PORT="10000", API_PORT="3000").listen_port == 10000
    assert load(monkeypatch, RENDER=None, APP_ENV=None, PORT="10000", API_PORT="3001").listen_port == 3001


def test_no_group_of_settings_hides_anothers_check():
    """A method of a group is found by its name: of two that are called alike one would never run."""
    names = Counter(
        name
        for group in Settings.__mro__[1:]
        if issubclass(group, Group) and group is not Group
        for name, value in vars(group).items()
        if isinstance(value, PydanticDescriptorProxy) or (callable(value) and not name.startswith("__"))
    )
    assert [name for name, times in names.items() if times > 1] == []
    assert len(names) > 10


@pytest.mark.parametrize(("all_of_them", "split"), [(2, (1, 1)), (5, (4, 1)), (10, (7, 3)), (100, (67, 33))])
def test_a_process_holds_as_many_connections_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch, all_of_them: int, split: tuple[int, int]
):
    assert load(monkeypatch, DATABASE_POOL_SIZE=str(all_of_them)).pool_sizes() == split


def test_one_connection_is_too_few_for_the_two_pools(monkeypatch: pytest.MonkeyPatch):
    assert "DATABASE_POOL_SIZE" in faults(monkeypatch, DATABASE_POOL_SIZE="1")
