"""What did not arrive is sent again: one delivery, all since a time, a test; and a count before it is done."""

from datetime import timedelta

import pytest

from cleanly.kernel.clock import rfc3339
from cleanly.platform.webhooks.outbound.mending import service as mending
from tests.platform.webhooks.outbound.receiver import accepts, is_gone, refuses
from tests.platform.webhooks.outbound.stage import (
    add_endpoint,
    dispatching,
    publish,
    states,
    until_states,
    until_tries,
)
from tests.platform.webhooks.outbound.standard_webhooks import verify
from tests.world import code


async def since(service, **units):
    return rfc3339(service.clock.now() - timedelta(**(units or {"hours": 1})))


async def replay(phone, endpoint, **body):
    reply = await phone.call("POST", f"/webhook-endpoints/{endpoint['id']}/replay", body)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def switch(phone, endpoint, enabled):
    reply = await phone.call("PUT", f"/webhook-endpoints/{endpoint['id']}", {"enabled": enabled})
    assert reply.status_code == 200, reply.text


async def only(phone):
    (listed,) = (await phone.call("GET", "/webhook-deliveries")).json()["items"]
    return listed


async def test_a_failed_delivery_is_tried_again_when_its_owner_says_so(service, receiver):
    shop = await service.register()
    receiver.behave("/hook", is_gone(), accepts())
    endpoint = await add_endpoint(shop, receiver.url())
    (message_id,) = await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, failed=1)
        delivery = await only(shop)
        off = await shop.call("POST", f"/webhook-deliveries/{delivery['id']}/retry")
        assert (off.status_code, code(off)) == (409, "INVALID_STATE")
        receiver.behave("/hook", accepts())
        await switch(shop, endpoint, enabled=True)
        asked = await shop.call("POST", f"/webhook-deliveries/{delivery['id']}/retry")
        assert asked.status_code == 202, asked.text
        await until_states(service, succeeded=1)
    tries = [receipt.id for receipt in receiver.receipts if receipt.json["type"] != "endpoint.test"]
    assert tries == [str(message_id)] * 2, "the same webhook-id"
    assert (await only(shop))["tries"] == 2
    assert "webhook_delivery.retried" in await service.actions()


async def test_a_delivery_that_waits_for_its_next_try_is_tried_now(service, receiver):
    shop = await service.register()
    receiver.behave("/hook", refuses(), accepts())
    await add_endpoint(shop, receiver.url())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_tries(service, 1)
        await shop.call("POST", f"/webhook-deliveries/{(await only(shop))['id']}/retry")
        await until_states(service, succeeded=1)
    assert len(receiver.receipts) == 2


async def test_a_delivered_message_is_sent_once_more_if_its_owner_lost_it(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=1)
        await shop.call("POST", f"/webhook-deliveries/{(await only(shop))['id']}/retry")
        await receiver.until(2)
        await until_tries(service, 2)
    assert receiver.ids()[0] == receiver.ids()[1]


async def test_a_retry_under_one_key_is_one_retry(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=1)
        path = f"/webhook-deliveries/{(await only(shop))['id']}/retry"
        first = await shop.call("POST", path, Idempotency_Key="again")
        await until_tries(service, 2)
        second = await shop.call("POST", path, Idempotency_Key="again")
        assert second.json() == first.json()
        assert second.headers["idempotency-replayed"] == "true"
    assert await states(service) == {"succeeded": 1}
    assert len(receiver.receipts) == 2


async def test_nothing_is_sent_again_to_an_endpoint_that_was_taken_away(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=1)
        assert (await shop.call("DELETE", f"/webhook-endpoints/{endpoint['id']}")).status_code == 204
        reply = await shop.call("POST", f"/webhook-deliveries/{(await only(shop))['id']}/retry")
    assert (reply.status_code, code(reply)) == (409, "INVALID_STATE")
    gone = await shop.call("POST", f"/webhook-endpoints/{endpoint['id']}/replay", {"since": await since(service)})
    assert (gone.status_code, code(gone)) == (404, "NOT_FOUND")


async def test_a_replay_sends_what_was_skipped_and_a_dry_run_counts_it_first(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    published = await publish(service, shop.user_id, 3)
    off = await shop.call("POST", f"/webhook-endpoints/{endpoint['id']}/replay", {"since": await since(service)})
    assert code(off) == "INVALID_STATE"
    await switch(shop, endpoint, enabled=True)
    service.clock.move(seconds=1)
    start = await since(service)
    counted = await replay(shop, endpoint, since=start, dryRun=True)
    assert counted == {
        "dryRun": True,
        "messages": 3,
        "byState": {"failed": 0, "skipped": 3, "succeeded": 0, "missing": 0},
        "nextCursor": None,
    }
    async with dispatching(service):
        assert await states(service) == {"skipped": 3}, "a dry run moves nothing"
        done = await replay(shop, endpoint, since=start)
        assert (done["messages"], done["byState"]["skipped"], done["nextCursor"]) == (3, 3, None)
        await until_states(service, succeeded=3)
        assert (await replay(shop, endpoint, since=start))["messages"] == 0
    assert sorted(receiver.ids()) == sorted(str(one) for one in published)
    assert (await service.actions()).count("webhook_endpoint.replayed") == 2, "the dry run leaves no trace"


async def test_what_was_delivered_comes_again_only_if_it_is_asked_for(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    await publish(service, shop.user_id, 2)
    service.clock.move(seconds=1)
    async with dispatching(service):
        await until_states(service, succeeded=2)
        assert (await replay(shop, endpoint, since=await since(service)))["messages"] == 0
        again = await replay(shop, endpoint, since=await since(service), states=["succeeded"])
        assert again["byState"]["succeeded"] == 2
        await until_tries(service, 4)
    assert len(set(receiver.ids())) == 2


async def test_a_replay_brings_what_was_published_before_the_endpoint_was_there(service, receiver):
    shop = await service.register()
    early = await publish(service, shop.user_id, 2)
    endpoint = await add_endpoint(shop, receiver.url())
    refunds = await add_endpoint(shop, receiver.url("/refunds"), eventTypes=["refund.*"])
    service.clock.move(seconds=1)
    assert (await replay(shop, endpoint, since=await since(service)))["messages"] == 0
    missed = {"since": await since(service), "states": ["missing"]}
    assert (await replay(shop, endpoint, **missed, dryRun=True))["byState"]["missing"] == 2
    assert (await replay(shop, refunds, **missed))["messages"] == 0, "it does not ask for payments"
    async with dispatching(service):
        assert (await replay(shop, endpoint, **missed))["messages"] == 2
        await until_states(service, succeeded=2)
        assert (await replay(shop, endpoint, **missed))["messages"] == 0
    assert sorted(receiver.ids()) == sorted(str(one) for one in early)


async def test_a_replay_keeps_to_its_time(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    published = []
    for _ in range(3):
        published += await publish(service, shop.user_id)
        service.clock.move(minutes=2)
    await switch(shop, endpoint, enabled=True)
    span = {"since": await since(service, minutes=4), "until": await since(service, minutes=2)}
    async with dispatching(service):
        assert (await replay(shop, endpoint, **span))["messages"] == 1
        await until_states(service, succeeded=1, skipped=2)
    assert receiver.ids() == [str(published[1])]


async def test_a_replay_since_the_beginning_of_time_is_a_replay_of_all(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    await publish(service, shop.user_id, 2)
    for since in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):
        counted = await replay(shop, endpoint, since=since, until="9999-12-31T23:59:59-14:00", dryRun=True)
        assert counted["messages"] == 2
    assert (await replay(shop, endpoint, since="9999-12-31T23:59:59-14:00", dryRun=True))["messages"] == 0
    listed = (await shop.call("GET", "/webhook-deliveries?since=0001-01-01T00:00:00Z")).json()["items"]
    assert len(listed) == 2


async def test_a_long_replay_goes_batch_by_batch(service, receiver, monkeypatch):
    monkeypatch.setattr(mending, "REPLAY_BATCH", 4)
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    published = await publish(service, shop.user_id, 10)
    await switch(shop, endpoint, enabled=True)
    service.clock.move(seconds=1)
    wanted, batches, cursor = {"since": await since(service)}, [], {}
    async with dispatching(service):
        while True:
            done = await replay(shop, endpoint, **wanted, **cursor)
            batches.append(done["messages"])
            if done["nextCursor"] is None:
                break
            cursor = {"cursor": done["nextCursor"]}
        await until_states(service, succeeded=10)
    assert batches == [4, 4, 2]
    assert sorted(receiver.ids()) == sorted(str(one) for one in published)


async def test_a_replay_to_an_ordered_endpoint_keeps_the_order_of_each_object(service, receiver):
    shop = await service.register()
    (first,) = await publish(service, shop.user_id)
    payment = (await shop.call("GET", "/webhook-messages")).json()["items"][0]["data"]["paymentId"]
    rest = [(await publish(service, shop.user_id, payment=payment))[0] for _ in range(3)]
    endpoint = await add_endpoint(shop, receiver.url(), ordered=True)
    service.clock.move(seconds=1)
    async with dispatching(service):
        await replay(shop, endpoint, since=await since(service), states=["missing"])
        await until_states(service, succeeded=4)
    assert receiver.ids() == [str(one) for one in (first, *rest)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"since": "yesterday"},
        {"since": "2026-11-22T12:00:00"},
        {"since": "2026-11-22T12:00:00Z", "states": []},
        {"since": "2026-11-22T12:00:00Z", "states": ["pending"]},
        {"since": "2026-11-22T12:00:00Z", "dryrun": True},
    ],
)
async def test_a_replay_that_makes_no_sense_is_refused(service, receiver, body):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    reply = await shop.call("POST", f"/webhook-endpoints/{endpoint['id']}/replay", body)
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")


async def test_a_test_tells_at_once_how_it_went_and_leaves_nothing(service, receiver):
    shop = await service.register()
    receiver.behave("/hook", accepts(b"hello"), refuses(503, b"closed"))
    endpoint = await add_endpoint(shop, receiver.url(), enabled=False)
    good = await shop.call("POST", f"/webhook-endpoints/{endpoint['id']}/test")
    assert good.status_code == 200, good.text
    told = good.json()
    assert (told["isSuccess"], told["outcome"], told["status"], told["body"]) == (True, "succeeded", 200, "hello")
    assert (told["address"], told["error"]) == ("127.0.0.1", None)
    (receipt,) = receiver.receipts
    verify(endpoint["secret"], receipt.headers, receipt.body, now=service.clock.now().timestamp())
    assert receipt.json["type"] == "endpoint.test"
    assert receipt.json["data"] == {"endpointId": endpoint["id"]}
    bad = (await shop.call("POST", f"/webhook-endpoints/{endpoint['id']}/test")).json()
    assert (bad["isSuccess"], bad["outcome"], bad["status"], bad["body"]) == (False, "refused", 503, "closed")
    assert (await shop.call("GET", "/webhook-messages")).json()["items"] == []
    health = (await shop.call("GET", f"/webhook-endpoints/{endpoint['id']}")).json()["health"]
    assert health["failures"] == 0


async def test_a_test_of_an_endpoint_that_is_down_is_an_answer_too(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    await receiver.close()
    told = (await shop.call("POST", f"/webhook-endpoints/{endpoint['id']}/test")).json()
    assert (told["isSuccess"], told["outcome"], told["status"]) == (False, "unreachable", None)
    assert "can't be reached" in told["error"]


async def test_a_test_under_one_key_is_sent_once(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    path = f"/webhook-endpoints/{endpoint['id']}/test"
    first, second = [await shop.call("POST", path, Idempotency_Key="ping") for _ in range(2)]
    assert first.json() == second.json()
    assert len(receiver.receipts) == 1
