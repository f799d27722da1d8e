"""The knobs of registering and logging in."""

from typing import Literal

from cleanly.kernel.settings import Group


class AuthSettings(Group):
    """`auth_enumeration`: `compat` tells that an e-mail is taken; `safe` answers the same either way and mails."""

    auth_enumeration: Literal["compat", "safe"] = "compat"
