"""The receiver behaves as badly as it says: else the tests that lean on it would prove nothing."""

import asyncio

import pytest

from cleanly.kernel.net import Http, NetBroken, NetRefused, NetTimeout, NetTooLarge
from tests.platform.webhooks.outbound import receiver as acts
from tests.platform.webhooks.outbound.receiver import receiving


@pytest.fixture
async def subscriber():
    async with receiving() as made:
        yield made


@pytest.fixture
async def http():
    made = Http.to_known()
    yield made
    await made.close()


async def test_it_accepts_and_keeps_what_came(subscriber, http):
    answer = await http.post(subscriber.url("/shop"), body=b'{"a":1}', headers={"Webhook-Id": "msg_1"})
    assert answer.status == 200
    only = subscriber.at("/shop")[0]
    assert (only.method, only.id, only.json) == ("POST", "msg_1", {"a": 1})


async def test_replies_are_used_up_one_by_one_and_the_last_stays(subscriber, http):
    subscriber.behave("/shop", acts.refuses(500), acts.asks_to_wait("7"), acts.is_gone())
    seen = [await http.post(subscriber.url("/shop"), body=b"") for _ in range(4)]
    assert [answer.status for answer in seen] == [500, 429, 410, 410]
    assert seen[1].headers["retry-after"] == "7"
    assert subscriber.connections == 1, "the connection is kept"


async def test_a_redirect_names_its_place(subscriber, http):
    subscriber.behave("/shop", acts.redirects("http://10.0.0.1/"))
    answer = await http.post(subscriber.url("/shop"), body=b"")
    assert (answer.status, answer.headers["location"]) == (302, "http://10.0.0.1/")


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (acts.hangs, NetTimeout),
        (acts.drips(0.01), NetTimeout),
        (acts.breaks_off, NetBroken),
        (acts.talks_nonsense, NetBroken),
        (acts.is_huge(), NetTooLarge),
        (acts.is_huge(announced=False), NetTooLarge),
    ],
    ids=["hangs", "drips", "breaks off", "nonsense", "huge", "huge, unannounced"],
)
async def test_it_is_as_bad_as_it_says(subscriber, http, reply, fault):
    subscriber.behave("/shop", reply)
    with pytest.raises(fault):
        await http.post(subscriber.url("/shop"), body=b"", deadline_seconds=0.5)
    assert len(subscriber.receipts) == 1


async def test_it_goes_down_and_comes_back_on_its_port(subscriber, http):
    url = subscriber.url()
    await subscriber.close()
    with pytest.raises(NetRefused):
        await http.post(url, body=b"")
    await subscriber.open()
    assert (await http.post(url, body=b"")).status == 200


async def test_a_test_can_wait_for_what_comes_and_let_an_answer_wait(subscriber, http):
    gate = asyncio.Event()
    subscriber.behave("/shop", acts.after(gate, acts.accepts()))
    asked = asyncio.create_task(http.post(subscriber.url("/shop"), body=b""))
    await subscriber.until(1, "/shop")
    assert not asked.done()
    gate.set()
    assert (await asked).status == 200
