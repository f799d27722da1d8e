"""Order, pace and turns: what an endpoint asked for, and what another one's troubles must not cost it."""

import asyncio
import threading
from uuid import uuid4

from cleanly.platform.webhooks.outbound.dispatch import names
from tests.conftest import empty
from tests.platform.webhooks.outbound import receiver as replies
from tests.platform.webhooks.outbound.stage import QUICK, add_endpoint, dispatching, publish, states, until_states
from tests.waiting import eventually
from tests.world import running


async def test_one_object_waits_for_its_earlier_message_and_others_do_not(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url(), ordered=True)
    receiver.behave("/hook", replies.refuses(500), replies.accepts())
    payment = uuid4()
    (first,) = await publish(service, shop.user_id, payment=payment)
    async with dispatching(service):
        await receiver.until(1)
        await until_states(service, pending=1)
        (second,) = await publish(service, shop.user_id, payment=payment)
        (other,) = await publish(service, shop.user_id)
        await until_states(service, pending=2, succeeded=1)
        await asyncio.sleep(0.2)  # long enough for several looks
        assert receiver.ids() == [str(first), str(other)]
        service.clock.move(seconds=6)
        await until_states(service, succeeded=3)
    assert receiver.ids() == [str(first), str(other), str(first), str(second)]


async def test_an_ordered_object_goes_on_when_its_earlier_message_was_given_up(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url(), ordered=True)
    receiver.behave("/hook", replies.refuses(500))
    payment = uuid4()
    await publish(service, shop.user_id, payment=payment)
    (second,) = await publish(service, shop.user_id, payment=payment)
    async with dispatching(service):
        for number in range(1, 11):
            if number == 10:
                receiver.behave("/hook", replies.refuses(500), replies.accepts())
            await receiver.until(number)
            if number < 10:
                await until_states(service, pending=2)
                service.clock.move(hours=29)
        await until_states(service, failed=1, succeeded=1)
    assert receiver.ids()[-1] == str(second)
    assert receiver.ids().count(str(second)) == 1


async def test_many_messages_of_one_object_arrive_in_the_order_of_their_commits(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url(), ordered=True)
    payment = uuid4()
    ids = [(await publish(service, shop.user_id, payment=payment))[0] for _ in range(12)]
    async with dispatching(service), dispatching(service):  # two of them, as two workers would
        await until_states(service, succeeded=12)
    assert receiver.ids() == [str(one) for one in ids]


async def test_an_endpoints_rate_is_kept_by_two_dispatchers_together(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url(), ratePerMinute=120)
    await publish(service, shop.user_id, 10)
    async with dispatching(service), dispatching(service):
        await until_states(service, succeeded=2, pending=8)  # a second's worth at once
        for sent in (3, 4):
            service.clock.move(seconds=0.5)
            await until_states(service, succeeded=sent, pending=10 - sent)
        service.clock.move(minutes=10)  # an hour of silence saves up a second's worth, no more
        await until_states(service, succeeded=6, pending=4)
        await asyncio.sleep(0.3)
        assert await states(service) == {"succeeded": 6, "pending": 4}


async def test_a_slow_rate_is_one_message_at_a_time(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url(), ratePerMinute=2)
    await publish(service, shop.user_id, 3)
    async with dispatching(service):
        await until_states(service, succeeded=1, pending=2)
        service.clock.move(seconds=29)
        await asyncio.sleep(0.3)
        assert await states(service) == {"succeeded": 1, "pending": 2}
        service.clock.move(seconds=1)
        await until_states(service, succeeded=2, pending=1)


async def test_a_receiver_that_hangs_delays_nobody_else(service, receiver):
    silent, good = await service.register(), await service.register()
    await add_endpoint(silent, receiver.url("/silent"))
    await add_endpoint(good, receiver.url("/good"))
    receiver.behave("/silent", replies.hangs)
    await publish(service, silent.user_id, 2000)
    await publish(service, good.user_id, 50)
    loop = asyncio.get_running_loop()
    async with dispatching(service) as dispatcher:
        began = loop.time()
        await receiver.until(50, "/good")
        assert loop.time() - began < 10
        assert len(receiver.at("/silent")) <= 4

        async def claimed_few():
            return (await states(service)).get("claimed", 0) <= 8

        await eventually(claimed_few, what="few claims of the silent one")
        await receiver.close()  # its calls end, and with them the dispatcher
        assert dispatcher is not None


async def test_a_backlog_of_one_does_not_stand_before_the_new_message_of_another(service, receiver):
    busy, small = await service.register(), await service.register()
    await add_endpoint(busy, receiver.url("/busy"))
    await add_endpoint(small, receiver.url("/small"))
    await publish(service, busy.user_id, 800)
    (late,) = await publish(service, small.user_id)
    async with dispatching(service):
        await receiver.until(1, "/small")
        before = len(receiver.at("/busy"))
        assert receiver.ids("/small") == [str(late)]
        await until_states(service, succeeded=801)
    assert before < 400


async def test_a_hundred_names_that_no_server_answers_for_delay_nobody_else(database_url, clock, receiver, monkeypatch):
    """A look-up that hangs is held by the system long after its call was given up."""
    over, asked, whole = threading.Event(), set(), names._look_up

    def look_up(host, port, family):
        if host.startswith("dead"):
            asked.add(host)
            over.wait()
            raise OSError
        return whole(host, port, family)

    monkeypatch.setattr(names, "_look_up", look_up)
    try:
        async with running(database_url, clock, **QUICK, outbound_endpoints_max=100) as service:
            dead, good = await service.register(), await service.register()
            for number in range(100):
                await add_endpoint(dead, f"https://dead{number}.example/")
            await add_endpoint(good, receiver.url().replace("127.0.0.1", "localhost"))
            await publish(service, dead.user_id)
            async with dispatching(service):

                async def all_hang():
                    return len(asked) == 100

                await eventually(all_hang, what="a hundred look-ups that hang")
                await publish(service, good.user_id)
                await receiver.until(1, seconds_max=5)
                over.set()
    finally:
        over.set()
    empty(database_url)
