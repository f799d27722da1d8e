"""What every payment provider of ours keeps. A provider's tests inherit `ProviderContract` and give the `rig` fixture.

class TestSandbox(ProviderContract):
    @pytest.fixture
    async def rig(self, ...) -> AsyncGenerator[Rig, None]: ...
"""

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import pytest

from cleanly.kernel.clock import Clock
from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import BadSignature, NotSent, Refused, Unknown
from cleanly.platform.providers.protocol import (
    Capability,
    Entry,
    NewPayment,
    PaymentSnapshot,
    Provider,
    StoredEvent,
)

Mishap = Literal["timeout_before", "timeout_after", "fault_after", "busy"]


@dataclass(frozen=True)
class Push:
    """A webhook as it reached us; `headers` with lower-case names."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Rig:
    """A provider, and the hands that its contract needs."""

    provider: Provider
    clock: Clock
    approve: Callable[[str], Awaitable[None]]  # the buyer agrees to the payment of this reference
    mishap: Callable[[Mishap], Awaitable[None]]  # what becomes of the next call that changes something
    pushes: Callable[[], Awaitable[Sequence[Push]]]  # everything pushed so far, oldest first
    currency: str = "EUR"

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)

    def has(self, capability: Capability) -> None:
        if capability not in self.provider.capabilities:
            pytest.skip(f"{self.provider.name} has no {capability}")

    async def paid(self, new: NewPayment, number: int) -> PaymentSnapshot:
        """Make a payment and go as far as the buyer's part goes."""
        payment = await self.provider.create_payment(new, key=f"payment:{number}:1")
        if payment.state == "requires_action":
            await self.approve(payment.reference)
            payment = await self.provider.complete_payment(
                payment.reference, capture=new.capture, key=f"complete:{number}:1"
            )
        return payment

    async def entries(self, since: datetime) -> list[Entry]:
        found: list[Entry] = []
        cursor = None
        while True:
            page = await self.provider.list_entries(since, cursor)
            found += page.entries
            if (cursor := page.cursor) is None:
                return found

    async def events(self, since: datetime) -> list[StoredEvent]:
        found: list[StoredEvent] = []
        cursor = None
        while True:
            page = await self.provider.list_events(since, cursor)
            found += page.events
            if (cursor := page.cursor) is None:
                return found


_numbers = itertools.count(1)


def our_id(number: int) -> UUID:
    return UUID(int=(7 << 76) | (2 << 62) | number)


class ProviderContract:
    """The promises of `Provider`, one test each. Amounts are chosen so that the sandbox has no fate for them."""

    @pytest.fixture
    def number(self) -> int:
        return next(_numbers)

    @pytest.fixture
    def automatic(self, rig: Rig, number: int) -> NewPayment:
        return new_payment(rig, number, capture="automatic")

    @pytest.fixture
    def manual(self, rig: Rig, number: int) -> NewPayment:
        rig.has(Capability.MANUAL_CAPTURE)
        return new_payment(rig, number, capture="manual")

    # --- being one

    async def test_it_is_a_provider(self, rig):
        assert isinstance(rig.provider, Provider)
        assert rig.provider.name
        assert rig.provider.account
        assert Capability.PAYMENTS in rig.provider.capabilities

    # --- making a payment

    async def test_a_payment_is_ours_and_of_the_amount_asked_for(self, rig, automatic, number):
        made = await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        assert (made.provider, made.our_id, made.money) == (rig.provider.name, automatic.our_id, automatic.money)
        assert made.reference
        assert made.state in {"requires_action", "processing", "captured"}
        assert made.captured == (made.money.amount if made.state == "captured" else 0)
        assert await rig.provider.get_payment(made.reference) == made

    async def test_a_payment_is_found_by_our_id_and_by_no_other(self, rig, automatic, number):
        assert await rig.provider.find_payment(automatic.our_id) is None
        made = await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        found = await rig.provider.find_payment(automatic.our_id)
        assert found is not None
        assert found.reference == made.reference
        assert await rig.provider.find_payment(our_id(10**6 + number)) is None

    async def test_the_same_key_again_makes_no_second_payment(self, rig, automatic, number):
        first = await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        again = await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        assert again.reference == first.reference

    async def test_another_key_makes_another_payment(self, rig, automatic, number):
        first = await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        second = await rig.provider.create_payment(
            new_payment(rig, next(_numbers), capture="automatic"), key=f"payment:{number}:2"
        )
        assert second.reference != first.reference

    async def test_a_payment_that_is_not_there_is_refused(self, rig):
        with pytest.raises(Refused):
            await rig.provider.get_payment("no_such_payment")

    async def test_the_app_gets_words_to_hand_to_the_sdk(self, rig, automatic, number):
        made = await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        told = await rig.provider.client_parameters(made.reference, customer=None)
        assert told
        assert all(name.isascii() and name.isalnum() and name[0].islower() for name in told)
        assert all(isinstance(value, str) and value for value in told.values())

    async def test_a_buyer_is_one_customer(self, rig, number):
        rig.has(Capability.CUSTOMERS)
        first = await rig.provider.ensure_customer(our_id(number), "ada@example.com", key=f"customer:{number}")
        again = await rig.provider.ensure_customer(our_id(number), "ada@example.com", key=f"customer:{number}")
        other = await rig.provider.ensure_customer(
            our_id(2 * 10**6 + number), "eve@example.com", key=f"customer:other:{number}"
        )
        assert first == again != other

    # --- taking and giving up

    async def test_an_automatic_payment_is_captured_whole(self, rig, automatic, number):
        paid = await rig.paid(automatic, number)
        assert (paid.state, paid.captured) == ("captured", automatic.money.amount)
        assert paid.charge
        assert await rig.provider.get_payment(paid.reference) == paid

    async def test_a_manual_payment_waits_for_its_capture(self, rig, manual, number):
        held = await rig.paid(manual, number)
        assert (held.state, held.captured) == ("authorized", 0)
        taken = await rig.provider.capture_payment(held.reference, manual.money, key=f"capture:{number}:1")
        assert (taken.state, taken.captured) == ("captured", manual.money.amount)

    async def test_a_part_is_captured_once(self, rig, manual, number):
        rig.has(Capability.PARTIAL_CAPTURE)
        held = await rig.paid(manual, number)
        part = rig.money(manual.money.amount - 2500)
        taken = await rig.provider.capture_payment(held.reference, part, key=f"capture:{number}:1")
        again = await rig.provider.capture_payment(held.reference, part, key=f"capture:{number}:1")
        assert taken.captured == again.captured == part.amount
        with pytest.raises(Refused):
            await rig.provider.capture_payment(held.reference, rig.money(100), key=f"capture:{number}:2")
        assert (await rig.provider.get_payment(held.reference)).captured == part.amount

    async def test_no_more_is_captured_than_was_authorized(self, rig, manual, number):
        held = await rig.paid(manual, number)
        with pytest.raises(Refused):
            await rig.provider.capture_payment(
                held.reference, rig.money(2 * manual.money.amount), key=f"capture:{number}:1"
            )
        assert (await rig.provider.get_payment(held.reference)).captured == 0

    async def test_an_authorized_payment_is_given_up(self, rig, manual, number):
        held = await rig.paid(manual, number)
        gone = await rig.provider.cancel_payment(held.reference, key=f"cancel:{number}:1")
        assert (gone.state, gone.captured) == ("canceled", 0)
        with pytest.raises(Refused):
            await rig.provider.capture_payment(held.reference, manual.money, key=f"capture:{number}:1")

    async def test_a_captured_payment_is_not_given_up(self, rig, automatic, number):
        paid = await rig.paid(automatic, number)
        with pytest.raises(Refused):
            await rig.provider.cancel_payment(paid.reference, key=f"cancel:{number}:1")
        assert (await rig.provider.get_payment(paid.reference)).state == "captured"

    # --- giving back

    async def test_a_refund_is_ours_and_happens_once(self, rig, automatic, number):
        rig.has(Capability.REFUNDS)
        paid = await rig.paid(automatic, number)
        charge, part, name = str(paid.charge), rig.money(2000), our_id(3 * 10**6 + number)
        assert await rig.provider.find_refund(paid.reference, name) is None
        made = await rig.provider.refund(paid.reference, charge, part, our_id=name, key=f"refund:{number}:1")
        again = await rig.provider.refund(paid.reference, charge, part, our_id=name, key=f"refund:{number}:1")
        assert again.reference == made.reference
        assert (made.our_id, made.money, made.payment_reference) == (name, part, paid.reference)
        assert made.state in {"pending", "succeeded"}
        assert await rig.provider.get_refund(made.reference) == made
        found = await rig.provider.find_refund(paid.reference, name)
        assert found is not None
        assert found.reference == made.reference

    async def test_equal_refunds_are_two_and_never_exceed_what_was_captured(self, rig, automatic, number):
        rig.has(Capability.REFUNDS)
        paid = await rig.paid(automatic, number)
        half = rig.money(automatic.money.amount // 2)
        charge = str(paid.charge)
        made = [
            await rig.provider.refund(
                paid.reference, charge, half, our_id=our_id(each * 10**7 + number), key=f"refund:{number}:{each}"
            )
            for each in (1, 2)
        ]
        assert made[0].reference != made[1].reference
        with pytest.raises(Refused):
            await rig.provider.refund(
                paid.reference, charge, rig.money(100), our_id=our_id(3 * 10**7 + number), key=f"refund:{number}:3"
            )

    async def test_what_was_not_captured_is_not_refunded(self, rig, manual, number):
        rig.has(Capability.REFUNDS)
        held = await rig.paid(manual, number)
        with pytest.raises(Refused):
            await rig.provider.refund(
                held.reference, "no_such_charge", rig.money(100), our_id=our_id(number), key=f"refund:{number}:1"
            )

    # --- doubt

    async def test_a_call_that_got_lost_is_in_doubt_and_did_nothing(self, rig, automatic, number):
        await rig.mishap("timeout_before")
        with pytest.raises(Unknown):
            await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        assert await rig.provider.find_payment(automatic.our_id) is None
        made = await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        assert made.money == automatic.money

    async def test_an_answer_that_got_lost_is_in_doubt_and_the_same_key_finds_the_payment(self, rig, automatic, number):
        await rig.mishap("timeout_after")
        with pytest.raises(Unknown):
            await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        found = await rig.provider.find_payment(automatic.our_id)
        assert found is not None
        again = await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        assert again.reference == found.reference

    async def test_a_server_error_after_the_work_is_in_doubt_and_the_payment_is_found(self, rig, automatic, number):
        await rig.mishap("fault_after")
        with pytest.raises(Unknown):
            await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        found = await rig.provider.find_payment(automatic.our_id)
        assert found is not None
        assert found.money == automatic.money

    async def test_a_busy_provider_has_done_nothing_and_says_when_to_come_again(self, rig, automatic, number):
        await rig.mishap("busy")
        with pytest.raises(NotSent) as caught:
            await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        assert caught.value.retry_after_seconds >= 1
        assert await rig.provider.find_payment(automatic.our_id) is None
        assert (await rig.provider.create_payment(automatic, key=f"payment:{number}:1")).reference

    # --- news

    async def _one_push(self, rig: Rig, new: NewPayment, number: int) -> tuple[PaymentSnapshot, Push]:
        paid = await rig.paid(new, number)
        pushes = await rig.pushes()
        assert pushes
        return paid, pushes[-1]

    async def test_news_leads_to_the_object(self, rig, automatic, number):
        paid = await rig.paid(automatic, number)
        now = rig.clock.now()
        events = [await rig.provider.verify_webhook(push.headers, push.body, now=now) for push in await rig.pushes()]
        about = [await rig.provider.fetch_object(event) for event in events if event.kind == "payment"]
        assert paid.reference in {shown.reference for shown in about if isinstance(shown, PaymentSnapshot)}
        for event in events:
            assert (event.provider, event.account) == (rig.provider.name, rig.provider.account)
            assert event.id
            assert event.type
            assert event.verified_with
            assert event.our_id in {automatic.our_id, None}

    async def test_news_that_was_changed_is_refused(self, rig, automatic, number):
        _, push = await self._one_push(rig, automatic, number)
        now = rig.clock.now()
        for body in (push.body + b" ", push.body.replace(b"{", b"{ ", 1), b""):
            with pytest.raises(BadSignature):
                await rig.provider.verify_webhook(push.headers, body, now=now)

    async def test_news_without_its_signature_is_refused(self, rig, automatic, number):
        _, push = await self._one_push(rig, automatic, number)
        plain = {"content-type": "application/json"}
        with pytest.raises(BadSignature):
            await rig.provider.verify_webhook(plain, push.body, now=rig.clock.now())

    async def test_news_of_another_time_is_refused(self, rig, automatic, number):
        _, push = await self._one_push(rig, automatic, number)
        for away in (timedelta(days=30), timedelta(days=-1)):
            with pytest.raises(BadSignature):
                await rig.provider.verify_webhook(push.headers, push.body, now=rig.clock.now() + away)

    async def test_the_list_of_events_holds_what_was_pushed(self, rig, automatic, number):
        rig.has(Capability.LIST_EVENTS)
        began = rig.clock.now()
        await rig.paid(automatic, number)
        now = rig.clock.now()
        pushed = [await rig.provider.verify_webhook(push.headers, push.body, now=now) for push in await rig.pushes()]
        listed = await rig.events(began - timedelta(minutes=1))
        assert {event.id for event in pushed} <= {stored.event.id for stored in listed}
        assert len(listed) == len({stored.event.id for stored in listed})
        assert await rig.events(rig.clock.now() + timedelta(days=1)) == []

    # --- the books

    async def test_the_books_name_what_moved_the_money(self, rig, automatic, number):
        rig.has(Capability.LIST_ENTRIES)
        began = rig.clock.now()
        paid = await rig.paid(automatic, number)
        refund = await rig.provider.refund(
            paid.reference, str(paid.charge), rig.money(2000), our_id=our_id(number), key=f"refund:{number}:1"
        )
        entries = await rig.entries(began - timedelta(minutes=1))
        [charged] = [entry for entry in entries if entry.source == paid.charge and entry.kind == "charge"]
        [returned] = [entry for entry in entries if entry.source == refund.reference]
        assert charged.gross == automatic.money
        assert (returned.kind, returned.gross) == ("refund", rig.money(-2000))
        assert all(entry.net == entry.gross - entry.fee for entry in entries)
        assert len({entry.id for entry in entries}) == len(entries)
        assert await rig.entries(rig.clock.now() + timedelta(days=1)) == []

    async def test_the_balance_is_the_sum_of_the_books(self, rig, automatic, number):
        rig.has(Capability.LIST_ENTRIES)
        before = await rig.provider.get_balance()
        began = rig.clock.now()
        paid = await rig.paid(automatic, number)
        after = await rig.provider.get_balance()
        net = sum(
            entry.net.amount for entry in await rig.entries(began - timedelta(minutes=1)) if entry.source == paid.charge
        )
        held = [
            balance.available.get(rig.currency, 0) + balance.pending.get(rig.currency, 0) for balance in (before, after)
        ]
        assert net > 0
        assert held[1] - held[0] == net


def new_payment(rig: Rig, number: int, *, capture: Literal["automatic", "manual"], amount: int = 10000) -> NewPayment:
    """A payment of 100.00 that nobody has made yet."""
    name = our_id(number)
    return NewPayment(
        our_id=name,
        money=rig.money(amount),
        capture=capture,
        customer=None,
        description="A bicycle",
        transfer_group=str(name),
    )
