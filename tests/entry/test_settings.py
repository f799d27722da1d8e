"""What a process refuses to start on, and how it says so."""

import pytest

from cleanly.domain.auth.sessions.settings import DEVELOPMENT_SECRET
from cleanly.entry import settings as environment
from cleanly.entry.settings import BadSettings, variable_names

SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEF"
GOOD = {
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql://u:p@db.example.com/app?sslmode=require",
    "JWT_SECRET": SECRET,
    "MAIL_URL": "smtps://u:p@mail.example.com:465",
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
        ("DATABASE_URL", "postgresql://u:p@db.example.com/app?sslmode=disable", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:p@db.example.com/app?sslmod=require", "DATABASE_URL"),
        ("DATABASE_URL", "mysql://u:p@db.example.com/app", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:p@ep-x-pooler.example.com/app?sslmode=require", "DIRECT_DATABASE_URL"),
        ("DIRECT_DATABASE_URL", "postgresql://u:p@ep-x-pooler.example.com/app?sslmode=require", "DIRECT_DATABASE_URL"),
        ("CORS_ORIGINS", "https://app.example.com,*", "CORS_ORIGINS"),
        ("PUBLIC_URL", None, "PUBLIC_URL"),
        ("PUBLIC_URL", "http://api.example.com", "PUBLIC_URL"),
        ("MAIL_URL", None, "MAIL_URL"),
        ("TRUSTED_PROXIES", None, "TRUSTED_PROXIES"),
        ("TRUSTED_PROXIES", "everyone", "TRUSTED_PROXIES"),
        ("EDGE_ENFORCE", "on", "EDGE_ENFORCE"),
        ("NODE_ENV", "development", "APP_ENV"),
        ("API_PORT", "many", "API_PORT"),
        ("RATE_LIMIT_DEFAULT", "often", "RATE_LIMIT_DEFAULT"),
        ("JWT_PRIVATE_KEYS", "nonsense", "JWT_PRIVATE_KEYS"),
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


def test_an_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch):
    found = load(monkeypatch, DATABASE_URL="", REDIS_URL="", MAIL_URL="", API_PORT="")
    assert (found.database_url, found.redis_url, found.mail_url, found.listen_port) == (None, None, None, 3000)


def test_on_render_the_environment_is_named_and_port_wins(monkeypatch: pytest.MonkeyPatch):
    assert "APP_ENV" in faults(monkeypatch, RENDER="true")
    assert load(monkeypatch, RENDER="true", APP_ENV="preview", PORT="10000", API_PORT="3000").listen_port == 10000
    assert load(monkeypatch, RENDER=None, APP_ENV=None, PORT="10000", API_PORT="3001").listen_port == 3001
