"""Logging out, and the list of devices, over HTTP."""

from uuid import uuid4

import pytest

from tests.world import World, code


async def test_a_user_sees_their_devices_and_which_one_is_this(world: World):
    ada = await world.register(**{"User-Agent": "Cleanly/1.0 (Android 16)"})
    tablet = await world.login(ada.email, **{"X-Device-Name": "Tab\tlet"})  # what can't be shown is left out
    reply = await tablet.call("GET", "/auth/sessions")
    items = reply.json()["items"]
    assert [(item["name"], item["current"]) for item in items] == [
        ("Tablet", True),
        ("Cleanly/1.0 (Android 16)", False),
    ]
    assert items[0]["address"] == "192.0.2.1"
    assert reply.json()["nextCursor"] is None


async def test_the_list_pages_by_a_signed_cursor_that_new_logins_do_not_shift(world: World):
    ada = await world.register()
    for _ in range(4):
        await world.login(ada.email)
    first = (await ada.call("GET", "/auth/sessions?limit=2")).json()
    await world.login(ada.email)
    second = (await ada.call("GET", f"/auth/sessions?limit=2&cursor={first['nextCursor']}")).json()
    third = (await ada.call("GET", f"/auth/sessions?limit=2&cursor={second['nextCursor']}")).json()
    seen = [item["id"] for page in (first, second, third) for item in page["items"]]
    assert len(seen) == len(set(seen)) == 5
    assert third["nextCursor"] is None
    forged = await ada.call("GET", f"/auth/sessions?cursor={first['nextCursor'][:-1]}A")
    assert (forged.status_code, code(forged)) == (400, "MALFORMED_REQUEST")


async def test_a_user_logs_one_device_out_and_doing_it_twice_is_fine(world: World):
    ada = await world.register()
    tablet = await world.login(ada.email)
    [other] = [item for item in (await ada.call("GET", "/auth/sessions")).json()["items"] if not item["current"]]
    for _ in range(2):
        assert (await ada.call("DELETE", f"/auth/sessions/{other['id']}")).status_code == 204
    assert code(await tablet.call("GET", "/users/me")) == "SESSION_REVOKED"
    assert code(await tablet.refreshes()) == "SESSION_REVOKED"
    assert (await ada.call("GET", "/users/me")).status_code == 200


async def test_another_users_session_is_not_there(world: World):
    ada, eve = await world.register(), await world.register()
    [session] = (await ada.call("GET", "/auth/sessions")).json()["items"]
    theirs = await eve.call("DELETE", f"/auth/sessions/{session['id']}")
    nobodys = await eve.call("DELETE", f"/auth/sessions/{uuid4()}")
    nonsense = await eve.call("DELETE", "/auth/sessions/nonsense")
    assert theirs.status_code == nobodys.status_code == nonsense.status_code == 404
    assert theirs.json() == nobodys.json() == nonsense.json()
    assert (await ada.call("GET", "/users/me")).status_code == 200


@pytest.mark.parametrize("by", ["refresh", "access"])
async def test_logging_out_ends_the_session_by_either_token(world: World, by: str):
    ada = await world.register()
    if by == "refresh":
        reply = await world.call("POST", "/auth/logout", {"refreshToken": ada.refresh})
    else:
        reply = await ada.call("POST", "/auth/logout")
    assert (reply.status_code, reply.content) == (204, b"")
    assert code(await ada.call("GET", "/users/me")) == "SESSION_REVOKED"
    assert code(await ada.refreshes()) == "SESSION_REVOKED"


async def test_logging_out_is_204_whatever_is_sent(world: World):
    ada = await world.register()
    await ada.call("POST", "/auth/logout", {})
    assert (await ada.call("POST", "/auth/logout", {})).status_code == 204
    assert (await world.call("POST", "/auth/logout", {"refreshToken": "nonsense"})).status_code == 204
    assert (await world.call("POST", "/auth/logout", {"scope": "all"}, token="nonsense")).status_code == 204
    assert (await world.call("POST", "/auth/logout")).status_code == 204


async def test_an_expired_access_token_still_logs_its_session_out(world: World):
    ada = await world.register()
    world.clock.move(hours=1)
    assert code(await ada.call("GET", "/users/me")) == "TOKEN_EXPIRED"
    assert (await ada.call("POST", "/auth/logout")).status_code == 204
    assert code(await ada.refreshes()) == "SESSION_REVOKED"


@pytest.mark.parametrize(("scope", "own", "others"), [("others", 200, 401), ("all", 401, 401)])
async def test_the_other_devices_or_all_can_be_logged_out(world: World, scope: str, own: int, others: int):
    ada = await world.register()
    tablet, eve = await world.login(ada.email), await world.register()
    assert (await ada.call("POST", "/auth/logout", {"scope": scope})).status_code == 204
    assert (await ada.call("GET", "/users/me")).status_code == own
    assert (await tablet.call("GET", "/users/me")).status_code == others
    assert (await eve.call("GET", "/users/me")).status_code == 200


async def test_a_dead_session_cannot_log_the_others_out(world: World):
    ada = await world.register()
    tablet = await world.login(ada.email)
    await ada.call("POST", "/auth/logout", {})
    assert (await ada.call("POST", "/auth/logout", {"scope": "all", "refreshToken": ada.refresh})).status_code == 204
    assert (await tablet.call("GET", "/users/me")).status_code == 200


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "TOKEN_MISSING"),
        ("Bearer", "TOKEN_INVALID"),
        ("Basic YTpi", "TOKEN_INVALID"),
        ("Bearer a.b.c", "TOKEN_INVALID"),
        ("Bearer " + "x" * 5000, "TOKEN_INVALID"),
    ],
)
async def test_a_call_without_a_good_token_is_told_why(world: World, header: str | None, expected: str):
    headers = {} if header is None else {"Authorization": header}
    reply = await world.call("GET", "/users/me", **headers)
    assert (reply.status_code, code(reply)) == (401, expected)
    challenge = "Bearer" if header is None else 'Bearer error="invalid_token"'
    assert reply.headers["www-authenticate"] == challenge
