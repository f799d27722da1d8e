"""The amount's last two digits choose what becomes of a payment."""

import pytest

from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.sandbox.rules import Fate
from tests.platform.providers.sandbox.stage import eur, new, ours


async def look(stage, payment):
    return await stage.sandbox.get_payment(payment.reference)


async def test_an_amount_without_a_fate_is_paid_at_once(stage):
    paid = await stage.pay(10000)
    assert (paid.state, paid.captured, paid.charge) == ("captured", 10000, "ch_000001")
    assert await stage.told() == ["payment.created", "payment.captured"]
    assert await stage.books() == [("charge", "ch_000001", 10000, 320)]


@pytest.mark.parametrize(("amount", "why"), [(1001, "generic_decline"), (1002, "insufficient_funds")])
async def test_01_and_02_are_declined(stage, amount, why):
    with pytest.raises(Refused) as caught:
        await stage.pay(amount)
    assert (caught.value.code, caught.value.decline_code) == ("card_declined", why)
    kept = await stage.sandbox.find_payment(ours(1))
    assert (kept.state, kept.captured, kept.decline_code) == ("failed", 0, why)
    assert await stage.books() == []
    assert await stage.told() == ["payment.created", "payment.failed"]


async def test_03_waits_for_the_buyer_who_may_fail_and_try_again(stage):
    made = await stage.pay(1003)
    assert (made.state, made.captured, made.charge) == ("requires_action", 0, None)
    declined = await stage.sandbox.decline(made.reference)
    assert (declined.state, declined.decline_code) == ("requires_action", "authentication_failed")
    agreed = await stage.sandbox.confirm(made.reference)
    assert (agreed.state, agreed.captured, agreed.decline_code) == ("captured", 1003, None)
    with pytest.raises(Refused):
        await stage.sandbox.confirm(made.reference)
    with pytest.raises(Refused):
        await stage.sandbox.decline(made.reference)
    assert await stage.told() == [
        "payment.created",
        "payment.requires_action",
        "payment.declined",
        "payment.captured",
    ]


async def test_03_with_manual_capture_is_authorized_by_the_buyer(stage):
    made = await stage.pay(1003, capture="manual")
    assert (await stage.sandbox.confirm(made.reference)).state == "authorized"


async def test_04_is_captured_after_two_days_and_not_before(stage):
    made = await stage.pay(1004)
    assert made.state == "processing"
    stage.clock.move(days=2, seconds=-1)
    assert (await look(stage, made)).state == "processing"
    with pytest.raises(Refused):
        await stage.sandbox.cancel_payment(made.reference, key="cancel:1:1")
    stage.clock.move(seconds=1)
    assert (await look(stage, made)).state == "captured"
    assert await stage.told() == ["payment.created", "payment.processing", "payment.captured"]


async def test_05_fails_after_two_days(stage):
    made = await stage.pay(1005)
    await stage.news()
    stage.clock.move(days=2)
    assert await stage.news() == ["payment.failed"]
    failed = await look(stage, made)
    assert (failed.state, failed.captured, failed.decline_code) == ("failed", 0, "debit_failed")
    assert await stage.books() == []


async def test_06_times_out_before_anything_happened(stage):
    with pytest.raises(Unknown):
        await stage.pay(1006)
    assert await stage.sandbox.find_payment(ours(1)) is None
    assert await stage.told() == []
    assert (await stage.pay(1006)).state == "captured"


async def test_07_times_out_after_it_happened(stage):
    with pytest.raises(Unknown):
        await stage.pay(1007)
    found = await stage.sandbox.find_payment(ours(1))
    assert found.state == "captured"
    assert await stage.pay(1007) == found
    assert len(await stage.books()) == 1


async def test_08_answers_500_for_ever_although_it_happened(stage):
    for _ in range(2):
        with pytest.raises(Unknown):
            await stage.pay(1008)
    assert (await stage.sandbox.find_payment(ours(1))).state == "captured"
    assert len(await stage.books()) == 1


async def test_09_is_busy_once(stage):
    with pytest.raises(NotSent):
        await stage.pay(1009)
    assert await stage.sandbox.find_payment(ours(1)) is None
    assert (await stage.pay(1009)).state == "captured"


async def test_10_tells_everything_twice(stage):
    await stage.pay(1010)
    assert await stage.told() == ["payment.created"] * 2 + ["payment.captured"] * 2
    assert len({push.body for push in stage.ear.heard}) == 2
    assert await stage.listed() == ["payment.created", "payment.captured"]


async def test_11_tells_in_reverse_order(stage):
    await stage.refund(await stage.pay(1011), 500)
    assert await stage.told() == []
    stage.clock.move(minutes=1)
    assert await stage.told() == ["refund.created", "payment.captured", "payment.created"]
    assert await stage.listed() == ["payment.created", "payment.captured", "refund.created"]


async def test_12_tells_nothing_unless_asked(stage):
    await stage.pay(1012)
    stage.clock.move(days=30)
    assert await stage.told() == []
    assert await stage.listed() == ["payment.created", "payment.captured"]


async def test_13_tells_before_it_answers(stage):
    heard_before = []

    class Gate:
        async def __call__(self, headers, body):
            heard_before.append(await stage.sandbox.find_payment(ours(1)))
            return 200

    stage.sandbox._engine._deliver = Gate()
    answer = stage.pay(1013)
    assert heard_before == []
    paid = await answer
    assert heard_before == [paid, paid]  # created, captured: each of a payment that exists by then


async def test_others_tell_after_they_have_answered(stage):
    await stage.pay(1000)
    assert stage.ear.heard == []


async def test_20_is_disputed_after_a_day_and_lost(stage):
    paid = await stage.pay(10020)
    await stage.news()
    stage.clock.move(days=1)
    assert await stage.news() == ["dispute.created", "dispute.funds_withdrawn"]
    opened = await stage.sandbox.get_dispute("dp_000001")
    assert (opened.payment_reference, opened.state, opened.money) == (paid.reference, "needs_response", eur(10020))
    assert [(moved.kind, moved.money) for moved in opened.movements] == [("withdrawn", eur(10020))]
    with pytest.raises(Refused) as caught:
        await stage.refund(paid, 100)
    assert caught.value.code == "charge_disputed"
    stage.clock.move(days=7)
    assert await stage.news() == ["dispute.closed"]
    lost = await stage.sandbox.get_dispute("dp_000001")
    assert (lost.state, lost.movements) == ("lost", opened.movements)
    assert (await stage.books())[1:] == [("dispute", "dp_000001", -10020, 1500)]


async def test_21_is_disputed_and_won_and_the_money_comes_back(stage):
    paid = await stage.pay(10021)
    stage.clock.move(days=8)
    assert (await stage.told())[2:] == [
        "dispute.created",
        "dispute.funds_withdrawn",
        "dispute.closed",
        "dispute.funds_reinstated",
    ]
    won = await stage.sandbox.get_dispute("dp_000001")
    assert won.state == "won"
    assert [moved.kind for moved in won.movements] == ["withdrawn", "reinstated"]
    assert [moved.entry for moved in won.movements] == ["txn_000002", "txn_000003"]
    assert (await stage.books())[2] == ("dispute_reversal", "dp_000001", 10021, 0)
    assert (await stage.refund(paid, 100)).state == "succeeded"


async def test_what_was_refunded_is_not_disputed(stage):
    part = await stage.pay(10020)
    await stage.refund(part, 10000)
    whole = await stage.pay(20020, number=2)
    await stage.refund(whole, 20020, number=2)
    stage.clock.move(days=1)
    await stage.told()
    assert (await stage.sandbox.get_dispute("dp_000001")).money == eur(20)
    with pytest.raises(Refused):
        await stage.sandbox.get_dispute("dp_000002")


async def test_22_tells_of_the_dispute_before_the_capture(stage):
    await stage.pay(10022)
    assert await stage.news() == ["dispute.created", "dispute.funds_withdrawn"]
    stage.clock.move(minutes=1)
    assert await stage.news() == ["payment.created", "payment.captured"]


async def test_30_refunds_are_pending_then_fail_and_give_the_money_back(stage):
    paid = await stage.pay(10030)
    made = await stage.refund(paid, 4000)
    assert made.state == "pending"
    assert (await stage.books())[1:] == [("refund", made.reference, -4000, 0)]
    await stage.news()
    stage.clock.move(days=1)
    assert await stage.news() == ["refund.failed"]
    failed = await stage.sandbox.get_refund(made.reference)
    assert (failed.state, failed.failure_code) == ("failed", "expired_or_canceled_card")
    assert (await stage.books())[2:] == [("adjustment", made.reference, 4000, 0)]
    assert (await stage.refund(paid, 10030, number=2)).money == eur(10030)


async def test_31_is_refunded_twice_in_the_dashboard_by_equal_amounts(stage):
    paid = await stage.pay(10031)
    await stage.news()
    stage.clock.move(days=1)
    assert await stage.news() == ["refund.created", "refund.created"]
    made = [await stage.sandbox.get_refund(f"re_00000{number}") for number in (1, 2)]
    assert [(each.our_id, each.money, each.state) for each in made] == [(None, eur(5015), "succeeded")] * 2
    with pytest.raises(Refused):
        await stage.refund(paid, 2)
    assert (await stage.refund(paid, 1, number=2)).state == "succeeded"


async def test_60_shows_another_amount_than_was_asked_for(stage):
    paid = await stage.pay(1060)
    assert (paid.money, paid.captured) == (eur(1061), 1061)
    assert await look(stage, paid) == paid


async def test_fates_of_other_things_do_nothing_to_a_payment(stage):
    for number, digits in enumerate((40, 41, 42, 43, 50, 51, 99), start=1):
        assert (await stage.pay(1000 + digits, number=number)).state == "captured"


async def test_the_amount_of_a_refund_or_part_chooses_nothing(stage):
    paid = await stage.pay(10000)
    assert [(await stage.refund(paid, amount, number=amount)).state for amount in range(1, 14)] == ["succeeded"] * 13
    held = await stage.pay(20000, number=2, capture="manual")
    taken = await stage.sandbox.capture_payment(held.reference, eur(10001), key="capture:2:1")
    assert taken.captured == 10001


async def test_an_authorization_runs_out_after_a_week(stage):
    held = await stage.pay(1000, capture="manual")
    assert held.state == "authorized"
    assert (held.authorized_until - stage.clock.now()).days == 7
    await stage.news()
    stage.clock.move(days=7)
    assert await stage.news() == ["payment.canceled"]
    assert (await look(stage, held)).state == "canceled"


async def test_an_authorization_that_was_taken_does_not_run_out(stage):
    held = await stage.pay(1000, capture="manual")
    await stage.sandbox.capture_payment(held.reference, eur(400), key="capture:1:1")
    await stage.news()
    stage.clock.move(days=8)
    assert await stage.news() == []
    assert (await look(stage, held)).captured == 400


async def test_a_scripted_fate_comes_before_the_amount_and_holds_for_one_call(stage):
    stage.sandbox.next(Fate.TIMEOUT_AFTER, on="refund")
    paid = await stage.pay(10000)
    with pytest.raises(Unknown):
        await stage.refund(paid, 100)
    assert (await stage.sandbox.find_refund(paid.reference, ours(501))).state == "succeeded"
    assert (await stage.refund(paid, 100)).state == "succeeded"
    stage.sandbox.next(Fate.REFUND_FAILS, on="refund")
    assert (await stage.refund(paid, 200, number=2)).state == "pending"
    assert (await stage.refund(paid, 200, number=3)).state == "succeeded"
    stage.sandbox.next(Fate.PLAIN)
    assert (await stage.pay(1001, number=2)).state == "captured"
    stage.sandbox.next(Fate.DECLINED, on="refund")
    with pytest.raises(Refused):
        await stage.refund(paid, 300, number=4)


async def test_a_scripted_capture_may_be_declined_and_tried_again(stage):
    held = await stage.pay(1000, capture="manual")
    stage.sandbox.next(Fate.INSUFFICIENT_FUNDS, on="capture_payment")
    with pytest.raises(Refused) as caught:
        await stage.sandbox.capture_payment(held.reference, eur(1000), key="capture:1:1")
    assert caught.value.decline_code == "insufficient_funds"
    with pytest.raises(Refused):  # the answer is the key's
        await stage.sandbox.capture_payment(held.reference, eur(1000), key="capture:1:1")
    assert (await stage.sandbox.capture_payment(held.reference, eur(1000), key="capture:1:2")).captured == 1000


@pytest.mark.parametrize(
    ("fate", "error"), [(Fate.BUSY, NotSent), (Fate.TIMEOUT_BEFORE, Unknown), (Fate.FAULT_AFTER, Unknown)]
)
async def test_a_look_may_fail_too(stage, fate, error):
    paid = await stage.pay(1000)
    stage.sandbox.next(fate, on="get_payment")
    with pytest.raises(error):
        await look(stage, paid)
    assert await look(stage, paid) == paid


async def test_people_may_act_without_us(stage):
    paid = await stage.pay(10000)
    back = await stage.sandbox.refund_in_dashboard(paid.reference, eur(1000))
    assert (back.our_id, back.state) == (None, "succeeded")
    dispute = await stage.sandbox.dispute(paid.reference)
    assert dispute.money == eur(9000)
    with pytest.raises(Refused):
        await stage.sandbox.dispute(paid.reference)
    won = await stage.sandbox.close_dispute(dispute.reference, is_won=True)
    assert won.state == "won"
    with pytest.raises(Refused):
        await stage.sandbox.close_dispute(dispute.reference, is_won=False)
    with pytest.raises(Refused):
        await stage.sandbox.dispute("py_999999")


@pytest.mark.parametrize(
    ("amount", "changes"), [(0, {}), (1000, {"customer": "cus_999999"})], ids=["nothing", "nobody"]
)
async def test_a_payment_that_makes_no_sense_is_refused(stage, amount, changes):
    with pytest.raises(Refused):
        await stage.sandbox.create_payment(new(amount, **changes), key="payment:1:1")
    assert await stage.sandbox.find_payment(ours(1)) is None
