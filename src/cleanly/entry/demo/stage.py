"""What the acts of the demo share: calls over HTTP, the table that they fill, patience with a deadline."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
from rich.table import Table

SECONDS_MAX = 30
_PAUSE_SECONDS = 0.25
_TRIES_MAX = 3


class DemoFailed(RuntimeError):
    """The service is not what the demo needs."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def fields(self) -> dict[str, Any] | None:
        """The body, if it is an object."""
        is_object = isinstance(self.body, dict)
        return cast("dict[str, Any]", self.body) if is_object else None

    @property
    def said(self) -> str:
        """The body in a few words, without its tokens."""
        fields = self.fields
        if fields is None:
            return str(self.body or "")[:40]
        if "error" in fields:
            return str(fields["error"]["code"])
        if "state" in fields:
            return str(fields["state"])
        words = ", ".join(sorted(fields))
        return words if len(words) <= 60 else f"{words[:60]}..."


@dataclass(slots=True)
class Stage:
    """The service at `base`, and the table of what was played against it.

    `buyer`: an address that acts as a buyer's phone does, told `POST /{provider}` what the app's SDK would be told.
    """

    http: aiohttp.ClientSession
    base: str
    buyer: str | None = None
    table: Table = field(default_factory=lambda: Table("step", "call", "answer", "what it shows"))
    failures: int = 0

    async def call(
        self, method: str, path: str, body: object = None, token: str | None = None, **headers: str
    ) -> Reply:
        """One call; where the service asks for patience (429) it is given."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self.base}{path}" if path.startswith(("/dev", "/api")) else f"{self.base}/api/v1{path}"
        for _ in range(_TRIES_MAX):
            async with self.http.request(method, url, json=body, headers=headers) as response:
                text = await response.text()
                kind = response.headers.get("Content-Type", "")
                parsed = json.loads(text) if text and "json" in kind else (text or None)
            if response.status != 429:
                return Reply(response.status, response.headers, parsed)
            seconds = int(response.headers.get("Retry-After", "1"))
            print(f"{method} {path}: the service's rate limit asks for {seconds} s of patience", file=sys.stderr)  # noqa: T201
            await asyncio.sleep(seconds)
        raise DemoFailed(f"{method} {path}: the service asks to wait, again and again")

    def tell(self, call: str, reply: Reply, expected: int, shows: str) -> None:
        """A line of the table; a failure unless the status is the one expected."""
        self.check(
            call, f"{reply.status} {reply.said}", f"expected {expected}", shows, is_good=reply.status == expected
        )

    def check(self, call: str, answer: str, expected: str, shows: str, *, is_good: bool) -> None:
        """A line of the table."""
        self.failures += not is_good
        mark = "" if is_good else f" [red]({expected})[/red]"
        self.table.add_row(str(self.table.row_count + 1), call, f"{answer}{mark}", shows)

    async def until(self, path: str, token: str | None, is_there: Callable[[Reply], bool], **headers: str) -> Reply:
        """Read again until it is there, or say so."""
        try:
            async with asyncio.timeout(SECONDS_MAX):
                while True:
                    reply = await self.call("GET", path, token=token, **headers)
                    if is_there(reply):
                        return reply
                    await asyncio.sleep(_PAUSE_SECONDS)  # a person would press reload
        except TimeoutError as error:
            raise DemoFailed(f"GET {path} did not come to what was waited for in {SECONDS_MAX} s") from error

    async def mail(self, to: str, words: str) -> str:
        """The token in the newest mail whose subject or text holds `words`."""

        def found(reply: Reply) -> str | None:
            if reply.status != 200 or reply.fields is None:
                raise DemoFailed(
                    "the mailbox at /dev/mail does not answer: the demo needs `make run`, without MAIL_URL"
                )
            mails = cast("list[dict[str, str]]", reply.fields["items"])
            for mail in mails:
                if words in mail["subject"] + mail["text"] and "token=" in mail["text"]:
                    return mail["text"].partition("token=")[2].split()[0].strip(".,)>")
            return None

        reply = await self.until(f"/dev/mail?to={to}", None, lambda it: bool(found(it)), Accept="application/json")
        return found(reply) or ""
