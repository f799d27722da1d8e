"""localstripe, a program beside the project: found, started, asked directly, and seen by our adapter through a lens.

It is GPL: never imported, never a dependency of ours. What it lacks is told in `Lens`, and each lack has its test: once
localstripe learns the thing, that test fails and the lens loses a line.
"""

import asyncio
import json
import os
import pathlib
import re
import selectors
import shutil
import subprocess
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp
import pytest
from aiohttp import web

from cleanly.kernel.net import BODY_BYTES_MAX, DEADLINE_SECONDS, TO_KNOWN, Answer, Http
from tests.platform.providers.contract import Push

VARIABLE = "LOCALSTRIPE"
HOW_TO_GET = (
    "needs the program localstripe, which is no part of the project: `pipx install localstripe==1.15.10`, "
    f"or {VARIABLE} naming it"
)
KEY = "sk_test_of_the_tests"  # any that begins like one will do
_START_SECONDS = 30
_STOP_SECONDS = 10
_ADDRESS = re.compile(rb"Running on http://\S*:(\d+)")
_QUERY = re.compile(r"metadata\['(\w+)'\]:'([^']+)'")
_LIST_MAX = 100


def program() -> str:
    """Where it is; a test that asks is skipped where it is not."""
    named = os.environ.get(VARIABLE)
    found = shutil.which(named or "localstripe")
    if named and found is None:
        pytest.fail(f"{VARIABLE} names no program: {named}")
    if found is None:
        pytest.skip(HOW_TO_GET)
    return found


@contextmanager
def running(path: str, folder: pathlib.Path) -> Generator[str]:
    """Its address; it lives as long as the block, and `folder` gets its log.

    It takes a free port by itself and says which. Two habits can't be changed: it listens on every interface, and it
    writes all that it knows to one file for all. With --from-scratch nothing is ever read from there, so several at
    once do not meet.
    """
    log = folder / "localstripe.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [path, "--from-scratch", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = _first_line(process.stdout)
            match = _ADDRESS.search(said)
            assert match, f"localstripe did not start: {said!r} {log.read_text()[-2000:]}"
            yield f"http://127.0.0.1:{int(match[1])}"
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _first_line(output: IO[bytes]) -> bytes:
    """Its first words, or nothing if it stays silent or ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        return output.readline() if selector.select(_START_SECONDS) else b""


@dataclass(frozen=True)
class Beside:
    """localstripe asked directly, past our adapter: as the buyer's app would, or to see what it holds."""

    address: str
    session: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        return await self._ask("GET", path, {})

    async def post(self, path: str, **form: str) -> Any:
        return await self._ask("POST", path, form)

    async def pay(self, reference: str, card: str) -> Any:
        """The buyer chooses a card and confirms. localstripe wants these in two steps."""
        await self.post(f"/v1/payment_intents/{reference}", payment_method=card)
        return await self.post(f"/v1/payment_intents/{reference}/confirm")

    async def new_card(self, number: str) -> str:
        form = {"card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2040", "card[cvc]": "123"}
        return str((await self.post("/v1/payment_methods", type="card", **form))["id"])

    async def push_to(self, url: str, secret: str, events: list[str]) -> None:
        """Whom it tells of which events; of none: an empty list."""
        body = {"url": url, "secret": secret, "events": events}
        async with self.session.post(f"{self.address}/_config/webhooks/ours", json=body) as answer:
            answer.raise_for_status()

    async def forget(self) -> None:
        async with self.session.delete(f"{self.address}/_config/data") as answer:
            answer.raise_for_status()

    async def _ask(self, method: str, path: str, form: Mapping[str, str]) -> Any:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with self.session.request(method, self.address + path, data=form, headers=headers) as answer:
            return await answer.json()


@asynccontextmanager
async def receiving() -> AsyncGenerator[tuple[str, "asyncio.Queue[Push]"], None]:
    """An address that takes every push, and what it took."""
    pushed: asyncio.Queue[Push] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        pushed.put_nowait(Push(headers, await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", pushed
    finally:
        await runner.cleanup()


class Lens(Http):
    """Our adapter's way to localstripe, which makes up for what that lacks and for nothing else.

    - It refuses three fields of a new payment: they are taken out.
    - It has no search: its own list is searched, by the one query that we write.
    - It does not say what a payment received: its charge and what its capture gave back tell it.
    """

    UNHEARD_OF = ("automatic_payment_methods", "description", "transfer_group")

    def __init__(self) -> None:
        super().__init__(TO_KNOWN)

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> Answer:
        if urlsplit(url).path == "/v1/payment_intents":
            fields = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
            body = urlencode([it for it in fields if it[0].split("[")[0] not in self.UNHEARD_OF]).encode()
        return _whole(
            await super().post(
                url, body=body, headers=headers, deadline_seconds=deadline_seconds, body_bytes_max=body_bytes_max
            )
        )

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> Answer:
        parts = urlsplit(url)
        is_search = parts.path.endswith("/search")
        if is_search:
            path = parts.path.removesuffix("/search")
            url = urlunsplit((parts.scheme, parts.netloc, path, f"limit={_LIST_MAX}", ""))
        answer = await super().get(
            url, headers=headers, deadline_seconds=deadline_seconds, body_bytes_max=body_bytes_max
        )
        return _whole(_searched(answer, parts.query) if is_search else answer)


def _searched(answer: Answer, query: str) -> Answer:
    asked = parse_qs(query, strict_parsing=True)
    match = _QUERY.fullmatch(asked["query"][0])
    assert match, f"no query that Stripe would understand: {asked['query'][0]}"
    page = json.loads(answer.body)
    assert not page["has_more"], "more than a test should make"
    found = [it for it in page["data"] if it["metadata"].get(match[1]) == match[2]]
    body = {"object": "search_result", "url": page["url"], "has_more": False, "data": found[: int(asked["limit"][0])]}
    return replace(answer, body=json.dumps(body).encode())


def _whole(answer: Answer) -> Answer:
    """The answer with what each payment in it received."""
    if answer.status != 200:
        return answer
    told = json.loads(answer.body)
    for it in told["data"] if told["object"] == "search_result" else [told]:
        if it["object"] == "payment_intent":
            assert "amount_received" not in it, "localstripe has learned it: drop this"
            it["amount_received"] = _received(it)
    return replace(answer, body=json.dumps(told).encode())


def _received(intent: dict[str, Any]) -> int:
    if intent["status"] != "succeeded":
        return 0
    charge = intent["latest_charge"]
    # What a partial capture leaves is given back on the charge; a refund of ours names the payment.
    left = sum(int(it["amount"]) for it in charge["refunds"]["data"] if it["payment_intent"] is None)
    return int(charge["amount"]) - left
