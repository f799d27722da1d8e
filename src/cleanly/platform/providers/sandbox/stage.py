"""What a test, a person or the command line does to the sandbox besides calling it: play the buyer, move the clock."""

from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel

from cleanly.kernel.money import Money
from cleanly.platform.providers.protocol import DisputeSnapshot, PaymentSnapshot, RefundSnapshot
from cleanly.platform.providers.sandbox import acts, disputes
from cleanly.platform.providers.sandbox.flows import Engine
from cleanly.platform.providers.sandbox.objects import Answer, Dispute, Payment, Refund, Refusal
from cleanly.platform.providers.sandbox.rules import Fate
from cleanly.platform.providers.sandbox.world import World

A = TypeVar("A", bound=BaseModel)


class Stage:
    """The side of the sandbox that no real provider has."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def next(self, fate: Fate, *, on: str | None = None) -> None:
        """Script the fate of this process's next call, or of its next call of one operation (`on="refund"`)."""
        self._engine.script(fate, on)

    async def advance(self, by: timedelta) -> int:
        """Move its clock ahead of ours and let happen what is due; how many events found an ear."""
        return await self._engine.advance(by)

    async def pump(self) -> int:
        """Let happen what is due by now, push what is due; how many events found an ear."""
        return await self._engine.pump()

    async def confirm(self, reference: str) -> PaymentSnapshot:
        """Play the buyer who agrees.

        Raises:
            Refused: there is no such payment, or it does not wait for the buyer.
        """
        return answered(Payment, await self._engine.play(lambda world: acts.confirm_payment(world, reference))).shown()

    async def decline(self, reference: str) -> PaymentSnapshot:
        """Play the buyer's bank that says no. Raises Refused as `confirm`."""
        return answered(Payment, await self._engine.play(lambda world: acts.decline_payment(world, reference))).shown()

    async def refund_in_dashboard(self, reference: str, money: Money) -> RefundSnapshot:
        """Play somebody who gives money back without us.

        Raises:
            Refused: as `refund`.
        """

        async def act(world: World) -> Answer:
            return await acts.refund(
                world, reference, money.amount, money.currency, charge=None, our_id=None, fate=Fate.PLAIN
            )

        return answered(Refund, await self._engine.play(act)).shown()

    async def dispute(self, reference: str) -> DisputeSnapshot:
        """Play the buyer who disputes what is left of a payment.

        Raises:
            Refused: nothing is left of it, or it is disputed.
        """

        async def act(world: World) -> Answer:
            payment = await world.find(Payment, reference)
            opened = None if payment is None else await disputes.open_on(world, payment)
            return opened or acts.UNEXPECTED

        return answered(Dispute, await self._engine.play(act)).shown()

    async def close_dispute(self, reference: str, *, is_won: bool) -> DisputeSnapshot:
        """Play the bank that decides. Raises Refused: there is no such open dispute."""

        async def act(world: World) -> Answer:
            return await disputes.close(world, reference, is_won=is_won) or acts.UNEXPECTED

        return answered(Dispute, await self._engine.play(act)).shown()


def answered(kind: type[A], answer: Answer) -> A:
    """The object that an answer holds.

    Raises:
        Refused: it holds a refusal.
    """
    if isinstance(answer, Refusal):
        raise answer.error()
    if not isinstance(answer, kind):
        raise TypeError(f"expected {kind.__name__}, not {type(answer).__name__}")
    return answer
