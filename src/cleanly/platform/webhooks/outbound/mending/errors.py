"""How mending refuses."""

from cleanly.kernel.errors import AppError


class EndpointIsOff(AppError):
    """Nothing is sent to an endpoint that is switched off or taken away."""

    status = 409
    code = "INVALID_STATE"
    message = "The endpoint is off: switch it on first"
    action = "show it"
