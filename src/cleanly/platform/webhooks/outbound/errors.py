"""How outbound webhooks refuse."""

from cleanly.kernel.errors import AppError


class TooManyEndpoints(AppError):
    """The account has as many endpoints as it may have."""

    status = 409
    code = "CONFLICT"
    message = "The account has as many endpoints as it may have"
    action = "show it"


class PingFailed(AppError):
    """The endpoint was switched off because it failed; `details` tell how the test ended that would switch it on."""

    status = 409
    code = "INVALID_STATE"
    message = "The endpoint did not answer the test with 2xx, so it stays off"
    action = "show it"
