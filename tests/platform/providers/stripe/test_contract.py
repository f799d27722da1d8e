"""Stripe keeps what every provider keeps."""

from tests.platform.providers.contract import ProviderContract


class TestStripe(ProviderContract):
    """See `ProviderContract`."""
