"""What was told can be looked at: messages, deliveries, every try with its answer."""

from datetime import timedelta

import pytest

from cleanly.kernel.clock import rfc3339
from tests.conftest import empty
from tests.platform.webhooks.outbound.receiver import accepts, answers, hangs, is_huge, redirects, refuses
from tests.platform.webhooks.outbound.stage import QUICK, add_endpoint, dispatching, publish, until_states, until_tries
from tests.world import code, running


@pytest.fixture
async def hurried(database_url, clock):
    """The service with half a second of patience."""
    async with running(database_url, clock, **QUICK, outbound_deadline_seconds=0.5) as made:
        yield made
    empty(database_url)


async def pages(phone, path):
    """Every item of a list, page by page."""
    found, cursor = [], ""
    while True:
        reply = await phone.call("GET", f"{path}{'&' if '?' in path else '?'}limit=2{cursor}")
        assert reply.status_code == 200, reply.text
        assert len(reply.json()["items"]) <= 2
        found += reply.json()["items"]
        if reply.json()["nextCursor"] is None:
            return found
        cursor = f"&cursor={reply.json()['nextCursor']}"


async def test_a_delivery_tells_of_every_try(service, receiver):
    shop = await service.register()
    receiver.behave("/hook", refuses(500, b"the till is on fire"), answers(200, b"ok", X_Shop="honey"))
    endpoint = await add_endpoint(shop, receiver.url())
    (message_id,) = await publish(service, shop.user_id)
    async with dispatching(service):
        await until_tries(service, 1)
        service.clock.move(seconds=7)
        await until_states(service, succeeded=1)
    (listed,) = (await shop.call("GET", "/webhook-deliveries")).json()["items"]
    assert listed["messageId"] == str(message_id)
    assert listed["endpointId"] == endpoint["id"]
    assert (listed["state"], listed["tries"], listed["type"]) == ("succeeded", 2, "payment.succeeded")
    assert (listed["lastAttempt"]["number"], listed["lastAttempt"]["status"]) == (2, 200)
    whole = (await shop.call("GET", f"/webhook-deliveries/{listed['id']}")).json()
    assert {name: whole[name] for name in listed} == listed
    first, second = whole["attempts"]
    assert (first["number"], first["outcome"], first["status"], first["body"]) == (
        1,
        "refused",
        500,
        "the till is on fire",
    )
    assert (second["number"], second["outcome"], second["status"], second["body"]) == (2, "succeeded", 200, "ok")
    assert second["headers"]["x-shop"] == "honey"
    assert second["address"] == "127.0.0.1"
    assert first["durationMs"] >= 0
    assert first["startedAt"] < second["startedAt"]
    assert whole["message"] == {"id": str(message_id), **receiver.receipts[0].json}


async def test_of_a_delivery_that_was_retried_without_end_the_newest_hundred_tries_are_told(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=1)
    await service.rows(
        "INSERT INTO outbound_attempts (delivery_id, number, started_at, duration_ms, outcome, status)"
        " SELECT delivery_id, number + more, started_at, duration_ms, outcome, status"
        " FROM outbound_attempts, generate_series(1, 129) AS more RETURNING number"
    )
    (listed,) = (await shop.call("GET", "/webhook-deliveries")).json()["items"]
    assert listed["lastAttempt"]["number"] == 130
    whole = (await shop.call("GET", f"/webhook-deliveries/{listed['id']}")).json()
    assert [one["number"] for one in whole["attempts"]] == list(range(31, 131))


@pytest.mark.parametrize(
    ("reply", "outcome", "status", "told"),
    [
        (is_huge(), "succeeded", 200, None),
        (is_huge(status=500, announced=False), "refused", 500, None),
        (redirects("http://10.0.0.1/"), "refused", 302, None),
        (hangs, "timeout", None, "gave no whole answer within"),
    ],
    ids=["huge", "huge and refused", "redirect", "hangs"],
)
async def test_a_try_says_what_became_of_it(hurried, receiver, reply, outcome, status, told):
    shop = await hurried.register()
    receiver.behave("/hook", reply)
    await add_endpoint(shop, receiver.url())
    await publish(hurried, shop.user_id)
    async with dispatching(hurried):
        await until_tries(hurried, 1)
    (listed,) = (await shop.call("GET", "/webhook-deliveries")).json()["items"]
    assert listed["state"] == ("succeeded" if outcome == "succeeded" else "pending")
    (attempt,) = (await shop.call("GET", f"/webhook-deliveries/{listed['id']}")).json()["attempts"]
    assert (attempt["outcome"], attempt["status"]) == (outcome, status)
    assert len(attempt["body"] or "") <= 16 * 1024
    if told:
        assert told in attempt["error"]
        assert receiver.url() not in attempt["error"], "a URL may hold a secret"
    else:
        assert attempt["error"] is None


async def test_lists_go_page_by_page_while_more_is_published(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url(), enabled=False)
    first = await publish(service, shop.user_id, 5)
    page = (await shop.call("GET", "/webhook-deliveries?limit=2")).json()
    await publish(service, shop.user_id, 3)
    rest = (await shop.call("GET", f"/webhook-deliveries?limit=100&cursor={page['nextCursor']}")).json()
    told = [item["messageId"] for item in [*page["items"], *rest["items"]]]
    assert told == [str(one) for one in reversed(first)]
    assert [item["id"] for item in await pages(shop, "/webhook-messages")][3:] == told
    assert len(await pages(shop, "/webhook-deliveries")) == 8


async def test_deliveries_are_found_by_endpoint_state_type_and_time(service, receiver):
    shop = await service.register()
    on = await add_endpoint(shop, receiver.url("/on"))
    off = await add_endpoint(shop, receiver.url("/off"), enabled=False)
    (early,) = await publish(service, shop.user_id)
    service.clock.move(minutes=5)
    noon = rfc3339(service.clock.now())
    (late,) = await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=2, skipped=2)

    async def found(query):
        return [(item["endpointId"], item["messageId"]) for item in await pages(shop, f"/webhook-deliveries?{query}")]

    assert await found(f"endpoint={off['id']}") == [(off["id"], str(late)), (off["id"], str(early))]
    assert await found("state=succeeded") == [(on["id"], str(late)), (on["id"], str(early))]
    assert {message for _, message in await found(f"since={noon}")} == {str(late)}
    assert await found(f"state=skipped&since={noon}&type=payment.succeeded") == [(off["id"], str(late))]
    assert await found("type=refund.created") == []
    assert await found("state=failed") == []


async def test_a_message_is_listed_even_if_nobody_asked_for_it(service, receiver):
    shop = await service.register()
    (early,) = await publish(service, shop.user_id)
    await add_endpoint(shop, receiver.url(), enabled=False)
    service.clock.move(minutes=1)
    (late,) = await publish(service, shop.user_id)
    listed = (await shop.call("GET", "/webhook-messages")).json()["items"]
    assert [item["id"] for item in listed] == [str(late), str(early)]
    assert set(listed[0]) == {"id", "type", "timestamp", "data"}
    nowhere = (await shop.call("GET", f"/webhook-messages/{early}")).json()
    assert nowhere["deliveries"] == []
    somewhere = (await shop.call("GET", f"/webhook-messages/{late}")).json()
    assert [one["state"] for one in somewhere["deliveries"]] == ["skipped"]
    since = rfc3339(service.clock.now() - timedelta(seconds=1))
    assert [item["id"] for item in await pages(shop, f"/webhook-messages?since={since}")] == [str(late)]
    assert await pages(shop, "/webhook-messages?type=refund.created") == []


@pytest.mark.parametrize(
    "path",
    [
        "/webhook-deliveries?state=lost",
        "/webhook-deliveries?endpoint=1",
        "/webhook-deliveries?since=2026-11-22T12:00:00",
        "/webhook-deliveries?limit=0",
        "/webhook-deliveries?type=%00",
        "/webhook-messages?type=payment.*",
        "/webhook-deliveries/1",
        "/webhook-messages?since=yesterday",
        "/webhook-messages/1",
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(service, path):
    shop = await service.register()
    reply = await shop.call("GET", path)
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")


async def test_a_cursor_of_another_list_is_refused(service, receiver):
    shop = await service.register()
    await add_endpoint(shop, receiver.url(), enabled=False)
    await publish(service, shop.user_id, 3)
    cursor = (await shop.call("GET", "/webhook-messages?limit=1")).json()["nextCursor"]
    assert code(await shop.call("GET", f"/webhook-deliveries?cursor={cursor}")) == "MALFORMED_REQUEST"


async def test_the_history_outlives_the_endpoint(service, receiver):
    shop = await service.register()
    endpoint = await add_endpoint(shop, receiver.url())
    receiver.behave("/hook", accepts())
    await publish(service, shop.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=1)
    assert (await shop.call("DELETE", f"/webhook-endpoints/{endpoint['id']}")).status_code == 204
    (listed,) = (await shop.call("GET", "/webhook-deliveries")).json()["items"]
    whole = (await shop.call("GET", f"/webhook-deliveries/{listed['id']}")).json()
    assert [one["status"] for one in whole["attempts"]] == [200]
