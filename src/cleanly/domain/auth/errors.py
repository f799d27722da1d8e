"""How logging in is refused."""

from cleanly.kernel.errors import AppError, RateLimited
from cleanly.kernel.principal import Unauthorized


class InvalidCredentials(Unauthorized):
    """Wrong e-mail or wrong password: the two look and cost the same."""

    code = "INVALID_CREDENTIALS"
    message = "The e-mail or the password is not right"
    action = "ask again"
    token_was_sent = False


class AccountTemporarilyLocked(RateLimited):
    """Too many wrong passwords for this account from elsewhere; Retry-After says how long."""

    code = "ACCOUNT_TEMPORARILY_LOCKED"
    message = "Too many wrong passwords, try again later"
    action = "wait, then retry"


class ReauthenticationRequired(AppError):
    """This change asks for the current password, and it is missing or wrong."""

    status = 403
    code = "REAUTHENTICATION_REQUIRED"
    message = "Confirm with the current password"
    action = "ask for the password"


class EmailNotVerified(AppError):
    """Google vouches for the person, but not for the e-mail by which an account would be found."""

    status = 403
    code = "EMAIL_NOT_VERIFIED"
    message = "Google has not verified this e-mail"
    action = "stop"
