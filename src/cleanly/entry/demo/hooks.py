"""A seller's webhooks: a receiver on this machine hears of sales, fails, is tried again, goes away, and catches up."""

import asyncio
import base64
import hmac
import json
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from rich.table import Table

from cleanly.entry.demo.stage import DemoFailed, Reply, Stage

PRICE, REFUNDED = 1200, 200
SINCE = "2020-01-01T00:00:00Z"
_LINE_BYTES_MAX = 64 * 1024
Items = list[dict[str, Any]]


@dataclass(slots=True)
class _Receiver:
    """The seller's server: answers with `status`, keeps what came and whether its signature was good."""

    status: int = 200
    secret: str = ""
    url: str = ""
    came: list[tuple[str, str, bool]] = field(default_factory=list[tuple[str, str, bool]])

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and hang up."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.came.append((headers["webhook-id"], str(json.loads(body)["type"]), self._is_good(headers, body)))
        writer.write(f"HTTP/1.1 {self.status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def _is_good(self, headers: dict[str, str], body: bytes) -> bool:
        # The ten lines of docs/webhooks.md, without the look at the clock.
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mine = b"v1," + base64.b64encode(hmac.digest(key, content, "sha256"))
        return any(hmac.compare_digest(mine, one.encode()) for one in headers["webhook-signature"].split())


@asynccontextmanager
async def _receiving() -> AsyncGenerator[_Receiver, None]:
    receiver = _Receiver()
    server = await asyncio.start_server(receiver.talk, "127.0.0.1", 0, limit=_LINE_BYTES_MAX)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    async with server:
        yield receiver


@dataclass(frozen=True, slots=True)
class _Shop:
    """Whose tokens they are: `seller`, who has the endpoint at `path`, and `buyer`, who buys at `price`."""

    stage: Stage
    receiver: _Receiver
    seller: str
    buyer: str
    price: str
    path: str


async def play(stage: Stage) -> Table:
    """All of it; returns the deliveries as the seller sees them."""
    async with _receiving() as receiver:
        seller, buyer = await _token(stage, "nora"), await _token(stage, "tom")
        path = await _endpoint(stage, seller, receiver)
        shop = _Shop(stage, receiver, seller, buyer, await _price(stage, seller), path)
        sale = await _sold(shop)
        await _fails_and_is_tried_again(shop, sale)
        await _goes_away(shop)
        await _catches_up(shop)
        return await _told(shop)


async def _token(stage: Stage, name: str) -> str:
    person = {
        "email": f"{name}-{secrets.token_hex(4)}@example.com",
        "password": f"a phrase of {secrets.token_hex(6)}",
        "name": name.title(),
    }
    made = await stage.call("POST", "/auth/register", person)
    if made.status != 201:
        raise DemoFailed("without a seller and a buyer nothing happens that could be told")
    return str(made.body["accessToken"])


async def _endpoint(stage: Stage, seller: str, receiver: _Receiver) -> str:
    body = {"url": receiver.url, "eventTypes": ["payment.*", "refund.*"], "description": "Nora's till"}
    made = await stage.call("POST", "/webhook-endpoints", body, token=seller)
    is_made = made.status == 201
    stage.check("POST /webhook-endpoints", f"{made.status}", "expected 201", "Nora's own server", is_good=is_made)
    if not is_made:
        raise DemoFailed("an endpoint on this machine is not allowed: the demo needs OUTBOUND_LOOPBACK=on")
    receiver.secret = made.body["secret"]
    path = f"/webhook-endpoints/{made.body['id']}"
    tested = await stage.call("POST", f"{path}/test", token=seller)
    is_good = receiver.came[-1:] != [] and receiver.came[-1][2]
    stage.check("POST .../test", f"{tested.status}", "not heard", "a ping, its signature is good", is_good=is_good)
    return path


async def _price(stage: Stage, seller: str) -> str:
    price = {"unitAmount": {"amount": PRICE, "currency": "EUR"}}
    made = await stage.call("POST", "/products", {"name": "Tea", "kind": "physical", "price": price}, token=seller)
    if made.status != 201:
        raise DemoFailed("without a product nothing is sold")
    return str(made.body["prices"][0]["id"])


async def _buy(shop: _Shop) -> str:
    body, key = {"priceId": shop.price, "provider": "sandbox"}, secrets.token_hex(8)
    made = await shop.stage.call("POST", "/payments", body, token=shop.buyer, **{"Idempotency-Key": key})
    if made.status != 201:
        raise DemoFailed("a payment by way of the sandbox did not go through")
    path = f"/payments/{made.body['id']}"
    await shop.stage.until(path, shop.buyer, lambda reply: reply.body.get("state") == "captured")
    return path


async def _deliveries(shop: _Shop, are_there: Callable[[Items], bool]) -> Items:
    path = "/webhook-deliveries?limit=100"
    reply = await shop.stage.until(path, shop.seller, lambda it: are_there(_items(it)))
    return _items(reply)


def _items(reply: Reply) -> Items:
    return cast("Items", (reply.fields or {}).get("items", []))


def _all(state: str, number: int) -> Callable[[Items], bool]:
    return lambda items: len(items) == number and all(item["state"] == state for item in items)


async def _sold(shop: _Shop) -> str:
    sale = await _buy(shop)
    await _deliveries(shop, _all("succeeded", 1))
    _, kind, is_good = shop.receiver.came[-1]
    shop.stage.check("Nora's server hears", kind, "something else", "Tom has paid 12.00 EUR", is_good=is_good)
    return sale


async def _fails_and_is_tried_again(shop: _Shop, sale: str) -> None:
    receiver, before = shop.receiver, len(shop.receiver.came)
    receiver.status = 500
    body, key = {"amount": REFUNDED}, secrets.token_hex(8)
    await shop.stage.call("POST", f"{sale}/refunds", body, token=shop.seller, **{"Idempotency-Key": key})
    await _deliveries(shop, lambda items: len(items) == 3 and all(item["tries"] for item in items))
    tried = len(receiver.came) - before
    shop.stage.check(
        "Nora's server answers 500", f"{tried} tries", "not tried", "a refund is told, in vain", is_good=tried >= 2
    )
    receiver.status = 200
    await _deliveries(shop, _all("succeeded", 3))
    again = [message_id for message_id, _, is_good in receiver.came[before:] if is_good]
    is_repeated = len(set(again)) == 2 < len(again)
    shop.stage.check(
        "Nora's server is well again", f"{len(again)} tries", "not repeated", "after 5 s, the same ids",
        is_good=is_repeated,
    )  # fmt: skip


async def _goes_away(shop: _Shop) -> None:
    shop.receiver.status = 410
    await _buy(shop)
    off = await shop.stage.until(shop.path, shop.seller, lambda reply: reply.body.get("enabled") is False)
    reason = str(off.body["disabledReason"])
    shop.stage.check("Nora's server answers 410", reason, "still on", "switched off at once", is_good=reason == "gone")
    await _buy(shop)
    await _deliveries(shop, lambda items: any(item["state"] == "skipped" for item in items))


async def _catches_up(shop: _Shop) -> None:
    stage, seller = shop.stage, shop.seller
    shop.receiver.status = 200
    on = await stage.call("PUT", shop.path, {"enabled": True}, token=seller)
    stage.check(
        "PUT enabled: true", f"{on.status}", "stays off", "a good test switches it on", is_good=on.status == 200
    )
    since = {"since": SINCE}
    counted = await stage.call("POST", f"{shop.path}/replay", {**since, "dryRun": True}, token=seller)
    missed = (counted.fields or {}).get("messages")
    stage.check("POST .../replay, dryRun", f"{missed} messages", "expected 2", "counted first", is_good=missed == 2)
    replayed = await stage.call("POST", f"{shop.path}/replay", since, token=seller)
    is_done = replayed.status == 200
    stage.check("POST .../replay", f"{replayed.status}", "expected 200", "what was missed comes now", is_good=is_done)
    await _deliveries(shop, _all("succeeded", 5))


async def _told(shop: _Shop) -> Table:
    table = Table("event", "state", "tries", "answers", title="what Nora's server was told")
    for item in reversed(await _deliveries(shop, bool)):
        whole = await shop.stage.call("GET", f"/webhook-deliveries/{item['id']}", token=shop.seller)
        answers = ", ".join(str(one["status"] or one["outcome"]) for one in cast("Items", whole.body["attempts"]))
        table.add_row(str(item["type"]), str(item["state"]), str(item["tries"]), answers)
    return table
