"""What providers say they have pushed and we never saw; and bodies, which don't lie about for ever."""

from datetime import datetime, timedelta

import pytest

from cleanly.platform.providers.errors import Unknown
from cleanly.platform.webhooks.inbound import flows, service
from tests.platform.webhooks.inbound.conftest import Inbox


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the counter of swept events was told."""
    found: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "cleanly.platform.webhooks.inbound.metrics.count_swept",
        lambda provider, events: found.append((provider, events)),
    )
    return found


def minutes_ago(inbox: Inbox, minutes: float) -> str:
    moment: datetime = inbox.clock.now() - timedelta(minutes=minutes)
    return moment.isoformat()


async def test_a_lost_event_is_found_counted_and_acted_on_and_those_that_came_are_left_alone(inbox: Inbox, swept):
    came = inbox.news(id="evt_came", createdAt=minutes_ago(inbox, 20))
    lost = inbox.news(id="evt_lost", createdAt=minutes_ago(inbox, 19))
    await inbox.push(came)
    await inbox.work()
    inbox.provider.pages = ((came, lost),)
    for _ in range(3):
        await flows.sweep(inbox.context)
    await inbox.work()
    rows = await inbox.events()
    assert [(row.event_id, row.source, row.state) for row in rows] == [
        ("evt_came", "push", "done"),
        ("evt_lost", "sweep", "done"),
    ]
    assert bytes(rows[1].body) == lost
    assert [event.id for event in inbox.acted_on] == ["evt_came", "evt_lost"]
    assert swept == [("scripted", 1)]
    assert (await inbox.push(lost)).status_code == 200
    assert len(await inbox.events()) == 2


async def test_what_is_just_being_pushed_is_left_to_the_next_sweep(inbox: Inbox, swept):
    inbox.provider.pages = ((inbox.news(createdAt=minutes_ago(inbox, 1)),),)
    await flows.sweep(inbox.context)
    assert await inbox.events() == []
    inbox.clock.move(minutes=15)
    await flows.sweep(inbox.context)
    assert (await inbox.only()).source == "sweep"
    assert swept == [("scripted", 1)]


async def test_every_page_is_read(inbox: Inbox, swept):
    inbox.provider.pages = tuple((inbox.news(createdAt=minutes_ago(inbox, 30 - page)),) for page in range(4))
    await flows.sweep(inbox.context)
    assert len(await inbox.events()) == 4
    assert swept == [("scripted", 4)]


async def test_each_sweep_goes_on_from_the_last_with_an_hour_of_overlap_however_long_we_were_away(inbox: Inbox):
    began = inbox.clock.now()
    await flows.sweep(inbox.context)
    inbox.clock.move(days=2)
    await flows.sweep(inbox.context)
    until = began - timedelta(minutes=5)
    assert inbox.provider.asked_since == [began - timedelta(minutes=75), until - timedelta(hours=1)]


async def test_a_provider_that_does_not_answer_is_asked_from_the_same_moment_again(inbox: Inbox, swept):
    inbox.provider.fault = Unknown("it hung up")
    with pytest.raises(ExceptionGroup) as failed:
        await flows.sweep(inbox.context)
    assert failed.value.exceptions == (inbox.provider.fault,)
    inbox.provider.fault = None
    await flows.sweep(inbox.context)
    assert len(set(inbox.provider.asked_since)) == 1
    assert inbox.other.asked_since == [], "it keeps no list"
    assert swept == []


async def test_a_swept_test_event_where_money_is_real_is_ignored_and_not_counted(inbox: Inbox, swept):
    inbox.are_live(True)
    inbox.provider.pages = ((inbox.news(createdAt=minutes_ago(inbox, 10)),),)
    await flows.sweep(inbox.context)
    assert (await inbox.only()).state == "ignored"
    assert (await inbox.jobs(), swept) == ([], [])


async def test_bodies_are_emptied_after_ninety_days_and_the_rows_stay(inbox: Inbox, monkeypatch):
    monkeypatch.setattr(service, "EMPTY_BATCH", 2)
    for _ in range(5):
        await inbox.push()
    inbox.clock.move(days=1)
    await inbox.push(inbox.news(id="evt_young"))
    inbox.clock.move(days=89, seconds=-1)
    await flows.empty_bodies(inbox.context)
    assert all(row.body for row in await inbox.events()), "not a second too early"
    inbox.clock.move(seconds=2)
    await flows.empty_bodies(inbox.context)
    assert [row.event_id for row in await inbox.events() if row.body is not None] == ["evt_young"]
    assert len(await inbox.events()) == 6
    await inbox.work()
    assert len(inbox.acted_on) == 6, "the row alone tells what to look at"
