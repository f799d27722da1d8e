"""A seller is onboarded: one account per provider, its states as the provider tells them, where the money goes."""

import asyncio

import pytest

from cleanly.domain.payouts.accounts.messages import LOOK_AFTER
from tests.domain.payouts.accounts.desk import PATH
from tests.world import code


async def test_who_has_no_account_is_told_so(desk):
    reply = await desk.seller.call("GET", f"{PATH}/me")
    assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")
    assert (await desk.seller.call("GET", PATH)).json() == {"items": []}


async def test_a_new_account_says_what_is_missing_and_where_to_give_it(desk):
    made = await desk.opened_one()
    assert (made["status"], made["payoutsEnabled"], made["destination"]) == ("pending", False, None)
    assert made["requirements"]
    assert made["onboardingUrl"].startswith("http")
    assert made["isDefault"]
    assert not made["isVerified"]
    shown = await desk.look()
    assert shown["id"] == made["id"]
    assert shown["onboardingUrl"]


async def test_an_onboarded_account_can_be_paid_and_says_where(desk):
    shown = await desk.enabled()
    assert shown["payoutsEnabled"]
    assert shown["requirements"] == []
    assert shown["onboardingUrl"] is None
    assert shown["isVerified"]
    assert shown["destination"]["hint"].isdigit()
    assert shown["destination"]["changedAt"] is None
    assert await desk.row("destination_fingerprint")
    assert (await desk.told())[-1] == {
        "payoutAccountId": shown["id"],
        "provider": desk.stand.provider,
        "status": "enabled",
        "payoutsEnabled": True,
        "isDestinationChanged": True,
    }
    assert await desk.noted() == [
        "payout_account.created",
        "payout_account.enabled",
        "payout_account.destination_changed",
    ]


async def test_asked_for_again_it_is_the_same_account_with_another_link(desk):
    first = await desk.opened_one()
    again = await desk.open()
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert again.json()["onboardingUrl"]
    assert await desk.opened() == 1


async def test_ten_at_once_are_one_account(desk):
    replies = await asyncio.gather(*(desk.open() for _ in range(10)))
    made = [reply for reply in replies if reply.status_code < 300]
    assert made
    assert len({reply.json()["id"] for reply in made}) == 1
    assert {reply.status_code for reply in replies} <= {200, 201, 502, 504}
    assert (await desk.open()).json()["id"] == made[0].json()["id"]
    assert await desk.opened() == 1


async def test_the_same_key_again_is_answered_from_memory_with_a_fresh_link(desk):
    first = await desk.open(key="once")
    again = await desk.open(key="once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["onboardingUrl"]


async def test_what_the_provider_wants_later_restricts_it_until_it_is_given(desk):
    await desk.enabled()
    await desk.restrict()
    await desk.stand.deliver()
    shown = await desk.look()
    assert (shown["status"], shown["payoutsEnabled"]) == ("restricted", False)
    assert shown["disabledReason"] == "requirements.past_due"
    assert shown["onboardingUrl"]
    await desk.reinstate()
    await desk.stand.deliver()
    shown = await desk.look()
    assert (shown["status"], shown["onboardingUrl"], shown["destination"]["changedAt"]) == ("enabled", None, None)
    assert [one["status"] for one in await desk.told()][-3:] == ["enabled", "restricted", "enabled"]


async def test_what_the_provider_wants_later_is_seen_within_a_day_though_its_news_is_lost(desk):
    await desk.enabled()
    await desk.restrict()
    await desk.stand.hear()  # and nobody pushes it
    for hours, state in ((23, "enabled"), (2, "restricted")):
        await desk.stand.wait(hours=hours)
        await desk.stand._ask(LOOK_AFTER)
        assert await desk.row("state") == state
    await desk.reinstate()
    await desk.stand.hear()
    await desk.stand.wait(hours=1)
    await desk.stand._ask(LOOK_AFTER)
    assert await desk.row("state") == "enabled"
    assert [one["status"] for one in await desk.told()][-3:] == ["enabled", "restricted", "enabled"]


async def test_another_bank_is_noted_with_its_time(desk):
    await desk.enabled()
    await desk.stand.wait(days=10)
    await desk.change_bank("9999")
    await desk.stand.deliver()
    shown = await desk.look()
    assert shown["status"] == "enabled"
    assert shown["destination"] == {"hint": "9999", "changedAt": "2026-12-02T12:00:00.000Z"}
    assert (await desk.told())[-1]["isDestinationChanged"]
    assert (await desk.noted())[-1] == "payout_account.destination_changed"


async def test_news_without_a_change_tells_nobody_and_looks_all_the_same(desk):
    await desk.enabled()
    told, noted = await desk.told(), await desk.noted()
    revision = await desk.row("revision")
    await desk.onboard()
    await desk.stand.deliver()
    assert await desk.row("revision") > revision
    assert await desk.told() == told
    assert await desk.noted() == noted


async def test_doubled_and_reversed_news_ends_in_the_same_state(desk):
    await desk.opened_one()
    await desk.onboard()
    await desk.restrict()
    await desk.change_bank("1234")
    await desk.reinstate()
    news = await desk.stand.hear()
    await desk.stand.push([*reversed(news), *news])
    await desk.stand.deliver()
    shown = await desk.look()
    assert (shown["status"], shown["destination"]["hint"]) == ("enabled", "1234")
    assert set(await desk.stand.inbox()) == {"done"}


async def test_another_country_is_a_conflict_with_the_first(desk):
    made = await desk.opened_one()
    reply = await desk.open(country="FR")
    assert (reply.status_code, code(reply)) == (409, "CONFLICT")
    assert reply.json()["error"]["details"] == {"id": made["id"]}


async def test_the_six_accounts_of_the_ledger_are_opened_per_currency(desk):
    await desk.opened_one(currencies=["EUR", "JPY"])
    await desk.open(currencies=["EUR", "USD"])
    rows = await desk.stand.world.rows(
        "SELECT currency, array_agg(name ORDER BY name) FROM ledger_accounts"
        " WHERE owner_id = CAST(:id AS uuid) GROUP BY currency ORDER BY currency",
        id=desk.seller.user_id,
    )
    six = ["available", "disputed", "in_payout", "pending", "receivable", "reserve"]
    assert [tuple(row) for row in rows] == [("EUR", six), ("JPY", six), ("USD", six)]


@pytest.mark.parametrize(
    "body",
    [
        {"country": "Germany"},
        {"country": "de"},
        {"provider": "google_play"},
        {"payee": "ada@example.com"},
        {"currencies": ["EURO"]},
        {"currencies": ["ABC"]},
        {"currencies": ["EUR"] * 21},
        {"iban": "DE00"},
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_made(desk, body):
    reply = await desk.open(**body)
    assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    assert await desk.opened() == 0


async def test_a_provider_that_is_not_here_is_refused(desk):
    reply = await desk.open(provider="paypal", payee="ada@example.com")
    assert (reply.status_code, code(reply)) == (422, "UNSUPPORTED_BY_PROVIDER")
    assert await desk.stand.world.rows("SELECT 1 FROM payout_accounts") == []


async def test_nobody_sees_or_changes_anothers_account(desk):
    made = await desk.enabled()
    buyer = desk.stand.buyer
    assert (await buyer.call("GET", f"{PATH}/me")).status_code == 404
    assert (await desk.change(made["id"], phone=buyer, isDefault=True)).status_code == 404
    for path in ("/admin/payout-accounts", f"/admin/payout-accounts/{made['id']}"):
        assert (await buyer.call("GET", path)).status_code == 403
    assert (await desk.stand.world.call("GET", PATH)).status_code == 401
