"""A phone's life: two devices, a lost reply, a burst of refreshes, a changed password, export and erasure."""

import asyncio
import secrets

from cleanly.entry.demo.stage import Stage


async def play(stage: Stage) -> None:
    """From the first account to its erasure."""
    email, password = f"ada-{secrets.token_hex(4)}@example.com", f"a phrase of {secrets.token_hex(6)}"
    key = secrets.token_hex(8)
    person = {"email": email, "password": password, "name": "Ada"}
    first = await stage.call("POST", "/auth/register", person, **{"Idempotency-Key": key})
    stage.tell("POST /auth/register", first, 201, "an account and its first session")
    again = await stage.call("POST", "/auth/register", person, **{"Idempotency-Key": key})
    stage.tell("  the same, same key", again, 201, f"replayed: {again.headers.get('Idempotency-Replayed', 'no')}")
    token = await stage.mail(email, "erify")
    verified = await stage.call("POST", "/auth/verify-email/confirm", {"token": token})
    stage.tell("POST /auth/verify-email/confirm", verified, 200, "the mail's link proves the e-mail")
    login = {"email": email, "password": password}
    tablet = await stage.call("POST", "/auth/login", login, **{"X-Device-Name": "Tablet"})
    stage.tell("POST /auth/login", tablet, 200, "a second device")
    phone = await stage.call("POST", "/auth/login", login, **{"X-Device-Name": "Phone"})
    stage.tell("POST /auth/login", phone, 200, "a third")
    pair = await _bad_network(stage, phone.body)
    await _changes(stage, pair, tablet.body, password, email)


async def _bad_network(stage: Stage, pair: dict[str, str]) -> dict[str, str]:
    old = {"refreshToken": pair["refreshToken"]}
    lost = await stage.call("POST", "/auth/refresh", old)
    stage.tell("POST /auth/refresh", lost, 200, "and the reply is lost on the way")
    found = await stage.call("POST", "/auth/refresh", old)
    same = found.body.get("refreshToken") == lost.body.get("refreshToken")
    stage.tell("  the old token again", found, 200, "the same live token comes back" if same else "another token")
    burst = await asyncio.gather(
        *(stage.call("POST", "/auth/refresh", {"refreshToken": found.body["refreshToken"]}) for _ in range(10))
    )
    live = {reply.body.get("refreshToken") for reply in burst}
    worst = max(burst, key=lambda reply: reply.status)
    stage.tell("  ten at once", worst, 200, f"{len(live)} live token")
    newest: dict[str, str] = burst[0].body
    me = await stage.call("GET", "/users/me", token=newest["accessToken"])
    stage.tell("GET /users/me", me, 200, "the profile, with an ETag")
    same_again = await stage.call(
        "GET", "/users/me", token=newest["accessToken"], **{"If-None-Match": me.headers["ETag"]}
    )
    stage.tell("  If-None-Match", same_again, 304, "nothing to download")
    return newest


async def _changes(stage: Stage, pair: dict[str, str], tablet: dict[str, str], password: str, email: str) -> None:
    token = pair["accessToken"]
    named = await stage.call("PUT", "/users/me", {"name": "Ada Lovelace"}, token=token)
    stage.tell("PUT /users/me", named, 200, "a new name")
    devices = await stage.call("GET", "/auth/sessions", token=token)
    stage.tell("GET /auth/sessions", devices, 200, f"{len(devices.body.get('items', []))} devices")
    new = f"another phrase of {secrets.token_hex(6)}"
    body = {"currentPassword": password, "newPassword": new}
    changed = await stage.call("POST", "/auth/password/change", body, token=token)
    stage.tell("POST /auth/password/change", changed, 200, "new tokens for this device")
    token = changed.body.get("accessToken", token)
    other = await stage.call("GET", "/users/me", token=tablet["accessToken"])
    stage.tell("GET /users/me on the tablet", other, 401, "every other session ended")
    wrong = await stage.call("POST", "/auth/login", {"email": email, "password": password})
    stage.tell("POST /auth/login, old password", wrong, 401, "")
    exported = await stage.call("GET", "/users/me/export", token=token)
    stage.tell("GET /users/me/export", exported, 200, "everything held on Ada")
    gone = await stage.call("DELETE", "/users/me", token=token)
    stage.tell("DELETE /users/me", gone, 204, "erased")
    after = await stage.call("GET", "/users/me", token=token)
    stage.tell("GET /users/me", after, 401, "the session died with the account")
