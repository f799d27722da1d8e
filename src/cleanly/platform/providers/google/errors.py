"""Every way Google sign-in refuses. Google being down is the kernel's `Unavailable`, never one of these."""

from cleanly.kernel.errors import Forbidden
from cleanly.kernel.principal import Unauthorized


class GoogleTokenInvalid(Unauthorized):
    """Not an ID token that Google gave to our app just now. The cause says why; the client is not told."""

    code = "INVALID_CREDENTIALS"
    message = "Google did not confirm this sign-in"
    action = "ask again"
    token_was_sent = False  # no access token was: the challenge must not speak of one


class GoogleSignInOff(Forbidden):
    """No client id is configured."""

    message = "Google sign-in is not available here"
