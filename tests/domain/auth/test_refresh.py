"""The refresh protocol as a phone meets it, over HTTP."""

import asyncio

from cleanly.domain.auth.sessions.gate import Gate
from tests.world import World, code, running


async def test_a_refresh_trades_the_token_for_a_working_pair(world: World):
    ada = await world.register()
    old = ada.access, ada.refresh
    reply = ada.keep(await ada.refreshes())
    assert set(reply.json()) == {"accessToken", "refreshToken", "expiresIn", "tokenType"}
    assert reply.headers["cache-control"] == "no-store"
    assert 855 <= reply.json()["expiresIn"] <= 900
    assert ada.access not in old
    assert ada.refresh not in old
    assert (await ada.call("GET", "/users/me")).status_code == 200


async def test_twenty_at_once_converge_on_one_live_token(world: World):
    ada = await world.register()
    replies = await asyncio.gather(*(ada.refreshes() for _ in range(20)))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.json()["refreshToken"] for reply in replies}) == 1
    ada.keep(replies[0])
    assert (await ada.refreshes()).status_code == 200


async def test_more_than_the_window_bears_wait_and_nobody_is_logged_out(world: World):
    ada = await world.register()
    old = ada.refresh
    ada.keep(await ada.refreshes())
    for _ in range(20):
        assert (await ada.refreshes(old)).status_code == 200
    refused = await ada.refreshes(old)
    assert (refused.status_code, code(refused)) == (429, "RATE_LIMITED")
    assert 1 <= int(refused.headers["retry-after"]) <= 15
    assert (await ada.refreshes()).status_code == 200


async def test_a_lost_reply_is_recovered_long_after_and_kills_the_access_token_never_seen(world: World):
    ada = await world.register()
    await ada.call("GET", "/users/me")
    lost = (await ada.refreshes()).json()
    world.clock.move(minutes=10)
    ada.keep(await ada.refreshes())
    assert ada.refresh == lost["refreshToken"]
    assert (await ada.call("GET", "/users/me")).status_code == 200
    superseded = await world.call("GET", "/users/me", token=lost["accessToken"])
    assert (superseded.status_code, code(superseded)) == (401, "TOKEN_SUPERSEDED")
    assert "session.refresh_recovered" in await world.actions()


async def test_a_reused_token_ends_the_session_for_both_and_the_owner_is_told(world: World):
    ada = await world.register("ada@example.com")
    stolen = ada.refresh
    ada.keep(await ada.refreshes())
    await ada.call("GET", "/users/me")
    world.clock.move(minutes=1)
    reused = await ada.refreshes(stolen)
    assert (reused.status_code, code(reused)) == (401, "REFRESH_TOKEN_REUSED")
    assert reused.headers["www-authenticate"].startswith("Bearer")
    gone = await ada.refreshes()
    assert (gone.status_code, code(gone)) == (401, "SESSION_REVOKED")
    assert code(await ada.call("GET", "/users/me")) == "SESSION_REVOKED"
    assert "session.reuse_detected" in await world.actions()
    assert len(await world.mails("ada@example.com")) == 2  # verify, and the alarm


async def test_a_forged_token_changes_nothing(world: World):
    ada = await world.register()
    for forged in (
        "",
        "rt1.",
        "rt1.AAAA",
        "x" * 500,
        ada.refresh[:-2] + ("AA" if ada.refresh[-2:] != "AA" else "BA"),
        ada.refresh + "A",
        "rt2" + ada.refresh[3:],
    ):
        reply = await ada.refreshes(forged or " ")
        assert (reply.status_code, code(reply)) == (401, "REFRESH_TOKEN_INVALID"), forged
    assert (await ada.refreshes()).status_code == 200


async def test_a_session_ends_when_unused_for_too_long_and_in_any_case_at_last(world: World):
    idle = await world.register()
    world.clock.move(days=14, seconds=1)
    assert code(await idle.refreshes()) == "SESSION_EXPIRED"
    busy = await world.register()
    for _ in range(3):
        world.clock.move(days=9, hours=23)
        busy.keep(await busy.refreshes())
    world.clock.move(hours=4)
    assert code(await busy.refreshes()) == "SESSION_EXPIRED"


async def test_a_restored_backup_is_noticed_and_ends_nothing(world: World):
    ada = await world.register()
    old = ada.refresh
    ada.keep(await ada.refreshes())
    await world.rows("UPDATE refresh_tokens SET generation = 1, epoch = 1, rotated_at = '{}' RETURNING id")
    assert code(await ada.refreshes()) == "REFRESH_TOKEN_INVALID"
    assert "session.refresh_ahead" in await world.actions()
    assert (await ada.refreshes(old)).status_code == 200


async def test_the_token_still_works_after_the_secret_was_rotated(database_url: str, clock, world: World):
    ada = await world.register()
    from cleanly.domain.auth.sessions.settings import DEVELOPMENT_SECRET

    new = "a newer secret of more than thirty-two bytes"
    async with running(database_url, clock, jwt_secret=f"{new},{DEVELOPMENT_SECRET}") as later:
        assert (await later.call("GET", "/users/me", token=ada.access)).status_code == 200
        reply = await later.call("POST", "/auth/refresh", {"refreshToken": ada.refresh})
        assert reply.status_code == 200
    async with running(database_url, clock, jwt_secret=new) as latest:
        renewed = reply.json()
        assert (await latest.call("GET", "/users/me", token=renewed["accessToken"])).status_code == 200
        assert (
            await latest.call("POST", "/auth/refresh", {"refreshToken": renewed["refreshToken"]})
        ).status_code == 200
        assert code(await latest.call("GET", "/users/me", token=ada.access)) == "TOKEN_INVALID"


async def test_strict_mode_lets_every_token_work_once(database_url: str, clock, world: World):
    async with running(database_url, clock, refresh_grace_seconds=0, refresh_recovery=False) as strict:
        ada = await strict.register()
        old = ada.refresh
        ada.keep(await ada.refreshes())
        assert code(await ada.refreshes(old)) == "REFRESH_TOKEN_REUSED"
        assert code(await ada.refreshes()) == "SESSION_REVOKED"


async def test_the_table_holds_nothing_that_lets_its_reader_in(world: World):
    ada = await world.register()
    await ada.refreshes(Idempotency_Key="k")
    for table in ("refresh_tokens", "idempotency_keys", "procrastinate_jobs", "audit_events"):
        for (row,) in await world.rows(f"SELECT t::text FROM {table} t"):
            assert ada.refresh not in row
            assert ada.refresh[4:40] not in row
            assert ada.access not in row


async def test_a_rotation_stays_on_its_page(world: World):
    """HOT: no index is written at a rotation (AUTH.md section 1)."""
    ada = await world.register()
    for _ in range(20):
        ada.keep(await ada.refreshes())
    await world.rows("SELECT pg_stat_force_next_flush()")
    indexed = await world.rows(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " WHERE i.indrelid = 'refresh_tokens'::regclass"
    )
    changed = {"generation", "epoch", "grace_answers", "rotated_at", "last_used_at", "expires_at", "key_id", "address"}
    assert changed.isdisjoint({name for (name,) in indexed})


async def test_a_revocation_elsewhere_takes_effect_within_a_second(database_url: str, clock, world: World):
    ada = await world.register()
    assert (await ada.call("GET", "/users/me")).status_code == 200
    async with running(database_url, clock) as other:
        assert (await other.call("GET", "/users/me", token=ada.access)).status_code == 200
        assert (await ada.call("POST", "/auth/logout", {})).status_code == 204
        assert code(await ada.call("GET", "/users/me")) == "SESSION_REVOKED"  # at once where it was done
        gate = other.context.part(Gate)
        assert {entry[0] - asyncio.get_running_loop().time() <= 1.0 for entry in gate._known.values()} == {True}
        gate._known = type(gate._known)((key, (0.0, *entry[1:])) for key, entry in gate._known.items())
        assert code(await other.call("GET", "/users/me", token=ada.access)) == "SESSION_REVOKED"
