"""Profiles. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from collections.abc import Mapping
from typing import Any

from cleanly_client import models, wire
from cleanly_client.calls import Call, Given
from cleanly_client.groups import AsyncGroup, Group
from cleanly_client.unset import UNSET, Unset

_READ_USER: Call[models.User] = Call(
    "read_user", "GET", "/api/v1/users/{id}", wire.reader(models.User), tells_etag=True
)
_CHANGE_PROFILE: Call[models.User] = Call("change_profile", "PUT", "/api/v1/users/{id}", wire.reader(models.User))
_ERASE: Call[None] = Call("erase", "DELETE", "/api/v1/users/{id}", wire.anything, role="erase")
_EXPORT: Call[Mapping[str, Any]] = Call("export", "GET", "/api/v1/users/{id}/export", wire.anything)


class Users(Group):
    """Profiles."""

    def get(self, id: str = "me") -> models.User:
        """Read a profile.

        The caller's own profile, or anybody's for an admin. `ETag` and `If-None-Match` spare the body.

        `id`: A user's id, or `me`.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_USER, Given({"id": id}, {}))

    def change(
        self,
        id: str = "me",
        *,
        name: str | Unset | None = UNSET,
        avatar_url: str | Unset | None = UNSET,
        email: str | Unset | None = UNSET,
        current_password: str | Unset | None = UNSET,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.User:
        """Change a profile.

        Absent fields stay. A new e-mail asks for the current password and must be proved again.

        With `If-Match`, a profile that has changed meanwhile is a CONFLICT and stays as it is.

        `id`: A user's id, or `me`.

        Raises:
            Forbidden, ReauthenticationRequired, NotFound, Conflict, EmailTaken, AccountTemporarilyLocked: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CHANGE_PROFILE,
            Given(
                {"id": id},
                {},
                body={"name": name, "avatarUrl": avatar_url, "email": email, "currentPassword": current_password},
                key=idempotency_key,
                if_match=if_match,
            ),
        )

    def erase(self, id: str = "me") -> None:
        """Leave: erase the personal data.

        Sessions die at once, the e-mail is free again, money records stay under the bare id. Again: still 204.

        `id`: A user's id, or `me`.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        self._caller.call(_ERASE, Given({"id": id}, {}))

    def export(self, id: str = "me") -> Mapping[str, Any]:
        """Everything held on a user.

        One JSON object, a key for each part of the service that holds something. An admin's look is audited.

        `id`: A user's id, or `me`.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_EXPORT, Given({"id": id}, {}))


class AsyncUsers(AsyncGroup):
    """Profiles."""

    async def get(self, id: str = "me") -> models.User:
        """Read a profile.

        The caller's own profile, or anybody's for an admin. `ETag` and `If-None-Match` spare the body.

        `id`: A user's id, or `me`.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_USER, Given({"id": id}, {}))

    async def change(
        self,
        id: str = "me",
        *,
        name: str | Unset | None = UNSET,
        avatar_url: str | Unset | None = UNSET,
        email: str | Unset | None = UNSET,
        current_password: str | Unset | None = UNSET,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.User:
        """Change a profile.

        Absent fields stay. A new e-mail asks for the current password and must be proved again.

        With `If-Match`, a profile that has changed meanwhile is a CONFLICT and stays as it is.

        `id`: A user's id, or `me`.

        Raises:
            Forbidden, ReauthenticationRequired, NotFound, Conflict, EmailTaken, AccountTemporarilyLocked: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CHANGE_PROFILE,
            Given(
                {"id": id},
                {},
                body={"name": name, "avatarUrl": avatar_url, "email": email, "currentPassword": current_password},
                key=idempotency_key,
                if_match=if_match,
            ),
        )

    async def erase(self, id: str = "me") -> None:
        """Leave: erase the personal data.

        Sessions die at once, the e-mail is free again, money records stay under the bare id. Again: still 204.

        `id`: A user's id, or `me`.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        await self._caller.call(_ERASE, Given({"id": id}, {}))

    async def export(self, id: str = "me") -> Mapping[str, Any]:
        """Everything held on a user.

        One JSON object, a key for each part of the service that holds something. An admin's look is audited.

        `id`: A user's id, or `me`.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_EXPORT, Given({"id": id}, {}))
