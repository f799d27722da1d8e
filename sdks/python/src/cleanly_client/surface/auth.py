"""Accounts and sessions. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from collections.abc import Mapping
from typing import Any, Literal

from cleanly_client import models, wire
from cleanly_client.calls import Call, Given
from cleanly_client.groups import AsyncGroup, Group
from cleanly_client.pages import AsyncPages, Pages
from cleanly_client.unset import UNSET, Unset

_REGISTER: Call[models.SignedIn | None] = Call(
    "register", "POST", "/api/v1/auth/register", wire.reader(models.SignedIn), needs_token=False, role="begin"
)
_LOGIN: Call[models.SignedIn] = Call(
    "login", "POST", "/api/v1/auth/login", wire.reader(models.SignedIn), needs_token=False, role="begin"
)
_GOOGLE: Call[models.SignedIn] = Call(
    "google", "POST", "/api/v1/auth/google", wire.reader(models.SignedIn), needs_token=False, role="begin"
)
_LOGOUT: Call[None] = Call("logout", "POST", "/api/v1/auth/logout", wire.anything, needs_token=False, role="logout")
_LIST_SESSIONS: Call[wire.Page[models.Session]] = Call(
    "list_sessions", "GET", "/api/v1/auth/sessions", wire.pages(models.Session)
)
_REVOKE_SESSION: Call[None] = Call("revoke_session", "DELETE", "/api/v1/auth/sessions/{id}", wire.anything)
_REQUEST_VERIFICATION: Call[models.Accepted] = Call(
    "request_verification", "POST", "/api/v1/auth/verify-email/request", wire.reader(models.Accepted)
)
_CONFIRM_VERIFICATION: Call[models.Verified] = Call(
    "confirm_verification", "POST", "/api/v1/auth/verify-email/confirm", wire.reader(models.Verified), needs_token=False
)
_FORGOT: Call[models.Accepted] = Call(
    "forgot", "POST", "/api/v1/auth/password/forgot", wire.reader(models.Accepted), needs_token=False
)
_RESET: Call[None] = Call("reset", "POST", "/api/v1/auth/password/reset", wire.anything, needs_token=False)
_CHANGE_PASSWORD: Call[models.Tokens] = Call(
    "change_password", "POST", "/api/v1/auth/password/change", wire.reader(models.Tokens), role="begin"
)
_JWKS: Call[Mapping[str, Any]] = Call("jwks", "GET", "/.well-known/jwks.json", wire.anything, needs_token=False)


class Auth(Group):
    """Accounts and sessions."""

    def register(
        self, *, email: str, password: str, name: str, idempotency_key: str | None = None
    ) -> models.SignedIn | None:
        """Create an account.

        Make the account, send the verification mail, open the first session: one commit.

        None if the service only says that a mail is on its way.

        Raises:
            EmailTaken, Conflict, WeakPassword: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _REGISTER, Given({}, {}, body={"email": email, "password": password, "name": name}, key=idempotency_key)
        )

    def login(self, *, email: str, password: str, idempotency_key: str | None = None) -> models.SignedIn:
        """Log in with a password.

        Open a session. An unknown e-mail and a wrong password look and cost the same.

        Raises:
            InvalidCredentials, Conflict, AccountTemporarilyLocked: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _LOGIN, Given({}, {}, body={"email": email, "password": password}, key=idempotency_key)
        )

    def google(
        self, *, id_token: str, nonce: str | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.SignedIn:
        """Log in with a Google ID token.

        Open a session for the Google account that Android's Credential Manager vouches for.

        Raises:
            InvalidCredentials, Forbidden, EmailNotVerified, EmailTaken, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _GOOGLE, Given({}, {}, body={"idToken": id_token, "nonce": nonce}, key=idempotency_key)
        )

    def refresh(self) -> None:
        """Trade the refresh token for a new pair now; it is done by itself when it is time."""
        self._caller.renew()

    def logout(
        self, *, scope: Literal["current", "others", "all"] | Unset = UNSET, idempotency_key: str | None = None
    ) -> None:
        """End this session, the others, or all.

        Always 204: a dead session or an expired token is as logged out as can be.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        self._caller.call(_LOGOUT, Given({}, {}, body={"scope": scope}, key=idempotency_key))

    def sessions(self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET) -> Pages[models.Session]:
        """The devices where I am logged in.

        Live sessions, newest first. Read from the primary: a device that was just revoked must not show.

        `limit`: Rows per page.
        """
        return self._pages(_LIST_SESSIONS, Given({}, {"limit": limit, "cursor": cursor}))

    def revoke_session(self, id: str) -> None:
        """Log a device out.

        End one of the caller's own sessions. Done twice, it is still done; another's is not found.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        self._caller.call(_REVOKE_SESSION, Given({"id": id}, {}))

    def request_verification(self, *, idempotency_key: str | None = None) -> models.Accepted:
        """Send me the verification mail again.

        A new link; the one before stops working. Nothing is sent when the e-mail is proved already.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_REQUEST_VERIFICATION, Given({}, {}, key=idempotency_key))

    def confirm_verification(self, *, token: str, idempotency_key: str | None = None) -> models.Verified:
        """Prove the e-mail with the link's token.

        Uses the link up. It proves only the address that it was sent to.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_CONFIRM_VERIFICATION, Given({}, {}, body={"token": token}, key=idempotency_key))

    def forgot_password(self, *, email: str, idempotency_key: str | None = None) -> models.Accepted:
        """Send a link that resets the password.

        Always 202: the answer does not tell whether there is such an account.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_FORGOT, Given({}, {}, body={"email": email}, key=idempotency_key))

    def reset_password(self, *, token: str, password: str, idempotency_key: str | None = None) -> None:
        """Set a new password with the link's token.

        Sets the password and ends every session: whoever had the old one is out. The link also proves the e-mail.

        Raises:
            Conflict, WeakPassword: see `cleanly_client.refusals`.
        """
        self._caller.call(_RESET, Given({}, {}, body={"token": token, "password": password}, key=idempotency_key))

    def change_password(
        self, *, current_password: str, new_password: str, idempotency_key: str | None = None
    ) -> models.Tokens:
        """Change the password.

        New tokens for this device; every other session ends.

        The old tokens of this device work until the new ones are first used, so that a lost reply logs nobody out.

        Raises:
            ReauthenticationRequired, Conflict, WeakPassword, AccountTemporarilyLocked: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CHANGE_PASSWORD,
            Given({}, {}, body={"currentPassword": current_password, "newPassword": new_password}, key=idempotency_key),
        )

    def signing_keys(self) -> Mapping[str, Any]:
        """Public keys of the access tokens.

        RFC 7517. Empty while the tokens are signed with a shared secret.
        """
        return self._caller.call(_JWKS, Given({}, {}))


class AsyncAuth(AsyncGroup):
    """Accounts and sessions."""

    async def register(
        self, *, email: str, password: str, name: str, idempotency_key: str | None = None
    ) -> models.SignedIn | None:
        """Create an account.

        Make the account, send the verification mail, open the first session: one commit.

        None if the service only says that a mail is on its way.

        Raises:
            EmailTaken, Conflict, WeakPassword: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _REGISTER, Given({}, {}, body={"email": email, "password": password, "name": name}, key=idempotency_key)
        )

    async def login(self, *, email: str, password: str, idempotency_key: str | None = None) -> models.SignedIn:
        """Log in with a password.

        Open a session. An unknown e-mail and a wrong password look and cost the same.

        Raises:
            InvalidCredentials, Conflict, AccountTemporarilyLocked: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _LOGIN, Given({}, {}, body={"email": email, "password": password}, key=idempotency_key)
        )

    async def google(
        self, *, id_token: str, nonce: str | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.SignedIn:
        """Log in with a Google ID token.

        Open a session for the Google account that Android's Credential Manager vouches for.

        Raises:
            InvalidCredentials, Forbidden, EmailNotVerified, EmailTaken, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _GOOGLE, Given({}, {}, body={"idToken": id_token, "nonce": nonce}, key=idempotency_key)
        )

    async def refresh(self) -> None:
        """Trade the refresh token for a new pair now; it is done by itself when it is time."""
        await self._caller.renew()

    async def logout(
        self, *, scope: Literal["current", "others", "all"] | Unset = UNSET, idempotency_key: str | None = None
    ) -> None:
        """End this session, the others, or all.

        Always 204: a dead session or an expired token is as logged out as can be.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        await self._caller.call(_LOGOUT, Given({}, {}, body={"scope": scope}, key=idempotency_key))

    def sessions(self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET) -> AsyncPages[models.Session]:
        """The devices where I am logged in.

        Live sessions, newest first. Read from the primary: a device that was just revoked must not show.

        `limit`: Rows per page.
        """
        return self._pages(_LIST_SESSIONS, Given({}, {"limit": limit, "cursor": cursor}))

    async def revoke_session(self, id: str) -> None:
        """Log a device out.

        End one of the caller's own sessions. Done twice, it is still done; another's is not found.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        await self._caller.call(_REVOKE_SESSION, Given({"id": id}, {}))

    async def request_verification(self, *, idempotency_key: str | None = None) -> models.Accepted:
        """Send me the verification mail again.

        A new link; the one before stops working. Nothing is sent when the e-mail is proved already.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_REQUEST_VERIFICATION, Given({}, {}, key=idempotency_key))

    async def confirm_verification(self, *, token: str, idempotency_key: str | None = None) -> models.Verified:
        """Prove the e-mail with the link's token.

        Uses the link up. It proves only the address that it was sent to.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_CONFIRM_VERIFICATION, Given({}, {}, body={"token": token}, key=idempotency_key))

    async def forgot_password(self, *, email: str, idempotency_key: str | None = None) -> models.Accepted:
        """Send a link that resets the password.

        Always 202: the answer does not tell whether there is such an account.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_FORGOT, Given({}, {}, body={"email": email}, key=idempotency_key))

    async def reset_password(self, *, token: str, password: str, idempotency_key: str | None = None) -> None:
        """Set a new password with the link's token.

        Sets the password and ends every session: whoever had the old one is out. The link also proves the e-mail.

        Raises:
            Conflict, WeakPassword: see `cleanly_client.refusals`.
        """
        await self._caller.call(_RESET, Given({}, {}, body={"token": token, "password": password}, key=idempotency_key))

    async def change_password(
        self, *, current_password: str, new_password: str, idempotency_key: str | None = None
    ) -> models.Tokens:
        """Change the password.

        New tokens for this device; every other session ends.

        The old tokens of this device work until the new ones are first used, so that a lost reply logs nobody out.

        Raises:
            ReauthenticationRequired, Conflict, WeakPassword, AccountTemporarilyLocked: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CHANGE_PASSWORD,
            Given({}, {}, body={"currentPassword": current_password, "newPassword": new_password}, key=idempotency_key),
        )

    async def signing_keys(self) -> Mapping[str, Any]:
        """Public keys of the access tokens.

        RFC 7517. Empty while the tokens are signed with a shared secret.
        """
        return await self._caller.call(_JWKS, Given({}, {}))
