"""On a laptop an endpoint may be on the laptop; anywhere else it may not."""

import pytest

from cleanly.entry import dev
from cleanly.entry import settings as environment
from tests.conftest import empty
from tests.platform.webhooks.outbound.stage import add_endpoint
from tests.world import code, running


@pytest.mark.parametrize(("said", "is_allowed"), [(None, "on"), ("off", "off"), ("on", "on")])
def test_cleanly_dev_allows_this_machine_unless_it_is_told_otherwise(monkeypatch, said, is_allowed):
    monkeypatch.delenv("OUTBOUND_LOOPBACK", raising=False)
    if said is not None:
        monkeypatch.setenv("OUTBOUND_LOOPBACK", said)
    found = environment.load(app_env="development")
    assert dev.for_a_laptop(found).outbound_loopback == is_allowed


async def test_elsewhere_an_endpoint_on_this_machine_is_refused(database_url, clock, receiver):
    async with running(database_url, clock) as service:
        shop = await service.register()
        for url in (receiver.url(), "http://localhost/", "https://127.0.0.1/", "https://[::1]:8443/"):
            reply = await shop.call("POST", "/webhook-endpoints", {"url": url, "eventTypes": ["payment.*"]})
            assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
            assert reply.json()["error"]["details"]["field"] == "url"
    empty(database_url)


async def test_on_a_laptop_it_is_taken(service, receiver):
    shop = await service.register()
    assert (await add_endpoint(shop, receiver.url()))["url"] == receiver.url()
