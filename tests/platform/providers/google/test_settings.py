"""The knobs: lists with commas, Google's own address by default, a bounded wait."""

import pytest
from pydantic import ValidationError

from cleanly.platform.providers.google.settings import GoogleSettings


def test_google_sign_in_is_off_until_client_ids_are_named() -> None:
    settings = GoogleSettings()
    assert settings.google_client_ids == ()
    assert settings.google_jwks_url == "https://www.googleapis.com/oauth2/v3/certs"


def test_client_ids_are_written_with_commas() -> None:
    assert GoogleSettings.model_validate({"google_client_ids": "a, b,"}).google_client_ids == ("a", "b")


@pytest.mark.parametrize("seconds", [0, 11])
def test_the_wait_for_google_is_bounded(seconds: int) -> None:
    with pytest.raises(ValidationError):
        GoogleSettings(google_jwks_timeout_seconds=seconds)
