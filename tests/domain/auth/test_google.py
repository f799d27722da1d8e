"""Signing in with Google, over HTTP, with keys made here."""

import asyncio
from typing import Any

import pytest

from cleanly.domain.auth import service
from cleanly.platform.providers.google.id_tokens import IdTokens
from tests.platform.providers.google.stand_in import ABSENT, Google, token
from tests.waiting import eventually
from tests.world import PASSWORD, World, code


@pytest.fixture
def google(world: World) -> Google:
    made = Google()
    parts: Any = world.context.parts
    parts[IdTokens] = made.id_tokens
    return made


async def sign_in(world: World, **claims: Any):
    return await world.call("POST", "/auth/google", {"idToken": token(**claims)})


async def test_a_new_google_user_gets_an_account_with_a_proved_email(world: World, google: Google):
    reply = await sign_in(world)
    assert reply.status_code == 200
    user = reply.json()["user"]
    assert (user["email"], user["emailVerified"], user["name"]) == ("ada@example.com", True, "Ada")
    assert user["avatarUrl"] == "https://pictures.example/ada"
    again = (await sign_in(world, email="renamed@example.com")).json()["user"]
    assert again["id"] == user["id"]  # the subject names the person, not the e-mail
    assert again["email"] == "ada@example.com"


async def test_a_proved_account_is_linked_and_keeps_its_password(world: World, google: Google):
    ada = await world.register("ada@example.com")
    await world.call("POST", "/auth/verify-email/confirm", {"token": await world.link(ada.email)})
    assert (await sign_in(world)).json()["user"]["id"] == ada.user_id
    assert (await ada.call("GET", "/users/me")).status_code == 200
    assert (await world.login(ada.email)).access


async def test_an_account_made_before_its_owner_came_loses_all_that_was_planted(world: World, google: Google):
    eve = await world.register("ada@example.com")
    planted = await world.link("ada@example.com")
    reply = await sign_in(world)
    assert reply.json()["user"]["id"] == eve.user_id
    assert code(await eve.call("GET", "/users/me")) == "SESSION_REVOKED"
    assert code(await eve.refreshes()) == "SESSION_REVOKED"
    assert (await world.call("POST", "/auth/verify-email/confirm", {"token": planted})).status_code == 422
    login = {"email": "ada@example.com", "password": PASSWORD}
    assert code(await world.call("POST", "/auth/login", login)) == "INVALID_CREDENTIALS"
    me = await world.call("GET", "/users/me", token=reply.json()["accessToken"])
    assert me.json()["emailVerified"] is True


async def test_a_login_with_the_planted_password_does_not_slip_through_the_take_over(
    world: World, google: Google, monkeypatch: pytest.MonkeyPatch
):
    await world.register("ada@example.com")
    login = {"email": "ada@example.com", "password": PASSWORD}
    end, late = service.end_sessions, list[asyncio.Task[Any]]()

    async def end_then_somebody_logs_in(*args: Any, **named: Any) -> int:
        ended = await end(*args, **named)
        late.append(asyncio.create_task(world.call("POST", "/auth/login", login)))
        await eventually(world.waits_for_a_lock, what="the login waits")
        return ended

    monkeypatch.setattr(service, "end_sessions", end_then_somebody_logs_in)
    assert (await sign_in(world)).status_code == 200
    assert code(await late[0]) == "INVALID_CREDENTIALS"


async def test_an_email_that_google_has_not_verified_opens_nothing(world: World, google: Google):
    await world.register("ada@example.com")
    for claims in ({"email_verified": False}, {"email_verified": ABSENT}):
        reply = await sign_in(world, **claims)
        assert (reply.status_code, code(reply)) == (403, "EMAIL_NOT_VERIFIED")
    assert len(await world.rows("SELECT id FROM refresh_tokens")) == 1


async def test_another_google_user_with_the_same_email_is_refused(world: World, google: Google):
    await sign_in(world)
    reply = await sign_in(world, sub="999")
    assert (reply.status_code, code(reply)) == (401, "INVALID_CREDENTIALS")
    assert await world.actions() == ["user.registered", "session.opened", "session.login_failed"]


async def test_a_strange_name_or_picture_is_dropped_not_refused(world: World, google: Google):
    reply = await sign_in(world, name="\u0007", picture="http://pictures.example/ada")
    user = reply.json()["user"]
    assert (user["name"], user["avatarUrl"]) == ("ada", None)


async def test_a_bad_token_is_asked_for_again_and_changes_nothing(world: World, google: Google):
    for bad in (token(aud="someone-else"), token(exp=1), "nonsense"):
        reply = await world.call("POST", "/auth/google", {"idToken": bad})
        assert (reply.status_code, code(reply)) == (401, "INVALID_CREDENTIALS")
    assert await world.rows("SELECT id FROM users") == []


async def test_google_being_down_is_no_refusal(world: World, google: Google):
    google.fault = ConnectionError("no route")
    reply = await sign_in(world)
    assert (reply.status_code, code(reply)) == (503, "SERVICE_UNAVAILABLE")


async def test_without_client_ids_google_sign_in_is_off(world: World):
    reply = await sign_in(world)
    assert (reply.status_code, code(reply)) == (403, "FORBIDDEN")
