"""`make demo`: a phone's life, played over HTTP against a running service, each step in a table."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
from rich.console import Console
from rich.table import Table

_SECONDS_MAX = 30


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def said(self) -> str:
        """The body in a few words, without its tokens."""
        if not isinstance(self.body, dict):
            return "" if self.body is None else str(self.body)[:40]
        fields = cast("dict[str, Any]", self.body)
        return str(fields["error"]["code"]) if "error" in fields else ", ".join(sorted(fields))


@dataclass(slots=True)
class _Play:
    http: aiohttp.ClientSession
    base: str
    table: Table = field(default_factory=lambda: Table("step", "call", "answer", "what it shows"))
    failures: int = 0

    async def call(
        self, method: str, path: str, body: object = None, token: str | None = None, **headers: str
    ) -> Reply:
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self.base}{path}" if path.startswith("/dev") else f"{self.base}/api/v1{path}"
        async with self.http.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            kind = response.headers.get("Content-Type", "")
            parsed = json.loads(text) if text and "json" in kind else (text or None)
            return Reply(response.status, response.headers, parsed)

    def tell(self, call: str, reply: Reply, expected: int, shows: str) -> None:
        good = reply.status == expected
        self.failures += not good
        mark = "" if good else f" [red](expected {expected})[/red]"
        self.table.add_row(str(self.table.row_count + 1), call, f"{reply.status}{mark} {reply.said}", shows)

    async def mail(self, to: str, words: str) -> str:
        """The token in the newest mail whose subject or text holds `words`."""
        async with asyncio.timeout(_SECONDS_MAX):
            while True:
                reply = await self.call("GET", f"/dev/mail?to={to}", Accept="application/json")
                if reply.status != 200 or not isinstance(reply.body, dict):
                    raise DemoFailed(
                        "the mailbox at /dev/mail does not answer: the demo needs `make run`, without MAIL_URL"
                    )
                mails: list[dict[str, str]] = reply.body["items"]
                for mail in mails:
                    if words in mail["subject"] + mail["text"] and "token=" in mail["text"]:
                        return mail["text"].partition("token=")[2].split()[0].strip(".,)>")
                await asyncio.sleep(0.1)  # a person would press reload


class DemoFailed(RuntimeError):
    """The service is not what the demo needs."""


async def play(base: str, console: Console) -> bool:
    """Play against the service at `base`; True when every answer was the one expected."""
    timeout = aiohttp.ClientTimeout(total=_SECONDS_MAX)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as http:
        stage = _Play(http, base)
        try:
            await _phone(stage)
        except (aiohttp.ClientError, TimeoutError, DemoFailed) as error:
            console.print(stage.table)
            console.print(
                f"[red]the demo stopped:[/red] {error or 'no answer in time'} (is the service running at {base}?)"
            )
            return False
    console.print(stage.table)
    console.print(
        "all as expected" if not stage.failures else f"[red]{stage.failures} answers were not as expected[/red]"
    )
    return not stage.failures


async def _phone(stage: _Play) -> None:
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


async def _bad_network(stage: _Play, pair: dict[str, str]) -> dict[str, str]:
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


async def _changes(stage: _Play, pair: dict[str, str], tablet: dict[str, str], password: str, email: str) -> None:
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
