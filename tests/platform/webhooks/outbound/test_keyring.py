"""The keys that a dispatcher keeps opened: few enough, and never without those of what it has in hand."""

from uuid import UUID

import pytest
from pydantic import ValidationError

from cleanly.platform.webhooks.outbound.dispatch import keyring
from cleanly.platform.webhooks.outbound.dispatch.keyring import KeyRing
from cleanly.platform.webhooks.outbound.endpoints.vault import KeyVault
from cleanly.platform.webhooks.outbound.settings import OutboundSettings
from tests.platform.webhooks.outbound.stage import add_endpoint


async def test_the_keys_that_were_asked_for_longest_ago_are_forgotten(service, monkeypatch):
    monkeypatch.setattr(keyring, "_KEPT_MAX", 2)
    shop = await service.register()
    made = [await add_endpoint(shop, f"https://shop.example/{number}") for number in range(3)]
    one, two, three = (UUID(endpoint["id"]) for endpoint in made)
    ring, now = KeyRing(service.context.part(KeyVault)), service.clock.now()
    async with service.context.db.begin() as session:
        for asked in (one, two, one, three):
            await ring.fetch(session, {asked: 1})
    assert [len(ring.keys(endpoint, now=now)) for endpoint in (one, two, three)] == [1, 0, 1]


def test_a_dispatcher_whose_hands_hold_less_than_a_batch_is_refused():
    """It would wait for ever for room to claim one."""
    with pytest.raises(ValidationError, match="OUTBOUND_CLAIMED_MAX must be at least OUTBOUND_BATCH_MAX"):
        OutboundSettings(outbound_claimed_max=50)
    assert OutboundSettings(outbound_claimed_max=50, outbound_batch_max=50).outbound_claimed_max == 50
