"""Two accounts: neither sees, replays, tries, tests or signs what is the other's, whatever id it knows."""

import pytest

from cleanly.kernel.clock import rfc3339
from tests.platform.webhooks.outbound import standard_webhooks
from tests.platform.webhooks.outbound.receiver import refuses
from tests.platform.webhooks.outbound.stage import add_endpoint, dispatching, publish, until_states, until_tries
from tests.world import code

NIL = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def two(service, receiver):
    """Ada with an endpoint, a message and a failed try; Eve with an endpoint of her own."""
    ada, eve = await service.register(), await service.register()
    receiver.behave("/ada", refuses())
    hers = await add_endpoint(ada, receiver.url("/ada"))
    other = await add_endpoint(eve, receiver.url("/eve"))
    await publish(service, ada.user_id)
    async with dispatching(service):
        await until_tries(service, 1)
    return ada, eve, hers, other


async def ids(phone):
    (delivery,) = (await phone.call("GET", "/webhook-deliveries")).json()["items"]
    return delivery["id"], delivery["messageId"]


async def test_lists_show_ones_own(two):
    ada, eve, hers, _ = two
    assert await ids(ada)
    for path in ("/webhook-messages", "/webhook-deliveries", f"/webhook-deliveries?endpoint={hers['id']}"):
        assert (await eve.call("GET", path)).json()["items"] == []


async def test_what_is_anothers_is_not_there(service, receiver, two):
    ada, eve, hers, _ = two
    delivery, message = await ids(ada)
    body = {"since": rfc3339(service.clock.now()), "states": ["failed", "skipped", "succeeded", "missing"]}
    calls = [
        ("GET", f"/webhook-messages/{message}", None),
        ("GET", f"/webhook-deliveries/{delivery}", None),
        ("POST", f"/webhook-deliveries/{delivery}/retry", None),
        ("POST", f"/webhook-endpoints/{hers['id']}/replay", body),
        ("POST", f"/webhook-endpoints/{hers['id']}/replay", body | {"dryRun": True}),
        ("GET", f"/webhook-endpoints/{hers['id']}/events", None),
        ("POST", f"/webhook-endpoints/{hers['id']}/test", None),
        ("GET", f"/webhook-endpoints/{hers['id']}", None),
        ("PUT", f"/webhook-endpoints/{hers['id']}", {"url": receiver.url("/eve")}),
        ("POST", f"/webhook-endpoints/{hers['id']}/rotate-secret", {}),
        ("DELETE", f"/webhook-endpoints/{hers['id']}", None),
    ]
    came = len(receiver.receipts)
    for method, path, sent in calls:
        theirs = await eve.call(method, path, sent)
        assert (theirs.status_code, code(theirs)) == (404, "NOT_FOUND"), path
        nobodys = await eve.call(method, path.replace(path.split("/")[2], NIL), sent)
        assert theirs.json() == nobodys.json(), "another's looks like nobody's"
    assert len(receiver.receipts) == came
    assert [row[0] for row in await service.rows("SELECT state FROM outbound_deliveries")] == ["pending"]


async def test_a_stranger_without_a_token_sees_nothing(service, two):
    ada, _, hers, _ = two
    delivery, message = await ids(ada)
    for path in (
        "/webhook-messages",
        f"/webhook-messages/{message}",
        "/webhook-deliveries",
        f"/webhook-deliveries/{delivery}",
        f"/webhook-endpoints/{hers['id']}/events",
    ):
        assert code(await service.call("GET", path)) == "TOKEN_MISSING"


async def test_each_endpoint_is_signed_for_with_its_own_secret(service, receiver, two):
    _, eve, hers, other = two
    await publish(service, eve.user_id)
    async with dispatching(service):
        await until_states(service, pending=1, succeeded=1)
    now = service.clock.now().timestamp()
    for path, own, foreign in (("/ada", hers["secret"], other["secret"]), ("/eve", other["secret"], hers["secret"])):
        (receipt,) = receiver.at(path)
        assert standard_webhooks.verify(own, receipt.headers, receipt.body, now=now)
        with pytest.raises(standard_webhooks.Refused):
            standard_webhooks.verify(foreign, receipt.headers, receipt.body, now=now)


async def test_a_message_goes_to_the_endpoints_of_its_account_alone(receiver, two):
    assert len(receiver.at("/ada")) == 1
    assert receiver.at("/eve") == []


async def test_a_replay_of_ones_own_brings_nothing_of_anothers(service, receiver, two):
    _, eve, _, other = two
    service.clock.move(seconds=1)
    body = {"since": "2026-01-01T00:00:00Z", "states": ["failed", "skipped", "succeeded", "missing"]}
    done = await eve.call("POST", f"/webhook-endpoints/{other['id']}/replay", body)
    assert done.json()["messages"] == 0
    assert receiver.at("/eve") == []


async def test_the_platforms_own_are_for_administrators(service, two):
    _, eve, _, _ = two
    for path in ("/webhook-messages", "/webhook-deliveries"):
        assert code(await eve.call("GET", f"{path}?account=platform")) == "FORBIDDEN"
