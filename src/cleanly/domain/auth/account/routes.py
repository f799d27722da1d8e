"""PUT and DELETE /users/{id}, its export, POST /auth/password/change. Above `users`, because sessions end with them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from cleanly.domain.auth.account import flows
from cleanly.domain.auth.errors import AccountTemporarilyLocked, ReauthenticationRequired
from cleanly.domain.auth.schemas import PasswordChangeIn, ProfileIn, TokensOut
from cleanly.domain.users.errors import EmailTaken
from cleanly.domain.users.queries import User
from cleanly.kernel import errors
from cleanly.kernel.etags import etag_of
from cleanly.kernel.http import Ctx, From, Me, Route, Subject, refusals
from cleanly.platform.idempotency.errors import OWN as KEY_REFUSALS
from cleanly.platform.idempotency.http import Once
from cleanly.platform.passwords.errors import WeakPassword
from cleanly.platform.ratelimit.http import limited

router = APIRouter(tags=["users"], route_class=Route)


@router.put(
    "/users/{id}",
    response_model=User,
    summary="Change a profile",
    responses=refusals(
        errors.NotFound,
        errors.Forbidden,
        errors.Conflict,
        EmailTaken,
        ReauthenticationRequired,
        AccountTemporarilyLocked,
        *KEY_REFUSALS,
        signed_in=True,
        body=True,
    ),
)
async def change_profile(  # noqa: PLR0917 - FastAPI calls by name
    body: ProfileIn,
    user_id: Subject,
    caller: Me,
    context: Ctx,
    origin: From,
    once: Once,
    if_match: Annotated[str | None, Header(description="The ETag that was read", max_length=512)] = None,
) -> Response:
    """Absent fields stay. A new e-mail asks for the current password and must be proved again.

    With `If-Match`, a profile that has changed meanwhile is a CONFLICT and stays as it is.
    """
    await once.look(context)
    values = flows.wanted_changes(body)
    if body.email is not None:
        await flows.allow_new_email(context, caller, user_id, body, origin=origin)
    async with context.db.begin() as session:
        await once.claim(session)
        user = await flows.change_profile(
            session, context, user_id, values, caller=caller, if_match=if_match, origin=origin
        )
        etag = etag_of(user.model_dump_json(by_alias=True).encode())
        return await once.answer(session, 200, user, headers={"ETag": etag})


@router.delete(
    "/users/{id}",
    status_code=204,
    summary="Leave: erase the personal data",
    responses=refusals(errors.NotFound, signed_in=True),
)
async def erase(
    request: Request,
    user_id: Annotated[str, Path(alias="id", max_length=64, description="A user's id, or `me`", examples=["me"])],
    context: Ctx,
    origin: From,
) -> Response:
    """Sessions die at once, the e-mail is free again, money records stay under the bare id. Again: still 204."""
    await flows.erase(context, request, user_id, origin=origin)
    return Response(status_code=204)


@router.get(
    "/users/{id}/export",
    summary="Everything held on a user",
    responses={
        200: {"content": {"application/json": {"example": {"users": {"email": "ada@example.com"}}}}},
        **refusals(errors.NotFound, signed_in=True),
    },
)
async def export(user_id: Subject, caller: Me, context: Ctx, origin: From) -> dict[str, Any]:
    """One JSON object, a key for each part of the service that holds something. An admin's look is audited."""
    return await flows.export(context, user_id, caller=caller, origin=origin)


@router.post(
    "/auth/password/change",
    tags=["auth"],
    response_model=TokensOut,
    summary="Change the password",
    dependencies=[Depends(limited("auth"))],
    responses=refusals(
        WeakPassword,
        ReauthenticationRequired,
        AccountTemporarilyLocked,
        *KEY_REFUSALS,
        signed_in=True,
        body=True,
    ),
)
async def change_password(body: PasswordChangeIn, caller: Me, context: Ctx, origin: From, once: Once) -> Response:
    """New tokens for this device; every other session ends.

    The old tokens of this device work until the new ones are first used, so that a lost reply logs nobody out.
    """
    await once.look(context)
    try:
        changed = await flows.new_password(context, caller, body, origin=origin)
    except ReauthenticationRequired:
        await once.look(context)  # the old password is wrong since the first try of this very call was done
        raise
    async with context.db.begin() as session:
        await once.claim(session)
        opened = await flows.change_password(session, context, caller, changed, origin=origin)
        return await once.answer(session, 200, TokensOut(**opened.model_dump(exclude={"user"})))
