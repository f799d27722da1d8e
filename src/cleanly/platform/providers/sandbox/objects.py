"""What the sandbox keeps of each thing, and how it shows it to whoever asks."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic import Field as Given

from cleanly.kernel.money import Money
from cleanly.platform.providers.errors import NotYet, Refused
from cleanly.platform.providers.protocol import (
    DisputeMovement,
    DisputeSnapshot,
    DisputeState,
    Entry,
    PaymentSnapshot,
    PaymentState,
    RefundSnapshot,
    RefundState,
)
from cleanly.platform.providers.sandbox.rules import BALANCE_INSUFFICIENT, Fate

NAME: Final = "sandbox"
ACCOUNT: Final = "acct_sandbox"


class Stored(BaseModel):
    """A thing with an id of its own; `parent` is the payment it hangs on."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    prefix: ClassVar[str]

    id: str
    our_id: UUID | None = None

    @property
    def parent(self) -> str | None:
        """The payment of a refund or dispute."""
        return None


class Customer(Stored):
    """A buyer. The address is not kept: nothing here needs it."""

    prefix: ClassVar[str] = "cus"
    kind: Literal["customer"] = "customer"


class Payment(Stored):
    """A payment; `refunded` counts pending refunds too."""

    prefix: ClassVar[str] = "py"
    kind: Literal["payment"] = "payment"
    state: PaymentState
    amount: int
    currency: str
    capture: Literal["automatic", "manual"]
    transfer_group: str
    fate: Fate
    captured: int = 0
    refunded: int = 0
    is_disputed: bool = False
    charge: str | None = None
    decline_code: str | None = None
    authorized_until: datetime | None = None

    def shown(self) -> PaymentSnapshot:
        """As the Protocol shows it."""
        return PaymentSnapshot(
            provider=NAME,
            reference=self.id,
            our_id=self.our_id,
            state=self.state,
            money=Money(self.amount, self.currency),
            captured=self.captured,
            charge=self.charge,
            decline_code=self.decline_code,
            authorized_until=self.authorized_until,
        )


class Refund(Stored):
    """A refund; without `our_id` it was made in the dashboard."""

    prefix: ClassVar[str] = "re"
    kind: Literal["refund"] = "refund"
    payment: str
    state: RefundState
    amount: int
    currency: str
    failure_code: str | None = None

    @property
    def parent(self) -> str:
        """Its payment."""
        return self.payment

    def shown(self) -> RefundSnapshot:
        """As the Protocol shows it."""
        return RefundSnapshot(
            provider=NAME,
            reference=self.id,
            our_id=self.our_id,
            payment_reference=self.payment,
            state=self.state,
            money=Money(self.amount, self.currency),
            failure_code=self.failure_code,
            came_back=self.state == "failed",
        )


class Movement(BaseModel):
    """Money that the dispute took or gave back."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["withdrawn", "reinstated"]
    amount: int
    entry: str


class Dispute(Stored):
    """A dispute."""

    prefix: ClassVar[str] = "dp"
    kind: Literal["dispute"] = "dispute"
    payment: str
    state: DisputeState
    amount: int
    currency: str
    movements: tuple[Movement, ...] = ()
    evidence_due_at: datetime | None = None

    @property
    def parent(self) -> str:
        """Its payment."""
        return self.payment

    def shown(self) -> DisputeSnapshot:
        """As the Protocol shows it."""
        return DisputeSnapshot(
            provider=NAME,
            reference=self.id,
            payment_reference=self.payment,
            state=self.state,
            money=Money(self.amount, self.currency),
            reason="fraudulent",
            movements=tuple(
                DisputeMovement(kind=moved.kind, money=Money(moved.amount, self.currency), entry=moved.entry)
                for moved in self.movements
            ),
            evidence_due_at=self.evidence_due_at,
        )


class BookEntry(Stored):
    """A line of the sandbox's books: `net = gross - fee`."""

    prefix: ClassVar[str] = "txn"
    kind: Literal["entry"] = "entry"
    type: Literal["charge", "refund", "dispute", "dispute_reversal", "adjustment", "transfer"]
    source: str
    gross: int
    fee: int
    net: int
    currency: str
    created_at: datetime
    available_on: datetime

    def shown(self, *, now: datetime, ours: datetime) -> Entry:
        """As the Protocol shows it; `now`: the sandbox's time, `ours`: the service's."""
        # The sandbox's clock may run ahead of ours. What it holds as available must not wait for our clock.
        available_on = min(self.available_on, ours) if self.available_on <= now else self.available_on
        return Entry(
            provider=NAME,
            id=self.id,
            kind=self.type,
            source=self.source,
            gross=Money(self.gross, self.currency),
            fee=Money(self.fee, self.currency),
            net=Money(self.net, self.currency),
            created_at=self.created_at,
            available_on=available_on,
        )


class Refusal(BaseModel):
    """A definite no, kept like any other answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["refusal"] = "refusal"
    code: str
    decline_code: str | None = None
    message: str = ""

    def error(self) -> Refused:
        """As the Protocol raises it."""
        kind = NotYet if self.code == BALANCE_INSUFFICIENT else Refused
        return kind(self.code, decline_code=self.decline_code, message=self.message)


class Fault(BaseModel):
    """A 500 that came after the work was done. Kept too, as the real ones do: it says nothing of the object."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["fault"] = "fault"


class Done(BaseModel):
    """It was done to this object, which whoever asks then looks at."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["done"] = "done"
    object: str


Answer = Customer | Payment | Refund | Dispute | Done | Refusal | Fault
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Given(discriminator="kind")])


def dump(value: BaseModel) -> dict[str, Any]:
    """As JSON keeps it."""
    return value.model_dump(mode="json")


def load_answer(data: dict[str, Any]) -> Answer:
    """Undo `dump` of an answer."""
    return _ANSWER.validate_python(data, strict=False)
