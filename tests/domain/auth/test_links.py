"""Proving an e-mail and resetting a password by mailed links, over HTTP."""

import asyncio

from tests.world import PASSWORD, World, code

NEW = "an entirely different phrase"


async def confirm(world: World, token: str):
    return await world.call("POST", "/auth/verify-email/confirm", {"token": token})


async def reset(world: World, token: str, password: str = NEW):
    return await world.call("POST", "/auth/password/reset", {"token": token, "password": password})


async def forgot(world: World, email: str):
    return await world.call("POST", "/auth/password/forgot", {"email": email})


async def test_the_mails_link_proves_the_email_once(world: World):
    ada = await world.register()
    token = await world.link(ada.email)
    replies = await asyncio.gather(*(confirm(world, token) for _ in range(4)))
    assert sorted(reply.status_code for reply in replies) == [200, 422, 422, 422]
    assert (await ada.call("GET", "/users/me")).json()["emailVerified"] is True
    used = await confirm(world, token)
    assert (used.status_code, code(used)) == (422, "VALIDATION_ERROR")
    assert used.json()["error"]["details"] == {"field": "token", "reason": "invalid"}


async def test_a_link_dies_after_an_hour(world: World):
    ada = await world.register()
    token = await world.link(ada.email)
    world.clock.move(hours=1)
    assert (await confirm(world, token)).status_code == 422
    ada.keep(await ada.refreshes())
    assert (await ada.call("GET", "/users/me")).json()["emailVerified"] is False


async def test_a_new_link_replaces_the_old_and_none_is_sent_once_proved(world: World):
    ada = await world.register()
    old = await world.link(ada.email)
    twice = [await ada.call("POST", "/auth/verify-email/request", Idempotency_Key="v1") for _ in range(2)]
    assert [(reply.status_code, reply.content) for reply in twice] == [(202, twice[0].content)] * 2
    assert (await world.actions()).count("user.verification_requested") == 1
    new = await world.link(ada.email)
    assert old != new
    assert (await confirm(world, old)).status_code == 422
    assert (await confirm(world, new)).status_code == 200
    before = len(await world.mails(ada.email))
    assert (await ada.call("POST", "/auth/verify-email/request")).status_code == 202
    assert len(await world.mails(ada.email)) == before


async def test_a_link_of_one_kind_is_no_good_for_the_other(world: World):
    ada = await world.register()
    verify = await world.link(ada.email)
    assert (await reset(world, verify)).status_code == 422
    await forgot(world, ada.email)
    assert (await confirm(world, await world.link(ada.email))).status_code == 422


async def test_a_forgotten_password_is_set_anew_and_everybody_else_is_out(world: World):
    ada = await world.register()
    tablet = await world.login(ada.email)
    assert (await forgot(world, ada.email)).status_code == 202
    token = await world.link(ada.email)
    assert (await reset(world, token)).status_code == 204
    for phone in (ada, tablet):
        assert code(await phone.call("GET", "/users/me")) == "SESSION_REVOKED"
        assert code(await phone.refreshes()) == "SESSION_REVOKED"
    assert (
        code(await world.call("POST", "/auth/login", {"email": ada.email, "password": PASSWORD}))
        == "INVALID_CREDENTIALS"
    )
    again = await world.login(ada.email, NEW)
    assert (await again.call("GET", "/users/me")).json()["emailVerified"] is True
    assert "password" in (await world.mails(ada.email))[0]["subject"].lower()
    assert (await reset(world, token)).status_code == 422


async def test_an_unknown_email_gets_the_same_answer_and_no_mail(world: World):
    ada = await world.register()
    known, unknown = await forgot(world, ada.email), await forgot(world, "eve@example.com")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (202, {"status": "accepted"})
    assert await world.mails("eve@example.com") == []


async def test_a_weak_new_password_leaves_the_link_for_another_try(world: World):
    ada = await world.register()
    await forgot(world, ada.email)
    token = await world.link(ada.email)
    weak = await reset(world, token, "iloveyou")
    assert (weak.status_code, code(weak)) == (422, "WEAK_PASSWORD")
    assert (await reset(world, token)).status_code == 204


async def test_a_link_proves_nothing_after_the_email_has_changed(world: World):
    ada = await world.register()
    await forgot(world, ada.email)
    stale = await world.link(ada.email)
    body = {"email": "ada.new@example.com", "currentPassword": PASSWORD}
    assert (await ada.call("PUT", "/users/me", body)).status_code == 200
    assert (await reset(world, stale)).status_code == 422


async def test_looking_at_a_link_does_not_use_it_up(world: World):
    ada = await world.register()
    token = await world.link(ada.email)
    assert (await world.call("GET", f"/auth/verify-email/confirm?token={token}")).status_code == 405
    assert (await confirm(world, token)).status_code == 200


async def test_only_a_hash_of_the_token_is_stored(world: World):
    ada = await world.register()
    token = await world.link(ada.email)
    for table in ("auth_links", "procrastinate_jobs"):
        for (row,) in await world.rows(f"SELECT t::text FROM {table} t"):
            assert token not in row
            assert ada.email not in row or table == "auth_links"


async def test_a_repeated_reset_with_its_key_is_the_same_204(world: World):
    ada = await world.register()
    await forgot(world, ada.email)
    body = {"token": await world.link(ada.email), "password": NEW}
    first = await world.call("POST", "/auth/password/reset", body, Idempotency_Key="r1")
    again = await world.call("POST", "/auth/password/reset", body, Idempotency_Key="r1")
    assert (first.status_code, again.status_code) == (204, 204)
    assert again.headers["idempotency-replayed"] == "true"
