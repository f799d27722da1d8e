"""What the calls of `rights` are about: people, and one real thing of each kind that a route can name."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from cleanly.domain.reports import jobs as reports
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.messages import Tick
from tests.domain.catalog.shelf import admin, euros, monthly, publish, put_on_shelf
from tests.domain.payments.market import new_key
from tests.domain.payouts.till import Till, open_till
from tests.platform.webhooks.outbound.stage import add_endpoint, dispatching, until_tries
from tests.platform.webhooks.outbound.stage import publish as tell
from tests.world import Phone, World

_CLOSED_PORT = "http://127.0.0.1:9/hooks"  # nobody listens there
ALONE_MAX = 10_000
CONFIRMS = 3  # the last digits of an amount whose buyer has to confirm
_PUBLIC = {"owner", "seller", "product", "price", "price to end", "product to archive", "plan", "dearer plan", "day"}
_numbers = itertools.count(1)


@dataclass
class Estate:
    """`owner` sells, subscribes and is paid out; `counterpart` buys from them; `other` has nothing to do with it."""

    world: World
    owner: Phone
    counterpart: Phone
    other: Phone
    admin: Phone
    things: dict[str, str] = field(default_factory=dict)

    def phone(self, role: str) -> Phone | None:
        """Who calls in this role."""
        return None if role == "anonymous" else getattr(self, role)

    @property
    def since(self) -> str:
        return rfc3339(self.world.clock.now())

    @property
    def secrets(self) -> set[str]:
        """What shows up only in answers about the owner's things: nobody else may be told it."""
        public = {
            "owner",
            "seller",
            "product",
            "price",
            "price to end",
            "product to archive",
            "plan",
            "dearer plan",
            "day",
        }
        return {value for name, value in self.things.items() if name not in public} | {self.owner.email}

    def new_email(self) -> str:
        return f"newcomer{next(_numbers)}@example.com"

    async def fresh(self) -> Phone:
        """The owner, logged in on one more device."""
        return await self.world.login(self.owner.email)


async def settle(world: World) -> Estate:
    """Everybody moves in."""
    till = await open_till(world)
    estate = Estate(world, till.seller, till.market.buyer, await world.register(), till.boss)
    things = estate.things
    things["owner"], things["seller"] = estate.owner.user_id, estate.owner.user_id
    things["payout account"] = till.account
    await _sales(estate, till)
    await _plans(estate)
    await _payouts(estate, till)
    await _webhooks(estate)
    await _offices(estate)
    things["session"] = await _session(estate)
    for phone in (estate.owner, estate.counterpart, estate.other, estate.admin):
        assert (await phone.call("GET", "/users/me")).status_code == 200  # its first use leaves a trace of its own
    return estate


async def _sales(estate: Estate, till: Till) -> None:
    market, things = till.market, estate.things
    things["sale"] = (await market.paid(10_000))["id"]
    things["order"] = (await market.paid(2_000, captureMethod="manual"))["id"]
    things["cart"] = (await market.paid(1_000 + CONFIRMS))["id"]
    refund = await market.refund(things["sale"], 1_000)
    assert refund.status_code == 201, refund.text
    things["refund"] = refund.json()["id"]
    await market.deliver()
    things["product"], things["price"] = market.product["id"], await market.price(700)
    things["price to end"] = await market.price(800)
    things["product to archive"] = (await put_on_shelf(estate.owner, name="Wax"))["id"]


async def _plans(estate: Estate) -> None:
    things = estate.things
    paper = await put_on_shelf(estate.admin, name="The Daily", kind="digital", platform=True)
    things["plan"] = (await publish(estate.admin, paper, monthly(900)))["id"]
    things["dearer plan"] = (await publish(estate.admin, paper, monthly(1_900)))["id"]
    body = {"priceId": things["plan"], "provider": "sandbox"}
    made = await estate.owner.call("POST", "/subscriptions", body, Idempotency_Key=new_key())
    assert made.status_code == 201, made.text
    things["subscription"] = made.json()["id"]
    await estate.world.work()


async def _payouts(estate: Estate, till: Till) -> None:
    for name, currency in (("payout", "EUR"), ("payout to cancel", "USD"), ("payout to refuse", "GBP")):
        await till.earn(50_000, currency)
        estate.things[name] = (await till.asked(20_000, currency))["id"]
    await till.earn(50_000, "CHF")
    deputy = await admin(estate.world)
    for name in ("adjustment", "adjustment to refuse"):
        body = {"sellerId": estate.owner.user_id, "kind": "credit", "currency": "EUR", "reason": "Ticket 7"}
        asked = await deputy.call(
            "POST", "/admin/adjustments", body | {"amount": ALONE_MAX + 1}, Idempotency_Key=new_key()
        )
        assert asked.json()["state"] == "pending", asked.text
        estate.things[name] = asked.json()["id"]


async def _webhooks(estate: Estate) -> None:
    owner, things, world = estate.owner, estate.things, estate.world
    things["endpoint"] = (await add_endpoint(owner, _CLOSED_PORT))["id"]
    await tell(world, owner.user_id)
    async with dispatching(world):
        await until_tries(world, 1)
    (delivery,) = (await owner.call("GET", "/webhook-deliveries")).json()["items"]
    things["delivery"], things["message"] = delivery["id"], delivery["messageId"]
    # Made after the message, so that there is one delivery and no more.
    things["endpoint to delete"] = (await add_endpoint(owner, _CLOSED_PORT, eventTypes=["payout.*"]))["id"]


async def _offices(estate: Estate) -> None:
    """What only administrators see."""
    world, things = estate.world, estate.things
    things["inbound event"] = str((await world.rows("SELECT id FROM inbound_events ORDER BY id LIMIT 1"))[0][0])
    things["difference"] = str(uuid4())
    await world.rows(
        "INSERT INTO reconciliation_items (id, kind, provider, provider_account, object, subject, details, opened_at)"
        " VALUES (CAST(:id AS uuid), 'amount', 'sandbox', 'sandbox', 'ch_1', 'txn_1', '{}', :now) RETURNING id",
        id=things["difference"],
        now=world.clock.now(),
    )
    await reports.daily(world.context, Tick(due_at="now"))
    things["day"] = str((await world.rows("SELECT max(day) FROM daily_reports"))[0][0])


async def _session(estate: Estate) -> str:
    await estate.fresh()
    listed = (await estate.owner.call("GET", "/auth/sessions")).json()["items"]
    return str(next(one["id"] for one in listed if not one["current"]))


def price_body() -> dict[str, Any]:
    """A price that nobody has published."""
    return euros(900 + next(_numbers))
