"""Google's news through the door: stored once, handed on once, and nothing that is not from Google."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import cast

import httpx2
import pytest

from cleanly.kernel.context import Context
from cleanly.kernel.messages import Handled, ProviderEvent
from cleanly.kernel.module import InboundHandler, InboundHandlers, Module
from cleanly.platform.providers.errors import UnsupportedByProvider
from cleanly.platform.providers.purchases import PlayStore, Purchase
from cleanly.platform.providers.registry import Providers
from cleanly.platform.webhooks.inbound.messages import as_verified
from tests.conftest import empty
from tests.fakes.play_wire import KEYS, PACKAGE, PlayWire
from tests.moved_clock import MovedClock
from tests.platform.providers.contract import Push
from tests.world import World, code, running

TEST = {"testNotification": {"version": "1.0"}}


@dataclass
class Door:
    """The service with Google Play set up, and a handler that only looks."""

    world: World
    seen: list[tuple[ProviderEvent, Purchase | None]]

    async def push(self, push: Push, to: str = "google-play") -> httpx2.Response:
        return await self.world.client.post(f"/api/v1/webhooks/{to}", content=push.body, headers=dict(push.headers))

    async def events(self) -> list[tuple[str, str, str]]:
        rows = await self.world.rows("SELECT event_id, state, headers::text FROM inbound_events ORDER BY id")
        return [tuple(row) for row in rows]

    async def run(self, context: Context, event: ProviderEvent) -> Handled:
        store = context.part(Providers).store
        self.seen.append((event, await store.fetch_object(as_verified(event))))
        return Handled.DONE


@pytest.fixture
async def door(database_url: str, clock: MovedClock, wire: PlayWire) -> AsyncGenerator[Door, None]:
    async with running(database_url, clock, **wire.settings()) as world:
        made = Door(world, [])
        handlers = [InboundHandler("subscription", made.run), InboundHandler("purchase", made.run)]
        parts = cast("dict[type, object]", world.context.parts)
        parts[InboundHandlers] = InboundHandlers.of([Module("sample", inbound=handlers)])
        yield made
    empty(database_url)


async def test_a_push_is_stored_once_and_acted_on_by_a_look(door, wire, ada):
    token = wire.subscribe(ada)
    [push] = wire.pushed
    for _ in range(3):
        reply = await door.push(push)
        assert (reply.status_code, reply.json()) == (200, {})
    await door.world.work()
    [(event, purchase)] = door.seen
    assert (event.provider, event.account, event.object) == ("google_play", PACKAGE, token)
    assert purchase is not None
    assert purchase.state == "active"
    [(_, state, headers)] = await door.events()
    assert state == "done"
    assert "uthorization" not in headers
    assert "Bearer" not in headers


async def test_the_same_news_pushed_anew_is_known_by_its_message(door, wire, clock, ada):
    wire.buy(ada)
    [push] = wire.pushed
    await door.push(push)
    clock.move(minutes=5)
    assert (await door.push(wire.sign(push.body))).status_code == 200
    assert len(await door.events()) == 1


async def test_the_name_in_the_address_is_written_both_ways(door, wire):
    assert (await door.push(wire.push(TEST), to="google_play")).status_code == 200
    assert len(await door.events()) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://another.example.com"},
        {"email": "mallory@example.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"iss": "https://mallory.example.com"},
        {"exp": 1_700_003_600, "iat": 1_700_000_000},
    ],
    ids=["wrong audience", "wrong e-mail", "e-mail not verified", "wrong issuer", "expired"],
)
async def test_who_is_not_google_gets_400_and_leaves_no_trace(door, wire, changed):
    push = Push({"authorization": f"Bearer {wire.bearer(**changed)}"}, wire.envelope(TEST))
    reply = await door.push(push)
    assert (reply.status_code, code(reply)) == (400, "MALFORMED_REQUEST")
    assert await door.events() == []


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer a.b.c"}, {"authorization": "Basic dTpw"}])
async def test_a_forged_push_gets_400_and_leaves_no_trace(door, wire, headers):
    reply = await door.push(Push(headers, wire.envelope(TEST)))
    assert (reply.status_code, code(reply)) == (400, "MALFORMED_REQUEST")
    assert await door.events() == []


async def test_while_googles_keys_can_not_be_had_google_comes_again(door, wire):
    whole, wire.answer = wire.answer, wire.read
    push = wire.push(TEST)
    reply = await door.push(push)
    assert reply.status_code == 503
    assert await door.events() == []
    assert len(wire.sent("GET", KEYS)) == 1
    wire.answer = whole


async def test_news_of_nothing_and_of_another_app_is_stored_and_ignored(door, wire, ada):
    wire.subscribe(ada)
    other = wire.push({"subscriptionNotification": {"notificationType": 4, "purchaseToken": "x" * 40}}, package="com.b")
    for push in (wire.push(TEST), other):
        assert (await door.push(push)).status_code == 200
    await door.world.work()
    assert [state for _, state, _ in await door.events()] == ["ignored", "ignored"]
    assert door.seen == []


async def test_the_store_is_a_part_of_the_providers_and_takes_no_payments(door):
    providers = door.world.context.part(Providers)
    assert isinstance(providers.store, PlayStore)
    assert providers.has_store
    assert "google_play" not in providers
    assert "google_play" not in [provider.name for provider in providers]


async def test_without_settings_there_is_no_store_and_no_address(world, wire):
    providers = world.context.part(Providers)
    assert not providers.has_store
    assert providers.source("google_play") is None
    with pytest.raises(UnsupportedByProvider):
        assert providers.store
    push = wire.push(TEST)
    reply = await world.client.post(
        "/api/v1/webhooks/google-play", content=push.body, headers={"authorization": push.headers["authorization"]}
    )
    assert reply.status_code == 404
