"""Endpoints through the door: made, read, changed, rotated, taken away; each account's own."""

import asyncio
from uuid import UUID

import pytest

from cleanly.domain.users import service as users
from cleanly.platform.cache.service import Cache
from cleanly.platform.webhooks.outbound.rules import PLATFORM
from tests.conftest import empty
from tests.platform.webhooks.outbound.stage import add_endpoint, dispatching, publish, until_states
from tests.platform.webhooks.outbound.standard_webhooks import verify
from tests.waiting import eventually
from tests.world import code, running

GOOD = {"url": "https://shop.example/hooks", "eventTypes": ["payment.*"]}


def _fits(secret, receipt, now) -> bool:
    try:
        verify(secret, receipt.headers, receipt.body, now=now)
    except Exception:  # noqa: BLE001 - of whatever kind the independent implementation raises
        return False
    return True


async def test_the_secret_is_shown_once_and_is_sealed_at_rest(service):
    shop = await service.register()
    made = await add_endpoint(shop, GOOD["url"])
    assert made["secret"].startswith("whsec_")
    assert len(made["secret"]) == len("whsec_") + 44
    read = await shop.call("GET", f"/webhook-endpoints/{made['id']}")
    assert "secret" not in read.json()
    listed = (await shop.call("GET", "/webhook-endpoints")).json()
    assert listed == {"items": [read.json()], "nextCursor": None}
    ((sealed,),) = await service.rows("SELECT sealed FROM outbound_secrets")
    assert made["secret"].encode() not in bytes(sealed)
    assert made["secret"] not in str(await service.rows("SELECT * FROM audit_events"))


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hooks",
        "https://shop.example:22/",
        "https://user:pass@shop.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[64:ff9b::a00:1]/",
        "ftp://shop.example/",
        "https://",
        "shop.example",
        "https://shop.example/a b",
        "",
    ],
)
async def test_an_address_that_is_never_called_is_refused_at_the_door(world, url):
    shop = await world.register()
    refused = await shop.call("POST", "/webhook-endpoints", GOOD | {"url": url})
    assert (refused.status_code, code(refused)) == (422, "VALIDATION_ERROR")
    assert refused.json()["error"]["details"]["field"] == "url"


@pytest.mark.parametrize("types", [[], ["payment.unheard_of"], ["*"], ["pay*"], ["nothing.*"], [""]])
async def test_only_events_that_exist_can_be_asked_for(world, types):
    shop = await world.register()
    refused = await shop.call("POST", "/webhook-endpoints", GOOD | {"eventTypes": types})
    assert (refused.status_code, code(refused)) == (422, "VALIDATION_ERROR")


@pytest.fixture
async def narrow(database_url, clock):
    async with running(database_url, clock, outbound_endpoints_max=2) as made:
        yield made
    empty(database_url)


async def test_an_account_has_a_limited_number_of_endpoints(narrow):
    shop = await narrow.register()
    tries = [shop.call("POST", "/webhook-endpoints", GOOD) for _ in range(4)]
    found = await asyncio.gather(*tries)
    assert sorted(reply.status_code for reply in found) == [201, 201, 409, 409]
    assert {code(reply) for reply in found if reply.status_code == 409} == {"CONFLICT"}
    await add_endpoint(await narrow.register(), GOOD["url"])  # each account its own


async def test_a_change_needs_the_tag_that_was_read_if_one_is_sent(service):
    shop = await service.register()
    made = await add_endpoint(shop, GOOD["url"])
    path = f"/webhook-endpoints/{made['id']}"
    tag = (await shop.call("GET", path)).headers["etag"]
    changed = await shop.call("PUT", path, {"description": "The warehouse", "ratePerMinute": 60}, if_match=tag)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["description"], changed.json()["ratePerMinute"]) == ("The warehouse", 60)
    assert changed.headers["etag"] != tag
    for stale in (
        await shop.call("PUT", path, {"description": "Again"}, if_match=tag),
        await shop.call("DELETE", path, if_match=tag),
    ):
        assert (stale.status_code, code(stale)) == (409, "CONFLICT")
    cleared = await shop.call("PUT", path, {"ratePerMinute": None})
    assert (cleared.json()["ratePerMinute"], cleared.json()["description"]) == (None, "The warehouse")
    gone = await shop.call("DELETE", path, if_match=cleared.headers["etag"])
    assert gone.status_code == 204
    assert (await shop.call("GET", path)).status_code == 404
    assert await service.rows("SELECT 1 FROM outbound_secrets") == []
    assert [action for action in await service.actions() if action.startswith("webhook")] == [
        "webhook_endpoint.created",
        "webhook_endpoint.changed",
        "webhook_endpoint.changed",
        "webhook_endpoint.deleted",
    ]


async def test_a_creation_repeated_under_its_key_makes_one_endpoint_and_tells_the_same_secret(service):
    shop = await service.register()
    first = await shop.call("POST", "/webhook-endpoints", GOOD, idempotency_key="k1")
    again = await shop.call("POST", "/webhook-endpoints", GOOD, idempotency_key="k1")
    assert again.json() == first.json()
    assert len((await shop.call("GET", "/webhook-endpoints")).json()["items"]) == 1


async def test_both_secrets_sign_until_the_old_one_ends(service, receiver):
    shop = await service.register()
    made = await add_endpoint(shop, receiver.url())
    path = f"/webhook-endpoints/{made['id']}/rotate-secret"
    async with dispatching(service):
        await publish(service, shop.user_id)
        await receiver.until(1)  # the old key is in the process's hands by now
        rotated = (await shop.call("POST", path, {"overlapHours": 2})).json()
        assert rotated["secret"] != made["secret"]
        assert [key["endsAt"] for key in rotated["keys"]] == [None, "2026-11-22T14:00:00.000Z"]
        await publish(service, shop.user_id)
        await receiver.until(2)
        service.clock.move(hours=2)
        await publish(service, shop.user_id)
        await receiver.until(3)
        await until_states(service, succeeded=3)
    start = int(service.clock.now().timestamp()) - 7200
    fits = [
        (_fits(made["secret"], receipt, at), _fits(rotated["secret"], receipt, at))
        for receipt, at in zip(receiver.receipts, (start, start, start + 7200), strict=True)
    ]
    assert fits == [(True, False), (True, True), (False, True)]


@pytest.mark.parametrize(("hours", "status"), [(0, 200), (168, 200), (169, 422), (-1, 422)])
async def test_an_overlap_lasts_from_no_time_to_a_week(service, hours, status):
    shop = await service.register()
    made = await add_endpoint(shop, GOOD["url"])
    reply = await shop.call("POST", f"/webhook-endpoints/{made['id']}/rotate-secret", {"overlapHours": hours})
    assert reply.status_code == status
    if hours == 0:
        assert len(reply.json()["keys"]) == 1


async def test_however_often_it_is_rotated_few_keys_sign(service, receiver):
    """Each signs every message: without an end to them a header would outgrow its receiver."""
    shop = await service.register()
    made = await add_endpoint(shop, receiver.url())
    path, secrets = f"/webhook-endpoints/{made['id']}/rotate-secret", [made["secret"]]
    for _ in range(10):
        service.clock.move(seconds=1)
        reply = await shop.call("POST", path, {"overlapHours": 168})
        secrets.append(reply.json()["secret"])
    assert len(reply.json()["keys"]) == 8
    await publish(service, shop.user_id)
    async with dispatching(service):
        await receiver.until(1)
    now = service.clock.now().timestamp()
    assert [_fits(secret, receiver.receipts[0], now) for secret in secrets] == [False] * 3 + [True] * 8


async def test_a_key_pair_signs_and_its_public_half_is_told(service, receiver):
    shop = await service.register()
    made = await add_endpoint(shop, receiver.url(), signature="v1a")
    assert made["secret"] is None
    (key,) = made["keys"]
    assert key["publicKey"].startswith("whpk_")
    await publish(service, shop.user_id)
    async with dispatching(service):
        await receiver.until(1)
    now = int(service.clock.now().timestamp())
    verify(key["publicKey"], receiver.receipts[0].headers, receiver.receipts[0].body, now=now)


async def test_another_accounts_endpoint_does_not_exist(service, receiver):
    ada, eve = await service.register(), await service.register()
    made = await add_endpoint(ada, receiver.url())
    path = f"/webhook-endpoints/{made['id']}"
    for method, tail, body in (
        ("GET", "", None),
        ("PUT", "", {"enabled": False}),
        ("PUT", "", {"enabled": True}),
        ("DELETE", "", None),
        ("POST", "/rotate-secret", {}),
    ):
        refused = await eve.call(method, path + tail, body)
        assert (refused.status_code, code(refused)) == (404, "NOT_FOUND"), method
    assert (await eve.call("GET", "/webhook-endpoints")).json()["items"] == []
    await add_endpoint(eve, receiver.url("/eve"))
    await publish(service, ada.user_id)
    async with dispatching(service):
        await until_states(service, succeeded=1)
    assert [receipt.path for receipt in receiver.receipts] == ["/hook"]


async def test_a_sealed_key_moved_to_another_endpoint_signs_nothing(service, receiver):
    ada, eve = await service.register(), await service.register()
    mine, hers = await add_endpoint(ada, receiver.url("/ada")), await add_endpoint(eve, receiver.url("/eve"))
    await service.rows(
        "UPDATE outbound_secrets SET sealed = (SELECT sealed FROM outbound_secrets WHERE endpoint_id = :theirs)"
        " WHERE endpoint_id = :mine RETURNING id",
        theirs=hers["id"],
        mine=mine["id"],
    )
    await publish(service, ada.user_id)
    async with dispatching(service):
        await until_states(service, pending=1)

        async def tried():
            return bool(await service.rows("SELECT 1 FROM outbound_attempts"))

        await eventually(tried, what="the try")
    ((outcome, error),) = await service.rows("SELECT outcome, error FROM outbound_attempts")
    assert (outcome, error) == ("forbidden", "there is no key to sign with")
    assert receiver.receipts == []


async def test_the_platforms_endpoints_are_an_admins(service, receiver):
    admin, shop = await service.register(), await service.register()
    async with service.context.db.begin() as session:
        await users.set_role(
            session, service.context.part(Cache), UUID(admin.user_id), "admin", now=service.clock.now()
        )
    again = await service.login(admin.email)
    refused = await shop.call("POST", "/webhook-endpoints?account=platform", GOOD)
    assert (refused.status_code, code(refused)) == (403, "FORBIDDEN")
    made = await again.call("POST", "/webhook-endpoints?account=platform", GOOD | {"url": receiver.url()})
    assert made.status_code == 201, made.text
    assert (await again.call("GET", "/webhook-endpoints")).json()["items"] == []
    await publish(service, PLATFORM)
    async with dispatching(service):
        await receiver.until(1)
