"""Every permutation of a recorded life's six events, with duplicates: one state, one set of periods, one ledger.

Whoever hears of an event looks, and a look shows the present. So of all orders only this is left: which of the moments
were seen at all before the last. Every permutation is folded, which shows that there is no other way; and on the
database every step from one moment to any later one is made, after which all stands as it would by any other way.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.catalog.queries import CatalogSettings
from cleanly.domain.ledger import queries as ledger
from cleanly.domain.subscriptions import queries, rules, service
from cleanly.domain.subscriptions.changes import service as changes
from cleanly.domain.subscriptions.changes.rules import Wish
from cleanly.domain.subscriptions.rules import Facts
from cleanly.kernel.ids import new_id
from cleanly.platform.providers.registry import Providers
from tests.domain.subscriptions.kiosks import Booth
from tests.domain.subscriptions.recorded import CHANGED, Life, heard, of_another, record
from tests.world import World

pytestmark = pytest.mark.parametrize("booth", ["sandbox", "stripe", "paypal"], indirect=True)
EVENTS = 6
STEPS = 3  # to a moment, from there to any later one, and to the last
GRACE = timedelta(days=7)
Way = tuple[int, ...]
# Which moments are seen; the last of all always is.
WAYS: frozenset[Way] = frozenset(
    (*seen, EVENTS - 1) for number in range(EVENTS) for seen in itertools.combinations(range(EVENTS - 1), number)
)


def deliveries(order: Way) -> Iterator[Way]:
    """A permutation as it is, with every event twice: at once, all over again, and backwards."""
    yield order
    yield tuple(place for place in order for _ in range(2))
    yield order + order
    yield order + order[::-1]


async def test_every_permutation_with_duplicates_is_folded_to_one_state(booth: Booth):
    life = await record(booth)
    ends, ways = set[object](), set[Way]()
    for order in itertools.permutations(range(EVENTS)):
        for delivered in deliveries(order):
            seen = heard(delivered)
            ends.add(_folded(life, seen))
            ways.add(tuple(dict.fromkeys(seen)))
    assert ways == WAYS
    assert len(ends) == 1
    await _every_step_is_made(booth, life)


def _folded(life: Life, seen: Way) -> object:
    facts, booked, told = Facts(state="incomplete", price_id=life.price), set[object](), list[str]()
    for place in seen:
        look = life.looks[place]
        before, facts = facts, rules.fold(facts, look.seen, now=look.at, grace=GRACE)
        new = {(one.kind, one.period_start, one.money) for one in look.seen.paid} - booked
        booked |= new
        told += rules.news(before, facts, periods_paid=sum(kind == "cycle" for kind, *_ in new))
    assert len(told) == len(set(told)) or told.count("renewed") == len(told) - len(set(told)) + 1
    assert told.count("ended") <= 1
    return facts, rules.entitled_until(facts, grace=GRACE), frozenset(booked)


async def _every_step_is_made(booth: Booth, life: Life) -> None:
    """On the database: at whatever moment it was seen, it stands as if every moment before had been seen, too."""
    reader = (await booth.world.register()).user_id
    whole = await _gone(booth.world, UUID(reader), life, tuple(range(EVENTS)))
    assert (whole[0].facts.state, whole[EVENTS - 1].facts.state) == ("active", "canceled")
    assert (len(whole[0].entitled), whole[EVENTS - 1].entitled) == (1, ())
    for way in sorted(way for way in WAYS if len(way) <= STEPS):
        stood = await _gone(booth.world, UUID(reader), life, way)
        assert stood == {place: whole[place] for place in way}, way
    async with booth.world.context.db.begin() as session:
        report = await ledger.check_everything(session, seconds_max=30)
    assert report.is_clean, report


@dataclass(frozen=True)
class Stand:
    """All that a subscription has come to, without what names it."""

    facts: Facts
    periods: tuple[object, ...]
    posted: tuple[object, ...]
    entitled: tuple[object, ...]
    asked: tuple[object, ...]


async def _gone(world: World, reader: UUID, life: Life, way: Way) -> dict[int, Stand]:
    """One subscription's way. Each moment is seen twice; a look that was overtaken by another comes to nothing."""
    context, subscription_id, change_id = world.context, new_id(), None
    biller = life.looks[0].seen.provider
    stood: dict[int, Stand] = {}
    async with context.db.begin() as session:
        price = await catalog.price_for_sale(session, life.price, context.part(CatalogSettings))
        assert price is not None
        assert price.plan_group_id is not None
        made = await service.create(
            session,
            subscription_id=subscription_id,
            user_id=reader,
            price=price,
            plan_group_id=price.plan_group_id,
            provider=biller,
            provider_account=context.part(Providers).biller(biller).account,
            customer=None,
            trial_days=None,
            now=life.looks[0].at,
        )
    assert made is not None
    revision = overtaken = made.revision
    for place in way:
        if life.dearer is not None and place >= CHANGED and change_id is None:
            change_id = await _asked(world, subscription_id, life)
        look = life.looks[place]
        seen = of_another(look.seen, subscription_id, change_id)
        for _ in range(2):
            async with context.db.begin() as session:
                done = await service.apply(session, context, subscription_id, seen, revision=revision, now=look.at)
            assert done is not None
            overtaken, revision = revision, done.subscription.revision
        late = of_another(life.looks[0].seen, subscription_id, None)
        async with context.db.begin() as session:
            assert not await service.apply(session, context, subscription_id, late, revision=overtaken, now=look.at)
            stood[place] = await _stand(session, subscription_id)
    return stood


async def _asked(world: World, subscription_id: UUID, life: Life) -> UUID:
    """The change of plan, asked and without an answer: the looks have to settle it."""
    look = life.looks[CHANGED]
    money = next(one.money for one in look.seen.paid if one.kind == "change")
    async with world.context.db.begin() as session:
        wish = Wish(kind="price", to_price_id=life.dearer, effective_at=look.at)
        return await changes.begin(session, subscription_id, wish, from_price_id=life.price, money=money, now=look.at)


_STANDS = {
    "periods": "SELECT kind, price_id, period_start, period_end, currency, amount FROM subscription_periods"
    " WHERE subscription_id = :id ORDER BY period_start, kind",
    "posted": "SELECT entry.account_id, sum(entry.amount), count(*) FROM subscription_periods AS period"
    " JOIN ledger_transactions AS posted ON posted.source_id = period.payment_id"
    " JOIN ledger_entries AS entry ON entry.transaction_id = posted.id"
    " WHERE period.subscription_id = :id GROUP BY entry.account_id ORDER BY entry.account_id",
    "entitled": "SELECT feature, ends_at FROM entitlements WHERE source_id = :id AND revoked_at IS NULL",
    "asked": "SELECT kind, state FROM subscription_changes WHERE subscription_id = :id ORDER BY id",
}


async def _stand(session: AsyncSession, subscription_id: UUID) -> Stand:
    found = await queries.by_id(session, subscription_id)
    assert found is not None
    assert found.alarm is None
    told: dict[str, tuple[object, ...]] = {}
    for name, query in _STANDS.items():
        rows = await session.execute(text(query), {"id": subscription_id})
        told[name] = tuple(tuple(row) for row in rows)
    return Stand(found.facts, **told)
