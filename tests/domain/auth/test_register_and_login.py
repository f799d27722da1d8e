"""Registering and logging in, over HTTP: what is let in, what is refused, what is told."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from cleanly.kernel.dbwatch import STATEMENTS
from tests.waiting import eventually
from tests.world import PASSWORD, World, code, running


def person(email: str = "ada@example.com", **more: object) -> dict[str, object]:
    return {"email": email, "password": PASSWORD, "name": "Ada", **more}


async def test_registering_opens_a_session_and_asks_to_prove_the_email(world: World):
    reply = await world.call("POST", "/auth/register", person("  Ada@Example.COM "))
    assert reply.status_code == 201
    body = reply.json()
    assert set(body) == {"user", "accessToken", "refreshToken", "expiresIn", "tokenType"}
    assert body["user"]["email"] == "ada@example.com"
    assert body["user"]["emailVerified"] is False
    assert body["user"]["role"] == "user"
    assert reply.headers["cache-control"] == "no-store"
    me = await world.call("GET", "/users/me", token=body["accessToken"])
    assert me.json() == body["user"]
    assert [mail["to"] for mail in await world.mails("ada@example.com")] == ["ada@example.com"]
    assert await world.actions() == ["user.registered", "session.opened"]


async def test_an_email_is_taken_in_whatever_case_or_unicode_form_it_comes(world: World):
    await world.register("jos\u00e9@example.com")
    again = await world.call("POST", "/auth/register", person("JOSE\u0301@example.com"))
    assert (again.status_code, code(again)) == (409, "EMAIL_TAKEN")
    assert len(await world.rows("SELECT id FROM users")) == 1


async def test_whether_an_email_is_taken_is_looked_at_last(world: World):
    await world.register("ada@example.com")
    for bad, refusal in (({"name": ""}, "VALIDATION_ERROR"), ({"password": "iloveyou"}, "WEAK_PASSWORD")):
        told = await world.call("POST", "/auth/register", person(**bad))
        assert code(told) == refusal
    assert code(await world.call("POST", "/auth/register", person())) == "EMAIL_TAKEN"


async def test_of_two_who_register_the_same_email_at_once_one_gets_it(world: World):
    replies = await asyncio.gather(*(world.call("POST", "/auth/register", person()) for _ in range(5)))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409, 409]
    assert len(await world.rows("SELECT id FROM users")) == 1
    assert len(await world.rows("SELECT id FROM refresh_tokens")) == 1


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"email": "nobody"}, "email", "invalid"),
        ({"email": "a@b"}, "email", "invalid"),
        ({"email": "a b@example.com"}, "email", "invalid"),
        ({"name": "   "}, "name", "invalid"),
        ({"name": "A\u0007da"}, "name", "invalid"),
        ({"name": None}, "name", "invalid"),
        ({"role": "admin"}, "role", "unknown_field"),
        ({"password": 12345678}, "password", "invalid"),
    ],
)
async def test_a_bad_field_is_named(world: World, change: dict[str, object], field: str, reason: str):
    reply = await world.call("POST", "/auth/register", person(**change) if "email" not in change else person() | change)
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    details = reply.json()["error"]["details"]
    assert (details["field"], details["reason"]) == (field, reason)
    assert await world.rows("SELECT id FROM users") == []


async def test_several_bad_fields_are_all_told(world: World):
    reply = await world.call("POST", "/auth/register", {"email": "nobody"})
    details = reply.json()["error"]["details"]
    assert details["field"] == details["errors"][0]["field"]
    assert {(row["field"], row["reason"]) for row in details["errors"]} == {
        ("email", "invalid"),
        ("password", "missing"),
        ("name", "missing"),
    }
    assert reply.json()["error"]["message"] in {row["message"] for row in details["errors"]}


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "too_short"), ("x" * 129, "too_long"), ("iloveyou", "common"), ("my-ada.byron-99", "contains_email")],
)
async def test_a_weak_password_is_refused_with_the_reason(world: World, password: str, reason: str):
    reply = await world.call("POST", "/auth/register", person("ada.byron@example.com", password=password))
    assert (reply.status_code, code(reply)) == (422, "WEAK_PASSWORD")
    assert reply.json()["error"]["details"]["reason"] == reason
    assert await world.rows("SELECT id FROM users") == []


async def test_an_unknown_email_and_a_wrong_password_look_the_same(world: World):
    await world.register("ada@example.com")
    wrong = await world.call("POST", "/auth/login", {"email": "ada@example.com", "password": "not the phrase"})
    unknown = await world.call("POST", "/auth/login", {"email": "eve@example.com", "password": "not the phrase"})
    assert (wrong.status_code, code(wrong)) == (401, "INVALID_CREDENTIALS")
    assert wrong.json() == unknown.json()
    assert wrong.headers["www-authenticate"] == unknown.headers["www-authenticate"] == "Bearer"


async def test_the_usual_login_asks_the_database_twice(world: World):
    ada = await world.register()
    before = {name: sum(counts[:-1]) for (name,), counts in STATEMENTS.series.items()}
    await world.login(ada.email)
    asked = {name: sum(counts[:-1]) - before.get(name, 0) for (name,), counts in STATEMENTS.series.items()}
    assert {name: times for name, times in asked.items() if times} == {
        "select users login_failures": 1,
        "with users refresh_tokens audit_events": 1,
    }


async def test_five_failures_make_the_account_wait_longer_each_time_but_never_for_ever(world: World):
    await world.register("ada@example.com", **{"X-Forwarded-For": "198.51.100.1"})
    await world.rows("UPDATE refresh_tokens SET address_bucket = 'elsewhere' RETURNING id")
    wrong = {"email": "ada@example.com", "password": "not the phrase"}
    for _ in range(5):
        assert code(await world.call("POST", "/auth/login", wrong)) == "INVALID_CREDENTIALS"
    right = {"email": "ada@example.com", "password": PASSWORD}
    locked = await world.call("POST", "/auth/login", right)
    assert (locked.status_code, code(locked)) == (429, "ACCOUNT_TEMPORARILY_LOCKED")
    wait = int(locked.headers["retry-after"])
    assert 29 <= wait <= 31
    world.clock.move(seconds=wait)
    assert code(await world.call("POST", "/auth/login", wrong)) == "INVALID_CREDENTIALS"
    assert int((await world.call("POST", "/auth/login", right)).headers["retry-after"]) > wait
    world.clock.move(hours=1, seconds=1)
    assert (await world.call("POST", "/auth/login", right)).status_code == 200
    for _ in range(4):  # the count began again with the good login
        assert code(await world.call("POST", "/auth/login", wrong)) == "INVALID_CREDENTIALS"
    assert (await world.call("POST", "/auth/login", right)).status_code == 200


async def test_an_unknown_email_is_made_to_wait_just_the_same(world: World):
    wrong = {"email": "eve@example.com", "password": "not the phrase"}
    for _ in range(5):
        await world.call("POST", "/auth/login", wrong)
    assert code(await world.call("POST", "/auth/login", wrong)) == "ACCOUNT_TEMPORARILY_LOCKED"


async def test_a_strangers_guesses_do_not_lock_the_owner_out_of_their_own_place(world: World):
    await world.register("ada@example.com")  # this address now holds a live session of the account
    await world.rows(
        "INSERT INTO login_failures (account, failures, blocked_until, updated_at)"
        " VALUES (sha256('login failures' || '\\000'::bytea || 'ada@example.com'::bytea), 9, :until, :now) RETURNING 1",
        until=world.clock.now() + timedelta(hours=1),
        now=world.clock.now(),
    )
    assert (await world.login("ada@example.com")).access


async def test_a_password_in_an_old_form_is_renewed_at_login(world: World):
    import bcrypt

    ada = await world.register("ada@example.com")
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await world.rows("UPDATE users SET password_hash = :old RETURNING id", old=old)
    await world.login(ada.email)
    [(stored,)] = await world.rows("SELECT password_hash FROM users")
    assert stored.startswith("$argon2id$")
    await world.login(ada.email)


async def test_a_password_that_changes_while_it_is_verified_opens_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    from cleanly.platform.passwords.service import Passwords

    await world.register("ada@example.com")
    passwords = world.context.part(Passwords)
    verify = passwords.verify

    async def verify_then_change(stored: str | None, password: str):
        verdict = await verify(stored, password)
        await world.rows("UPDATE users SET password_hash = 'changed' RETURNING id")
        return verdict

    monkeypatch.setattr(passwords, "verify", verify_then_change)
    reply = await world.call("POST", "/auth/login", {"email": "ada@example.com", "password": PASSWORD})
    assert code(reply) == "INVALID_CREDENTIALS"
    assert len(await world.rows("SELECT id FROM refresh_tokens")) == 1


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "l1"}], ids=["usual", "keyed"])
async def test_a_login_waits_for_a_password_change_that_is_not_committed(world: World, headers: dict[str, str]):
    await world.register("ada@example.com")
    body = {"email": "ada@example.com", "password": PASSWORD}
    async with world.context.db.begin() as session:
        await session.execute(text("UPDATE users SET password_hash = 'changed'"))
        login = asyncio.create_task(world.call("POST", "/auth/login", body, **headers))
        await eventually(world.waits_for_a_lock, what="the login waits")
    assert code(await login) == "INVALID_CREDENTIALS"
    assert len(await world.rows("SELECT id FROM refresh_tokens")) == 1


async def test_the_same_key_registers_once_and_gets_the_same_tokens(world: World):
    first = await world.call("POST", "/auth/register", person(), Idempotency_Key="k1")
    again = await world.call("POST", "/auth/register", person(), Idempotency_Key="k1")
    assert again.status_code == 201
    assert again.content == first.content
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    other = await world.call("POST", "/auth/register", person(name="Eve"), Idempotency_Key="k1")
    assert (other.status_code, code(other)) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_more_sessions_than_allowed_end_the_one_longest_unused(database_url: str, clock, world: World):
    async with running(database_url, clock, sessions_per_user_max=2) as small:
        first = await small.register("many@example.com")
        clock.move(minutes=1)
        second = await small.login("many@example.com")
        clock.move(minutes=1)
        third = await small.login("many@example.com")
        assert code(await first.call("GET", "/users/me")) == "SESSION_REVOKED"
        assert (await second.call("GET", "/users/me")).status_code == 200
        assert (await third.call("GET", "/users/me")).status_code == 200


async def test_in_safe_mode_nothing_tells_whether_an_email_is_known(database_url: str, clock, world: World):
    async with running(database_url, clock, auth_enumeration="safe") as safe:
        new = await safe.call("POST", "/auth/register", person())
        known = await safe.call("POST", "/auth/register", person(name="Eve"))
        assert (new.status_code, new.json()) == (known.status_code, known.json()) == (202, {"status": "accepted"})
        assert len(await safe.rows("SELECT id FROM users")) == 1
        mails = await safe.mails("ada@example.com")
        assert len(mails) == 2
        # Nor does a login with the password just chosen, until the e-mail is proved.
        login = {"email": "ada@example.com", "password": PASSWORD}
        assert code(await safe.call("POST", "/auth/login", login)) == "INVALID_CREDENTIALS"
        token = await safe.link("ada@example.com")
        assert (await safe.call("POST", "/auth/verify-email/confirm", {"token": token})).status_code == 200
        assert (await safe.call("POST", "/auth/login", login)).status_code == 200


async def test_limits_by_address_and_by_account_hold_before_any_hash(database_url: str, clock, world: World):
    async with running(database_url, clock, rate_limit_auth="3/minute") as strict:
        login = {"email": "ada@example.com", "password": "not the phrase"}
        for _ in range(3):
            assert code(await strict.call("POST", "/auth/login", login)) == "INVALID_CREDENTIALS"
        limited = await strict.call("POST", "/auth/login", login)
        assert (limited.status_code, code(limited)) == (429, "RATE_LIMITED")
        clock.move(seconds=int(limited.headers["retry-after"]))
        assert code(await strict.call("POST", "/auth/login", login)) == "INVALID_CREDENTIALS"
    async with running(database_url, clock, rate_limit_account="3/minute") as strict:
        for _ in range(3):
            await strict.call("POST", "/auth/login", login)
        assert code(await strict.call("POST", "/auth/login", login)) == "RATE_LIMITED"
        other = {"email": "eve@example.com", "password": "not the phrase"}
        assert code(await strict.call("POST", "/auth/login", other)) == "INVALID_CREDENTIALS"


async def test_a_signed_in_caller_may_not_guess_the_password_faster_than_a_stranger(
    database_url: str, clock, world: World
):
    ada = await world.register()
    guess = {"email": "mine@example.com", "currentPassword": "not the phrase"}
    for limits in ({"rate_limit_account": "2/minute"}, {"rate_limit_auth": "2/minute"}):
        async with running(database_url, clock, **limits) as strict:
            tries = [await strict.call("PUT", "/users/me", guess, token=ada.access) for _ in range(3)]
        assert [code(reply) for reply in tries] == [*["REAUTHENTICATION_REQUIRED"] * 2, "RATE_LIMITED"]
    async with running(database_url, clock, rate_limit_account="1/minute") as strict:
        change = {"currentPassword": "not the phrase", "newPassword": "an entirely different phrase"}
        tries = [await strict.call("POST", "/auth/password/change", change, token=ada.access) for _ in range(2)]
    assert [code(reply) for reply in tries] == ["REAUTHENTICATION_REQUIRED", "RATE_LIMITED"]
