"""Changing and leaving an account, over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from cleanly.domain.auth import flows as proofs
from cleanly.domain.users import service as users
from cleanly.platform.cache.service import Cache
from tests.waiting import eventually
from tests.world import PASSWORD, Phone, World, code

NEW = "an entirely different phrase"


async def make_admin(world: World, phone: Phone) -> Phone:
    async with world.context.db.begin() as session:
        from uuid import UUID

        cache = world.context.part(Cache)
        await users.set_role(session, cache, UUID(phone.user_id), "admin", now=world.clock.now())
    phone.keep(await world.call("POST", "/auth/login", {"email": phone.email, "password": PASSWORD}))
    return phone


async def test_a_profile_changes_where_it_is_told_to(world: World):
    ada = await world.register()
    reply = await ada.call("PUT", "/users/me", {"name": " Ada   Lovelace ", "avatarUrl": "https://example.com/a.png"})
    assert reply.status_code == 200
    body = reply.json()
    assert (body["name"], body["avatarUrl"]) == ("Ada Lovelace", "https://example.com/a.png")
    read = await ada.call("GET", f"/users/{ada.user_id}")
    assert (read.json(), read.headers["etag"]) == (body, reply.headers["etag"])
    gone = await ada.call("PUT", "/users/me", {"avatarUrl": None})
    assert (gone.json()["name"], gone.json()["avatarUrl"]) == ("Ada Lovelace", None)
    assert (await ada.call("PUT", "/users/me", {})).json() == gone.json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": None}, "name"),
        ({"email": None}, "email"),
        ({"avatarUrl": "http://example.com/a.png"}, "avatarUrl"),
        ({"avatarUrl": "https://user:pw@example.com/a.png"}, "avatarUrl"),
        ({"role": "admin"}, "role"),
        ({"id": str(uuid4())}, "id"),
    ],
)
async def test_a_profile_refuses_what_it_can_not_be(world: World, body: dict[str, object], field: str):
    ada = await world.register()
    reply = await ada.call("PUT", "/users/me", body)
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    assert reply.json()["error"]["details"]["field"] == field


async def test_an_unchanged_profile_is_not_sent_again(world: World):
    ada = await world.register()
    first = await ada.call("GET", "/users/me")
    same = await ada.call("GET", "/users/me", If_None_Match=first.headers["etag"])
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    await ada.call("PUT", "/users/me", {"name": "Ada Byron"})
    changed = await ada.call("GET", "/users/me", If_None_Match=first.headers["etag"])
    assert (changed.status_code, changed.json()["name"]) == (200, "Ada Byron")


async def test_an_edit_of_a_stale_profile_is_a_conflict(world: World):
    ada = await world.register()
    stale = (await ada.call("GET", "/users/me")).headers["etag"]
    world.clock.move(seconds=1)
    assert (await ada.call("PUT", "/users/me", {"name": "Ada B"}, If_Match=stale)).status_code == 200
    late = await ada.call("PUT", "/users/me", {"name": "Ada C"}, If_Match=stale)
    assert (late.status_code, code(late)) == (409, "CONFLICT")
    assert (await ada.call("GET", "/users/me")).json()["name"] == "Ada B"


async def test_of_two_edits_of_the_same_reading_one_wins(world: World):
    ada = await world.register()
    etag = (await ada.call("GET", "/users/me")).headers["etag"]
    world.clock.move(seconds=1)
    edits = [ada.call("PUT", "/users/me", {"name": f"Ada {n}"}, If_Match=etag) for n in range(4)]
    replies = await asyncio.gather(*edits)
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409]


async def test_an_email_is_not_changed_on_a_reading_that_another_edit_outdates(world: World):
    ada = await world.register("ada@example.com")
    etag = (await ada.call("GET", "/users/me")).headers["etag"]
    async with world.context.db.begin() as session:
        await session.execute(text("UPDATE users SET name = 'Ada L', updated_at = updated_at + interval '1 second'"))
        body = {"email": "ada.new@example.com", "currentPassword": PASSWORD}
        edit = asyncio.create_task(ada.call("PUT", "/users/me", body, If_Match=etag))
        await eventually(world.waits_for_a_lock, what="the edit waits")
    assert ((await edit).status_code, code(await edit)) == (409, "CONFLICT")
    assert await world.rows("SELECT email, name FROM users") == [("ada@example.com", "Ada L")]


async def test_a_new_email_asks_for_the_password_and_is_told_to_the_old_address(world: World):
    ada = await world.register("ada@example.com")
    await world.call("POST", "/auth/verify-email/confirm", {"token": await world.link(ada.email)})
    body: dict[str, object] = {"email": "ada.new@example.com"}
    for wrong in (body, body | {"currentPassword": "not the phrase"}):
        refused = await ada.call("PUT", "/users/me", wrong)
        assert (refused.status_code, code(refused)) == (403, "REAUTHENTICATION_REQUIRED")
    reply = await ada.call("PUT", "/users/me", body | {"currentPassword": PASSWORD})
    assert (reply.json()["email"], reply.json()["emailVerified"]) == ("ada.new@example.com", False)
    assert "token=" not in (await world.mails("ada@example.com"))[0]["text"]
    token = await world.link("ada.new@example.com")
    assert (await world.call("POST", "/auth/verify-email/confirm", {"token": token})).status_code == 200
    assert (
        code(await world.call("POST", "/auth/login", {"email": ada.email, "password": PASSWORD}))
        == "INVALID_CREDENTIALS"
    )
    assert (await world.login("ada.new@example.com")).access
    assert (await world.register("ada@example.com")).access  # the old address is free


async def test_an_email_of_another_account_is_taken(world: World):
    ada, eve = await world.register(), await world.register()
    reply = await eve.call("PUT", "/users/me", {"email": ada.email, "currentPassword": PASSWORD})
    assert (reply.status_code, code(reply)) == (409, "EMAIL_TAKEN")


async def test_guessing_the_current_password_is_slowed_like_a_login(world: World):
    ada = await world.register()
    await world.rows("UPDATE refresh_tokens SET address_bucket = 'elsewhere' RETURNING id")
    body = {"currentPassword": "not the phrase", "newPassword": NEW}
    for _ in range(5):
        assert code(await ada.call("POST", "/auth/password/change", body)) == "REAUTHENTICATION_REQUIRED"
    right = await ada.call("POST", "/auth/password/change", {"currentPassword": PASSWORD, "newPassword": NEW})
    assert code(right) == "ACCOUNT_TEMPORARILY_LOCKED"


async def test_another_users_profile_is_not_there(world: World):
    ada, eve = await world.register(), await world.register()
    for method, body in (("GET", None), ("PUT", {"name": "Mallory"}), ("DELETE", None)):
        theirs = await eve.call(method, f"/users/{ada.user_id}", body)
        nobodys = await eve.call(method, f"/users/{uuid4()}", body)
        nonsense = await eve.call(method, "/users/nonsense", body)
        assert theirs.status_code == nobodys.status_code == nonsense.status_code == 404
        assert theirs.json() == nobodys.json() == nonsense.json()
    assert (await eve.call("GET", f"/users/{ada.user_id}/export")).status_code == 404
    assert (await ada.call("GET", "/users/me")).json()["name"] == "Ada"


async def test_an_admin_reads_and_edits_anybody_but_takes_nobodys_email(world: World):
    ada, root = await world.register(), await make_admin(world, await world.register())
    assert (await root.call("GET", f"/users/{ada.user_id}")).json()["email"] == ada.email
    assert (await root.call("PUT", f"/users/{ada.user_id}", {"name": "Ada B"})).json()["name"] == "Ada B"
    body = {"email": "mine@example.com", "currentPassword": PASSWORD}
    assert code(await root.call("PUT", f"/users/{ada.user_id}", body)) == "FORBIDDEN"


async def test_a_changed_password_gives_new_tokens_and_ends_every_other_session(world: World):
    ada = await world.register()
    tablet = await world.login(ada.email)
    old = Phone(world, ada.email, access=ada.access, refresh=ada.refresh)
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    reply = await ada.call("POST", "/auth/password/change", body)
    assert set(reply.json()) == {"accessToken", "refreshToken", "expiresIn", "tokenType"}
    ada.keep(reply)
    assert code(await tablet.call("GET", "/users/me")) == "SESSION_REVOKED"
    # Until the phone shows that it has the new tokens, the old ones live: the reply may have been lost.
    assert (await old.call("GET", "/users/me")).status_code == 200
    assert (await ada.call("GET", "/users/me")).status_code == 200
    assert code(await old.refreshes()) == "SESSION_REVOKED"
    assert (await ada.refreshes()).status_code == 200
    assert (await world.login(ada.email, NEW)).access
    assert [item["current"] for item in (await ada.call("GET", "/auth/sessions")).json()["items"]].count(True) == 1


async def test_a_lost_reply_to_a_password_change_logs_nobody_out(world: World):
    ada = await world.register()
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    await ada.call("POST", "/auth/password/change", body, Idempotency_Key="c1")
    again = await ada.call("POST", "/auth/password/change", body, Idempotency_Key="c1")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    ada.keep(again)
    assert (await ada.call("GET", "/users/me")).status_code == 200
    assert (await ada.refreshes()).status_code == 200


async def test_a_retry_that_the_first_try_overtakes_gets_its_answer_and_not_a_wrong_password(world: World, monkeypatch):
    ada = await world.register()
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    prove, answers = proofs.prove_again, []

    async def overtaken(*args: Any, **named: Any) -> Any:
        monkeypatch.setattr(proofs, "prove_again", prove)
        answers.append(await ada.call("POST", "/auth/password/change", body, Idempotency_Key="c2"))
        return await prove(*args, **named)

    monkeypatch.setattr(proofs, "prove_again", overtaken)
    again = await ada.call("POST", "/auth/password/change", body, Idempotency_Key="c2")
    assert [answers[0].status_code, again.status_code] == [200, 200]
    assert again.json() == answers[0].json()


async def test_leaving_erases_the_person_and_frees_the_email(world: World):
    ada = await world.register("ada@example.com", **{"User-Agent": "Ada's own phone", "X-Device-Name": "Ada's Pixel"})
    assert (await ada.call("DELETE", "/users/me")).status_code == 204
    assert code(await ada.call("GET", "/users/me")) == "SESSION_REVOKED"
    assert code(await ada.refreshes()) == "SESSION_REVOKED"
    [(user_id,)] = await world.rows("SELECT id FROM users")
    assert str(user_id) == ada.user_id
    tables = await world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        for (row,) in await world.rows(f'SELECT t::text FROM "{table}" t'):
            for trace in ("ada@example.com", "Ada's", "192.0.2.1"):
                assert trace not in row, (table, row)
    login = {"email": ada.email, "password": PASSWORD}
    assert code(await world.call("POST", "/auth/login", login)) == "INVALID_CREDENTIALS"
    assert (await world.register("ada@example.com")).user_id != ada.user_id


async def test_leaving_twice_is_leaving_once(world: World):
    ada = await world.register()
    for path in ("/users/me", "/users/me", f"/users/{ada.user_id}"):
        assert (await ada.call("DELETE", path)).status_code == 204
    assert (await ada.call("DELETE", f"/users/{uuid4()}")).status_code == 401
    assert (await world.actions()).count("user.erased") == 1


async def test_an_admin_erases_a_user_and_may_repeat_it(world: World):
    ada, root = await world.register(), await make_admin(world, await world.register())
    for _ in range(2):
        assert (await root.call("DELETE", f"/users/{ada.user_id}")).status_code == 204
    assert code(await ada.call("GET", "/users/me")) == "SESSION_REVOKED"
    assert (await root.call("DELETE", f"/users/{uuid4()}")).status_code == 404


async def test_the_export_holds_everything_held(world: World):
    ada = await world.register("ada@example.com", **{"X-Device-Name": "Pixel"})
    reply = await ada.call("GET", "/users/me/export")
    body = reply.json()
    assert body["users"]["email"] == "ada@example.com"
    assert [session["name"] for session in body["auth"]["sessions"]] == ["Pixel"]
    assert {event["action"] for event in body["auth"]["events"]} == {"user.registered", "session.opened"}
    assert "passwordHash" not in reply.text
    assert "argon2" not in reply.text


async def test_a_role_that_is_taken_away_is_gone_within_a_second(world: World):
    root, ada = await make_admin(world, await world.register()), await world.register()
    assert (await root.call("GET", f"/users/{ada.user_id}")).status_code == 200
    await world.rows("UPDATE users SET role = 'user' RETURNING id")
    from cleanly.domain.auth.sessions.gate import Gate

    world.context.part(Gate).forget_everything()  # what the second's passing does
    assert (await root.call("GET", f"/users/{ada.user_id}")).status_code == 404
