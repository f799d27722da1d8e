"""What the providers offer the process: their refusals, as the API's clients see them."""

from cleanly.kernel.module import Module
from cleanly.platform.providers.errors import PaymentDeclined, ProviderError, ProviderTimeout, UnsupportedByProvider

module = Module("providers", errors=(PaymentDeclined, ProviderError, ProviderTimeout, UnsupportedByProvider))
