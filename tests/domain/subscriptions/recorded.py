"""A subscription's life as its provider shows it at six moments: recorded once, told again in any order."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from cleanly.platform.providers.billing import SubscriptionSnapshot
from cleanly.platform.providers.registry import Providers
from tests.domain.subscriptions.kiosks import Booth, VendorBooth

PLAIN, DEARER = 950, 1800  # a plan whose first renewal fails once, and one whose never does
CHANGED = 3  # which of the moments shows the change of plan


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be seen at the provider from one event until the next."""

    at: datetime
    seen: SubscriptionSnapshot


@dataclass(frozen=True, slots=True)
class Life:
    """Looks in the order of what happened. `dearer`: the plan that it was changed to, where a provider can."""

    price: UUID
    dearer: UUID | None
    looks: tuple[Look, ...]


def heard(order: Iterable[int]) -> tuple[int, ...]:
    """What each of these news leads to see, each delivered as early as it can be.

    An event only says that there is something to look at, and a look shows the present: whoever has heard of the
    fourth event has seen the first three, too.
    """
    return tuple(itertools.accumulate(order, max))


async def record(booth: Booth) -> Life:
    """Begun, not renewed, renewed after all, on another plan (else at rest), renewed again (else awake), over."""
    price = await booth.price(PLAIN)
    made = (await booth.subscribe(price)).json()
    reference = await booth.reference(made["id"])
    biller = booth.world.context.part(Providers).biller(booth.provider)
    looks: list[Look] = []

    async def see() -> None:
        if isinstance(booth, VendorBooth):
            booth.wire.advance()
        looks.append(Look(booth.world.clock.now(), await biller.get_subscription(reference)))

    await booth.agree(made["id"])
    await see()
    await booth.wait(days=30)
    await see()
    await booth.wait(days=5)
    await see()
    await booth.deliver()
    dearer = None
    if booth.provider == "paypal":
        await _ask(booth, "pause", made["id"])
        await see()
        await booth.wait(days=3)
        await _ask(booth, "resume", made["id"])
    else:
        dearer = await booth.price(DEARER)
        shown = await _ask(booth, "change", made["id"], {"priceId": dearer, "preview": True})
        await _ask(booth, "change", made["id"], {"previewToken": shown["preview"]["previewToken"]})
        await see()
        await booth.wait(days=27)
    await see()
    await booth.end_there(made["id"])
    await booth.wait(days=31)
    await see()
    return Life(UUID(price), None if dearer is None else UUID(dearer), tuple(looks))


def of_another(seen: SubscriptionSnapshot, subscription_id: UUID, change_id: UUID | None) -> SubscriptionSnapshot:
    """The same life of another subscription."""
    name = subscription_id.hex
    paid = tuple(
        replace(
            one,
            reference=f"{one.reference}-{name}",
            charge=f"{one.charge}-{name}",
            change_id=None if one.change_id is None else change_id,
        )
        for one in seen.paid
    )
    return replace(seen, reference=f"{seen.reference}-{name}", our_id=subscription_id, paid=paid)


async def _ask(booth: Booth, what: str, subscription_id: str, body: Any = None) -> dict[str, Any]:
    reply = await booth.ask(what, subscription_id, body)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())
