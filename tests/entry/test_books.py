"""/dev/ledger and `cleanly ledger accounts`: balances for a look, and only where no money is real."""

import asyncio
import dataclasses
from uuid import UUID

from cleanly.domain.ledger import service as ledger
from cleanly.domain.ledger.service import Place, Posting, chart
from cleanly.kernel.ids import new_id
from cleanly.platform.providers.sandbox.adapter import Sandbox
from tests.entry.test_cli import quiet, run
from tests.world import World, code

__all__ = ["quiet"]


async def _sale(world: World, seller_id: str) -> None:
    owner = UUID(seller_id)
    places = (
        Place(None, chart.clearing("sandbox"), "EUR"),
        Place(owner, chart.PENDING, "EUR"),
        Place(None, chart.FEES, "EUR"),
    )
    async with world.context.db.begin() as session:
        await ledger.open_accounts(session, *places)
    async with world.context.db.begin() as session:
        ids = await ledger.accounts(session, *places)
        source = new_id()
        await ledger.post(
            session,
            Posting(
                reference=f"payment:{source}:captured",
                kind="payment.captured",
                currency="EUR",
                entries=tuple(zip(ids, (4503, -4053, -450), strict=True)),
                source_id=source,
                meta={"provider_object": "sandbox:ch_1"},
            ),
        )


async def test_each_owner_has_its_own_balances_on_their_natural_side(world: World):
    seller = await world.register()
    await _sale(world, seller.user_id)
    platform = (await world.client.get("/dev/ledger")).json()["items"]
    assert {(one["name"], one["kind"], one["currency"], one["amount"]) for one in platform} == {
        ("clearing.sandbox", "asset", "EUR", 4503),
        ("fees", "income", "EUR", 450),
    }
    own = (await world.client.get("/dev/ledger", params={"owner": seller.user_id})).json()["items"]
    assert own == [{"name": "pending", "kind": "liability", "currency": "EUR", "amount": 4053}]
    stranger = await world.client.get("/dev/ledger", params={"owner": str(new_id())})
    assert stranger.json() == {"items": []}


async def test_where_the_sandbox_is_off_nobody_sees_them(world: World):
    direct = world.app._app
    whole = direct.context
    direct.context = dataclasses.replace(
        whole, parts={kind: part for kind, part in whole.parts.items() if kind is not Sandbox}
    )
    try:
        reply = await world.client.get("/dev/ledger")
    finally:
        direct.context = whole
    assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")


async def test_the_command_line_tells_the_same(world: World, database_url: str):
    seller = await world.register()
    await _sale(world, seller.user_id)
    platform = await asyncio.to_thread(run, database_url, "ledger", "accounts")
    assert platform.returncode == 0, platform.stderr
    assert [line.split() for line in platform.stdout.splitlines()[1:]] == [
        ["clearing.sandbox", "asset", "EUR", "4,503"],
        ["fees", "income", "EUR", "450"],
    ]
    own = await asyncio.to_thread(run, database_url, "ledger", "accounts", "--owner", str(seller.user_id))
    assert "4,053" in own.stdout
    assert "clearing" not in own.stdout
