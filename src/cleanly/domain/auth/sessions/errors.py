"""Every way a refresh is refused. `SessionRevoked` and `SessionExpired` stand in the kernel, beside the gate's."""

from cleanly.kernel.principal import Unauthorized


class RefreshTokenInvalid(Unauthorized):
    """Not a refresh token of ours, or of a session that we do not know. Changes nothing: a guess must not end one."""

    code = "REFRESH_TOKEN_INVALID"
    message = "The refresh token is not valid"
    action = "log in"


class RefreshTokenReused(Unauthorized):
    """The token had been replaced and its replacement used: two hold the session, so it was ended for both."""

    code = "REFRESH_TOKEN_REUSED"
    message = "The refresh token was used before, so the session was ended for safety"
    action = "log in"
