"""How users refuse."""

from cleanly.kernel.errors import AppError


class EmailTaken(AppError):
    """Another account has this e-mail."""

    status = 409
    code = "EMAIL_TAKEN"
    message = "An account with this e-mail exists already"
    action = "show it"
