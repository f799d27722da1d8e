"""The knobs of Google sign-in."""

from typing import Annotated

from pydantic import Field

from cleanly.kernel.settings import Group, Url, Words


class GoogleSettings(Group):
    """`google_client_ids`: the audiences that we accept; none switches Google sign-in off.

    Android's Credential Manager writes the *web* (server) client's id into `aud`: that one belongs here. An Android
    client of the same Google project need not be listed.
    """

    google_client_ids: Words = ()
    google_jwks_url: Url = "https://www.googleapis.com/oauth2/v3/certs"
    google_jwks_timeout_seconds: Annotated[int, Field(ge=1, le=10)] = 3
