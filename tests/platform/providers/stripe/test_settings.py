"""All of Stripe's knobs or none, and no secret that anybody could guess."""

import pytest
from pydantic import ValidationError

from cleanly.platform.providers.stripe.settings import StripeSettings
from tests.platform.providers.stripe.conftest import settings


def test_stripe_is_off_until_it_is_set_up():
    assert not StripeSettings().stripe_is_on
    assert not StripeSettings().stripe_is_live


def test_secrets_are_written_with_commas():
    found = settings(stripe_webhook_secret="whsec_a, whsec_b", stripe_connect_webhook_secret="whsec_c")
    assert [it.get_secret_value() for it in found.stripe_webhook_secret] == ["whsec_a", "whsec_b"]
    assert found.stripe_is_on
    assert "whsec_a" not in repr(found)


@pytest.mark.parametrize(
    "name",
    ["stripe_secret_key", "stripe_publishable_key", "stripe_webhook_secret", "stripe_mobile_api_version"],
)
def test_half_of_it_is_refused_by_the_name_of_what_is_missing(name):
    with pytest.raises(ValidationError, match=name.upper()):
        settings(**{name: () if name.endswith("webhook_secret") else None})


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_an_empty_webhook_secret_refuses_to_start(secret):
    with pytest.raises(ValidationError, match="STRIPE_WEBHOOK_SECRET"):
        settings(stripe_webhook_secret=secret)


@pytest.mark.parametrize("name", ["stripe_webhook_secret", "stripe_connect_webhook_secret"])
def test_an_empty_secret_among_others_refuses_to_start(name):
    with pytest.raises(ValidationError, match="empty"):
        settings(**{name: ("whsec_a", "")})


def test_a_connect_secret_alone_is_half_of_it():
    with pytest.raises(ValidationError, match="STRIPE_SECRET_KEY"):
        StripeSettings.model_validate({"stripe_connect_webhook_secret": "whsec_c"})


def test_keys_of_two_modes_are_refused():
    with pytest.raises(ValidationError, match="STRIPE_PUBLISHABLE_KEY"):
        settings(stripe_secret_key="sk_live_a")
    assert settings(stripe_secret_key="rk_live_a", stripe_publishable_key="pk_live_a").stripe_is_live


@pytest.mark.parametrize("key", ["pk_test_a", "sk_a", "whsec_a", "sk_test_"])
def test_what_is_no_secret_key_is_refused_and_not_shown(key):
    with pytest.raises(ValidationError, match="STRIPE_SECRET_KEY") as caught:
        settings(stripe_secret_key=key)
    assert f"{key} " not in str(caught.value)
