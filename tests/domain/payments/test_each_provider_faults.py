"""What goes wrong at each provider: news at the same instant, too early, twice, in any order, of others; and doubt."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import httpx2
import pytest

from cleanly.platform.providers.paypal.adapter import PayPal
from cleanly.platform.providers.protocol import PaymentSnapshot
from tests.domain.payments.stand import Operation, Stand, VendorStand
from tests.domain.payments.stands import PayPalStand
from tests.platform.providers.contract import Mishap, Push
from tests.world import code

ORDERS = 6  # all there are of three, the first, the last and four between of more
MISHAPS: tuple[Mishap, ...] = ("timeout_before", "timeout_after", "fault_after", "busy")
vendors = pytest.mark.parametrize("stand", ["stripe", "paypal"], indirect=True)
at_paypal = pytest.mark.parametrize("stand", ["paypal"], indirect=True)


async def test_the_return_and_the_news_at_the_same_instant_capture_once(stand: Stand):
    payment = await stand.paid(10_000)
    await stand.approve(payment)
    await stand.wait(seconds=3)
    await stand.push(await stand.hear())
    path = f"/payments/{payment['id']}"
    first, second, _ = await asyncio.gather(
        stand.buyer.call("GET", path), stand.seller.call("GET", path), stand.world.work()
    )
    assert (first.status_code, second.status_code) == (200, 200)
    await stand.deliver()
    await stand.later(minutes=1)
    assert (await stand.look(payment["id"]))["state"] == "captured"
    assert await stand.taken() == [10_000]
    assert await stand.postings() == ["payment.captured"]
    assert await stand.told() == ["payment.succeeded"]
    assert set(await stand.inbox()) == {"done"}
    await stand.books_are_right()


@vendors
async def test_news_that_comes_before_we_know_the_providers_id_finds_its_payment(stand: VendorStand):
    price = await stand.price(10_000)
    stand.fails("timeout_after", on="create")
    assert code(await stand.pay(priceId=price, key="buy")) == "PROVIDER_TIMEOUT"
    row = (await stand.world.rows("SELECT id, provider_payment_id, state FROM payments"))[0]
    assert (row.provider_payment_id, row.state) == (None, "unknown")
    await stand.approve({"id": str(row.id)})
    await stand.deliver()
    assert (await stand.postings(), set(await stand.inbox())) == (["payment.captured"], {"done"})
    reply = await stand.pay(priceId=price, key="buy")
    assert (reply.status_code, reply.json()["state"]) == (201, "captured")
    assert await stand.taken() == [10_000]
    await stand.books_are_right()


@vendors
async def test_news_that_overtakes_the_answer_books_once(stand: VendorStand):
    async def overtake() -> None:
        row = (await stand.world.rows("SELECT id FROM payments"))[0]
        await stand.approve({"id": str(row.id)})
        await stand.push(await stand.hear())
        await stand.world.work()

    stand.wire.after(stand.paths["create"], overtake)
    reply = await stand.pay(10_000)
    assert (reply.status_code, reply.json()["state"]) == (201, "captured")
    await stand.deliver()
    assert (await stand.taken(), await stand.postings()) == ([10_000], ["payment.captured"])
    await stand.books_are_right()


async def test_any_order_of_doubled_news_ends_the_same(stand: Stand):
    amounts = (300, 700)
    price = await stand.price(10_000)
    payments = []
    for number in range(ORDERS):
        payment = await stand.paid(priceId=price)
        await stand.approve(payment)
        if stand.provider == "paypal":  # which takes no money before we ask it to
            await stand.wait(seconds=3)
            await stand.look(payment["id"])
        for amount in amounts:
            await stand.give_back(payment, amount)
        news = await stand.hear()
        orders = list(itertools.permutations(news))
        await stand.push(_doubled(orders[number * (len(orders) - 1) // (ORDERS - 1)]))
        await stand.deliver(lambda more: _doubled(more[::-1]))
        payments.append(payment)
    await stand.later(minutes=11)  # what came before its parent is tried again
    for payment in payments:
        looked = await stand.look(payment["id"])
        assert (looked["state"], looked["refunded"]["amount"]) == ("captured", 1_000)
    times = len(payments)
    assert await stand.taken() == [10_000] * times
    postings = await stand.postings()
    assert (postings.count("payment.captured"), postings.count("refund.made")) == (times, 2 * times)
    assert await stand.balances() == {f"clearing.{stand.provider}": 9_000 * times, "fees": 900 * times}
    assert (await stand.told()).count("payment.succeeded") == times
    assert set(await stand.inbox()) == {"done"}
    await stand.books_are_right()


def _doubled(news: Sequence[Push]) -> list[Push]:
    return [one for one in news for _ in range(2)]


async def test_a_dispute_before_its_capture_waits_for_it_or_fetches_it(stand: Stand):
    payment = await stand.paid(10_000)
    await stand.approve(payment)
    if stand.provider == "paypal":
        await stand.wait(seconds=3)
        await stand.look(payment["id"])
    await stand.dispute(payment)
    await stand.deliver(lambda news: list(reversed(news)))
    await stand.later(minutes=11)
    assert await stand.postings() == ["payment.captured", "dispute.withdrawn", "dispute.held"]
    await stand.books_are_right()


@vendors
async def test_what_others_do_on_a_shared_account_is_none_of_ours(stand: VendorStand):
    stand.wire.stray()
    await stand.deliver()
    await stand.later(minutes=11)
    inbox = await stand.inbox()
    assert set(inbox) == {"ignored"}, await stand.world.rows("SELECT type, state, last_error FROM inbound_events")
    assert len(inbox) >= 6
    for table in ("payments", "refunds", "disputes", "provider_calls", "ledger_transactions"):
        assert await stand.world.rows(f"SELECT * FROM {table}") == []


@at_paypal
@pytest.mark.parametrize("method", ["automatic", "manual"])
async def test_an_order_that_somebody_completed_before_us_is_a_success(stand: PayPalStand, method: str):
    payment = await stand.paid(10_000, captureMethod=method)
    order = await stand.reference(payment["id"])
    intent = "CAPTURE" if method == "automatic" else "AUTHORIZE"

    async def somebody() -> None:
        stand.wire.complete(order, intent)

    stand.wire.before(f"/{intent.lower()}$", somebody)
    await stand.approve(payment)
    await stand.deliver()
    looked = await stand.look(payment["id"])
    assert looked["state"] == ("captured" if method == "automatic" else "authorized")
    assert await stand.taken() == ([10_000] if method == "automatic" else [])
    assert set(await stand.inbox()) == {"done"}
    await stand.books_are_right()


@at_paypal
async def test_an_order_that_is_being_taken_is_not_given_up_beside_it_nor_the_other_way_round(
    stand: PayPalStand, monkeypatch: pytest.MonkeyPatch
):
    """PayPal cancels no order: what we don't take ends by itself, so that only we can keep the two apart."""
    taken, given_up = [await stand.paid(10_000) for _ in range(2)]
    replies: list[httpx2.Response] = []
    cancel_payment = PayPal.cancel_payment

    async def give_up() -> None:
        replies.append(await stand.act("cancel", taken["id"], phone=stand.buyer))

    async def approved_meanwhile(paypal: PayPal, reference: str, *, key: str) -> PaymentSnapshot:
        monkeypatch.setattr(PayPal, "cancel_payment", cancel_payment)
        await stand.approve(given_up)
        await stand.deliver()
        return await cancel_payment(paypal, reference, key=key)

    stand.wire.before("/capture$", give_up)
    await stand.approve(taken)
    await stand.deliver()
    assert [code(reply) for reply in replies] == ["PROVIDER_TIMEOUT"]
    monkeypatch.setattr(PayPal, "cancel_payment", approved_meanwhile)
    assert (await stand.act("cancel", given_up["id"], phone=stand.buyer)).json()["state"] == "canceled"
    await stand.later(minutes=2)
    assert [(await stand.look(one["id"]))["state"] for one in (taken, given_up)] == ["captured", "canceled"]
    assert (await stand.taken(), await stand.given()) == ([10_000], [])
    assert "payment.late_capture" not in await stand.told()
    await stand.books_are_right()


@at_paypal
@pytest.mark.parametrize("mishap", MISHAPS)
async def test_an_approved_order_whose_capture_is_in_doubt_is_taken_once(stand: PayPalStand, mishap: Mishap):
    payment = await stand.paid(10_000)
    await stand.approve(payment)
    stand.fails(mishap, on="complete")
    await stand.deliver()
    for _ in range(3):
        await stand.later(minutes=11)
    assert (await stand.look(payment["id"]))["state"] == "captured"
    assert (await stand.taken(), await stand.postings()) == ([10_000], ["payment.captured"])
    await stand.books_are_right()


async def _settled(stand: VendorStand, call: Any, *, returns: bool) -> None:
    """After a doubtful answer: the client comes back with its key, or only time and the janitor come."""
    if returns:
        reply: httpx2.Response = await call()
        assert reply.status_code in {200, 201}, reply.text
    else:
        for _ in range(2):
            await stand.later(minutes=11)
    await stand.deliver()


@vendors
@pytest.mark.parametrize("returns", [True, False])
async def test_a_purchase_in_doubt_is_made_once(stand: VendorStand, returns: bool):
    for mishap in MISHAPS:
        price, key = await stand.price(10_000), f"buy-{mishap}"
        stand.fails(mishap, on="create")
        assert (await stand.pay(priceId=price, key=key)).status_code in {502, 504}
        await _settled(stand, lambda price=price, key=key: stand.pay(priceId=price, key=key), returns=returns)
    rows = await stand.world.rows("SELECT CAST(id AS text) AS id, state, provider_payment_id FROM payments")
    assert [row.state for row in rows] == ["requires_action"] * len(MISHAPS)
    assert sorted(row.provider_payment_id for row in rows) == sorted(stand.made())
    for row in rows:
        await stand.approve({"id": row.id})
    await stand.deliver()
    assert await stand.taken() == [10_000] * len(MISHAPS)
    assert await stand.postings() == ["payment.captured"] * len(MISHAPS)
    await stand.books_are_right()


@vendors  # test_faults.py tells it of the sandbox
@pytest.mark.parametrize("returns", [True, False])
@pytest.mark.parametrize("what", ["capture", "refund", "cancel"])
async def test_what_is_in_doubt_moves_money_once(stand: VendorStand, what: Operation, returns: bool):
    method = "automatic" if what == "refund" else "manual"
    for mishap in MISHAPS:
        payment = await stand.bought(10_000, captureMethod=method)
        stand.fails(mishap, on=what)
        path, body = ("refunds", {"amount": 700}) if what == "refund" else (what, {"amount": 700})

        async def call(
            payment: Any = payment, key: str = f"{what}-{mishap}", path: str = path, body: Any = body
        ) -> Any:
            return await stand.act(path, payment["id"], body if path != "cancel" else None, key=key)

        first = await call()
        assert first.status_code in {502, 504}, first.text
        await _settled(stand, call, returns=returns)
    ends = {"capture": "captured", "refund": "captured", "cancel": "canceled"}[what]
    rows = await stand.world.rows("SELECT state, captured_amount, refunding_amount, refunded_amount FROM payments")
    assert {row.state for row in rows} == {ends}
    assert {row.refunding_amount for row in rows} == {0}
    times = len(MISHAPS)
    assert await stand.taken() == {"capture": [700], "refund": [10_000], "cancel": []}[what] * times
    assert await stand.given() == ([700] * times if what == "refund" else [])
    assert {row.refunded_amount for row in rows} == ({700} if what == "refund" else {0})
    await stand.books_are_right()


@vendors
async def test_no_key_leaks_from_one_call_into_the_next(stand: VendorStand):
    price = await stand.price(10_000)
    replies = await asyncio.gather(*(stand.pay(priceId=price, captureMethod="manual") for _ in range(4)))
    payments = [reply.json() for reply in replies]
    for payment in payments:
        await stand.approve(payment)
    await stand.deliver()
    await asyncio.gather(*(stand.act("capture", one["id"], {"amount": 5_000}) for one in payments[:3]))
    await stand.act("cancel", payments[3]["id"])
    await asyncio.gather(*(stand.refund(one["id"], 100) for one in payments[:3] for _ in range(2)))
    await stand.deliver()
    noted = {
        row.key: row
        for row in await stand.world.rows(
            "SELECT key, operation, CAST(subject_id AS text) AS subject, provider_object, state FROM provider_calls"
        )
    }
    assert {row.state for row in noted.values()} == {"succeeded"}
    sent: dict[str, tuple[str, Any]] = {}
    for key, call in stand.keyed():
        assert sent.setdefault(key, (call.path, call.body)) == (call.path, call.body)
        if call.path.endswith("/ephemeral_keys"):
            continue  # a secret for one showing, and so a random key of the SDK's own for each
        operation, subject, attempt = key.split(":")[0], key.split(":")[1], key.split(":")[2:]
        if operation == "customer":
            assert subject == stand.buyer.user_id
            continue
        assert (noted[key].operation, noted[key].subject, attempt) == (operation, subject, ["1"])
        if operation in {"create", "refund"}:
            assert subject in str(call.body)  # our id, in what the object shows again
        else:
            assert await stand.is_about(call.path, subject)
    unkeyed = {"cancel"} if stand.provider == "paypal" else set()  # PayPal's `void` takes none
    assert {key for key, row in noted.items() if row.operation not in unkeyed} == {key for key in sent if key in noted}
    assert len([key for key in sent if key.startswith("refund:")]) == 6
    await stand.books_are_right()
