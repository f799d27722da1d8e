"""How a provider's answer can fail: three ways, and a bad signature. And what of it the API's client sees."""

from collections.abc import Generator
from contextlib import contextmanager

from cleanly.kernel.errors import AppError


class Refused(Exception):
    """Definitely did not happen; a new attempt with another key may follow. `code` is the provider's own word.

    `message` is no part of the error's text, which goes to the log: a provider may quote what it was sent.
    """

    def __init__(self, code: str, *, decline_code: str | None = None, message: str = "") -> None:
        super().__init__(f"refused: {code} {decline_code or ''}".rstrip())
        self.code = code
        self.decline_code = decline_code
        self.message = message


class NotThere(Refused):
    """The provider has no such thing."""


class NotYet(Refused):
    """Definitely did not happen, for the money is not there yet: a later attempt with another key may succeed."""


class Unknown(Exception):
    """It may have happened: a timeout, a connection lost after sending, a 5xx. The same key again, never a new one."""


class Underway(Unknown):
    """The first call under this key is at work right now: an answer, and no fault of the provider's."""


class CannotLook(Unknown):
    """It lists no such things, so no look tells: only the same call again, under the same key, does."""


class NotSent(Exception):
    """It surely did not happen: no connection, a 429, or our own credentials refused. The same key again, later."""

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class BadSignature(Exception):
    """A push that did not come from the provider as it stands. `reason` is for the operator's log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderError(AppError):
    """The provider answered with a fault. The payment, if any, is settled by itself: look at it, or retry."""

    status = 502
    code = "PROVIDER_ERROR"
    message = "The payment provider had a fault"
    action = "retry with the same key"


class ProviderTimeout(AppError):
    """The provider did not answer in time. It may have happened: retry with the same key, never with a new one."""

    status = 504
    code = "PROVIDER_TIMEOUT"
    message = "The payment provider did not answer in time"
    action = "retry with the same key"


class PaymentDeclined(AppError):
    """The buyer's bank said no; `details.declineCode` says why."""

    status = 402
    code = "PAYMENT_DECLINED"
    message = "The payment was declined"
    action = "show it"


class UnsupportedByProvider(AppError):
    """This provider can't do that, or is not available here."""

    status = 422
    code = "UNSUPPORTED_BY_PROVIDER"
    message = "This provider does not support that"
    action = "choose another provider"


@contextmanager
def as_answers() -> Generator[None]:
    """A provider's fault in the words that our API's client knows.

    Raises:
        ProviderTimeout: in doubt. ProviderError: it surely did not happen, or the provider has no such thing.
    """
    try:
        yield
    except Unknown as error:
        raise ProviderTimeout from error
    except (NotSent, Refused) as error:
        raise ProviderError from error
