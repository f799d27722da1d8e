"""All of Google Play's knobs or none; what is wrong is named, and nothing of the key is shown."""

import base64
import json
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from pydantic import ValidationError

from cleanly.entry import settings as environment
from cleanly.entry.settings import BadSettings
from cleanly.platform.providers.google_play import service_account
from cleanly.platform.providers.google_play.settings import GooglePlaySettings
from tests.fakes.play_wire import AUDIENCE, EMAIL, PACKAGE, PUSHER, pem, rsa

NEEDED = (
    "google_play_package",
    "google_play_service_account",
    "google_play_push_audience",
    "google_play_push_email",
)


def key_file(**changed: Any) -> str:
    whole = {
        "type": "service_account",
        "private_key_id": "account-1",
        "private_key": pem("account-1"),
        "client_email": EMAIL,
        "token_uri": "https://oauth2.googleapis.com/token",
        **changed,
    }
    return json.dumps({name: value for name, value in whole.items() if value is not None})


def settings(**changed: Any) -> GooglePlaySettings:
    return GooglePlaySettings.model_validate(
        {
            "google_play_package": PACKAGE,
            "google_play_service_account": key_file(),
            "google_play_push_audience": AUDIENCE,
            "google_play_push_email": PUSHER,
            **changed,
        }
    )


def test_google_play_is_off_until_it_is_set_up():
    assert not GooglePlaySettings().google_play_is_on
    assert GooglePlaySettings().google_play_refused_in_production() == {}
    assert settings().google_play_is_on


def test_the_address_is_googles_unless_a_test_says_otherwise():
    assert settings().google_play_address == "https://androidpublisher.googleapis.com"
    assert settings(google_play_base_url="http://127.0.0.1:1/").google_play_address == "http://127.0.0.1:1"


@pytest.mark.parametrize("name", NEEDED)
def test_half_of_it_and_empty_words_are_refused_by_name(name):
    with pytest.raises(ValidationError, match=f"{name.upper()}: Google Play is set up by half"):
        settings(**{name: None})
    for empty in ("", " "):
        with pytest.raises(ValidationError, match=f"{name.upper()}: is empty"):
            settings(**{name: empty})


def test_a_key_file_may_be_json_or_base64_of_it():
    plain = service_account.read(key_file())
    packed = service_account.read(base64.b64encode(key_file().encode()).decode())
    assert plain == packed
    assert (plain.email, plain.key_id, plain.token_uri) == (
        EMAIL,
        "account-1",
        "https://oauth2.googleapis.com/token",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "neither JSON nor base64"),
        ("{", "neither JSON nor base64"),
        (base64.b64encode(b"[]").decode(), "no JSON object"),
        (key_file(type="authorized_user"), "type"),
        (key_file(client_email="ada@example.com"), "client_email"),
        (key_file(client_email=None), "client_email is missing"),
        (key_file(private_key_id=None), "private_key_id is missing"),
        (key_file(token_uri="ftp://x"), "token_uri"),
        (key_file(private_key="-----BEGIN PRIVATE KEY-----"), "no RSA key"),
        (key_file(private_key=rsa("account-1").as_pem(private=False).decode()), "public"),
    ],
)
def test_a_key_file_that_is_none_is_refused_by_name(text, reason):
    with pytest.raises(ValidationError, match=f"GOOGLE_PLAY_SERVICE_ACCOUNT: .*{reason}"):
        settings(google_play_service_account=text)


@pytest.mark.parametrize("package", ["app", "com.example.app/x", "com..app", "1com.app", "com.example.app:x"])
def test_a_package_that_is_none_is_refused_by_name(package):
    with pytest.raises(ValidationError, match="GOOGLE_PLAY_PACKAGE"):
        settings(google_play_package=package)


@pytest.mark.parametrize(
    "email", ["ada@gmail.com", "ada@example.com.gserviceaccount.com.evil.com", "@x.gserviceaccount.com", "x"]
)
def test_only_a_service_account_may_push(email):
    with pytest.raises(ValidationError, match="GOOGLE_PLAY_PUSH_EMAIL"):
        settings(google_play_push_email=email)


@pytest.mark.parametrize(
    "email", ["x@y.iam.gserviceaccount.com", "1-x@developer.gserviceaccount.com", "y@appspot.gserviceaccount.com"]
)
def test_service_accounts_have_addresses_of_several_kinds(email):
    assert settings(google_play_push_email=email).google_play_push_email == email


def test_secrets_are_not_shown():
    found = settings()
    assert "PRIVATE KEY" not in repr(found)
    assert "PRIVATE KEY" not in repr(found.google_play_key())
    key = RSAKey.generate_key(2048).as_pem(private=True).decode()
    with pytest.raises(ValidationError) as caught:
        settings(google_play_service_account=key_file(private_key=key, client_email="x"))
    assert "PRIVATE" not in str(caught.value)


def test_an_assertion_is_for_googles_token_address_and_an_hour(clock):
    text = service_account.read(key_file()).assertion(now=clock.now())
    head, claims, _ = (part + "=" * (-len(part) % 4) for part in text.split("."))
    assert json.loads(base64.urlsafe_b64decode(head)) == {"alg": "RS256", "typ": "JWT", "kid": "account-1"}
    told = json.loads(base64.urlsafe_b64decode(claims))
    assert told["exp"] - told["iat"] == 3600
    assert (told["iss"], told["aud"], told["iat"]) == (
        EMAIL,
        "https://oauth2.googleapis.com/token",
        int(clock.now().timestamp()),
    )


def production(monkeypatch: pytest.MonkeyPatch, **changed: str) -> dict[str, str]:
    """What production refuses of these variables; the rest of the environment is good."""
    for name in environment.variable_names():
        monkeypatch.delenv(name, raising=False)
    good = {
        "APP_ENV": "production",
        "DATABASE_URL": "postgresql://u:p@db.example.com/app?sslmode=require",
        "JWT_SECRET": "0123456789abcdefghijklmnopqrstuvwxyzABCDEF",
        "MAIL_URL": "smtps://u:p@mail.example.com:465",
        "MAIL_FROM": "Cleanly <no-reply@example.com>",
        "APP_LINK_BASE": "https://example.com/app",
        "PUBLIC_URL": "https://api.example.com",
        "TRUSTED_PROXIES": "10.0.0.0/8",
        "GOOGLE_PLAY_PACKAGE": PACKAGE,
        "GOOGLE_PLAY_SERVICE_ACCOUNT": key_file(),
        "GOOGLE_PLAY_PUSH_AUDIENCE": AUDIENCE,
        "GOOGLE_PLAY_PUSH_EMAIL": PUSHER,
        **changed,
    }
    for name, value in good.items():
        monkeypatch.setenv(name, value)
    try:
        environment.load()
    except BadSettings as error:
        return error.faults
    return {}


@pytest.mark.parametrize(
    ("changed", "blamed"),
    [
        ({}, None),
        ({"GOOGLE_PLAY_BASE_URL": "https://play.example.com"}, "GOOGLE_PLAY_BASE_URL"),
        ({"GOOGLE_PLAY_SERVICE_ACCOUNT": key_file(token_uri="http://tokens.example")}, "GOOGLE_PLAY_SERVICE_ACCOUNT"),
        ({"GOOGLE_PLAY_PUSH_EMAIL": "ada@gmail.com"}, "GOOGLE_PLAY_PUSH_EMAIL"),
        ({"GOOGLE_JWKS_URL": "http://keys.example.com"}, "GOOGLE_JWKS_URL"),
    ],
    ids=["all good", "another address", "tokens in the clear", "a person pushes", "keys in the clear"],
)
def test_production_refuses_what_would_give_purchases_away(monkeypatch, changed, blamed):
    faults = production(monkeypatch, **changed)
    assert list(faults) == ([] if blamed is None else [blamed])
    assert not any("by half" in reason for reason in faults.values()), "what is wrong is not called missing"
