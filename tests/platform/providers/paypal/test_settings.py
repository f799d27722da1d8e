"""All of PayPal's knobs or none."""

import pytest
from pydantic import ValidationError

from cleanly.platform.providers.paypal.settings import PayPalSettings
from tests.platform.providers.paypal.conftest import settings


def test_paypal_is_off_until_it_is_set_up():
    assert not PayPalSettings().paypal_is_on
    assert not PayPalSettings(paypal_env="live").paypal_is_live


def test_the_environment_tells_the_address_and_whether_money_is_real():
    assert settings().paypal_address == "https://api-m.sandbox.paypal.com"
    assert settings(paypal_env="live").paypal_address == "https://api-m.paypal.com"
    assert settings(paypal_base_url="http://127.0.0.1:1/").paypal_address == "http://127.0.0.1:1"
    assert settings(paypal_env="live").paypal_is_live
    assert not settings().paypal_is_live


@pytest.mark.parametrize("name", ["paypal_client_id", "paypal_client_secret", "paypal_webhook_id"])
def test_half_of_it_and_empty_words_are_refused_by_name(name):
    with pytest.raises(ValidationError, match=name.upper()):
        settings(**{name: None})
    for empty in ("", " "):
        with pytest.raises(ValidationError, match=f"{name.upper()}: is empty"):
            settings(**{name: empty})


def test_one_address_to_return_to_is_half_of_it():
    with pytest.raises(ValidationError, match="PAYPAL_RETURN_URL"):
        settings(paypal_return_url="https://example.com/paid")


def test_secrets_are_not_shown():
    assert "secret" not in repr(settings().paypal_client_secret)
