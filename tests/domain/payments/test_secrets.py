"""What the provider's SDK needs is given to the buyer's phone, each time anew, and stored nowhere."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cleanly.kernel.http import OnceOpener
from cleanly.platform.idempotency.http import Idempotency
from cleanly.platform.providers.errors import Unknown
from cleanly.platform.providers.sandbox.adapter import Sandbox
from tests.domain.payments.market import Market
from tests.world import code

KEY = "buy-once"


async def stored(market: Market) -> dict[str, Any]:
    """The answer under KEY, decrypted."""
    part = market.world.context.part(OnceOpener)  # type: ignore[type-abstract]
    assert isinstance(part, Idempotency)
    rows = await market.world.rows(
        "SELECT owner, route, key, body FROM idempotency_keys WHERE route LIKE '%/payments' AND state = 'done'"
    )
    assert len(rows) == 1
    purpose = f"idempotency|{rows[0].owner}|{rows[0].route}|{rows[0].key}".encode()
    return dict(json.loads(part._means.vault.open(KEY, bytes(rows[0].body), purpose)))


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every secret that the provider gave out, oldest first."""
    given: list[str] = []

    async def client_parameters(_self: Sandbox, _reference: str, *, customer: str | None) -> Mapping[str, str]:
        number = len(given) // 2 + 1
        given.extend((f"ek_secret_{number}", f"py_secret_{number}"))
        return {"clientSecret": given[-1], "ephemeralKey": given[-2], "customer": str(customer)}

    monkeypatch.setattr(Sandbox, "client_parameters", client_parameters)
    return given


async def test_the_stored_answer_holds_no_secret_and_a_replay_has_fresh_ones(market: Market, secrets: list[str]):
    price = await market.price(1_003)
    first = (await market.pay(priceId=price, key=KEY)).json()
    assert first["client"]["ephemeralKey"] == "ek_secret_1"
    again = await market.pay(priceId=price, key=KEY)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json() == first | {
        "client": first["client"] | {"ephemeralKey": "ek_secret_2"} | {"clientSecret": "py_secret_2"}
    }
    kept = await stored(market)
    assert kept == first | {"client": {}}
    text = json.dumps(kept)
    assert not any(secret in text for secret in secrets)
    assert "clientSecret" not in text
    assert "ephemeralKey" not in text


async def test_no_table_holds_a_secret_of_the_buyers_phone(market: Market, secrets: list[str]):
    await market.pay(1_003, key=KEY)
    await market.deliver()
    tables = await market.world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        found = await market.world.rows(f'SELECT CAST(t AS text) FROM "{table}" t')
        assert not any(secret in str(row[0]) for row in found for secret in secrets), table


async def test_a_replay_after_the_buyer_has_paid_has_nothing_left_to_confirm(market: Market, secrets: list[str]):
    price = await market.price(1_003)
    first = (await market.pay(priceId=price, key=KEY)).json()
    await market.sandbox.confirm(await market.reference(first["id"]))
    await market.deliver()
    again = await market.pay(priceId=price, key=KEY)
    assert again.json() == first | {"client": {}}
    assert len(secrets) == 2


async def test_a_replay_while_the_provider_is_silent_is_a_fault_that_passes(
    market: Market, monkeypatch: pytest.MonkeyPatch
):
    price = await market.price(1_003)
    first = (await market.pay(priceId=price, key=KEY)).json()

    async def silent(_self: Sandbox, _reference: str, *, customer: str | None) -> Mapping[str, str]:
        raise Unknown(f"no answer for {customer}")

    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "client_parameters", silent)
        assert code(await market.pay(priceId=price, key=KEY)) == "PROVIDER_TIMEOUT"
    assert (await market.pay(priceId=price, key=KEY)).json()["client"] == first["client"]
    assert len(await market.world.rows("SELECT id FROM payments")) == 1


async def test_a_refusal_is_replayed_as_it_was(market: Market, secrets: list[str]):
    price = await market.price(1_001)
    first, again = [await market.pay(priceId=price, key=KEY) for _ in range(2)]
    assert (again.status_code, again.content) == (402, first.content)
    assert secrets == []
