"""Work that schedules ask for."""

from uuid import UUID

from pydantic import BaseModel

from cleanly.kernel.messages import Task, Tick


class DueSeller(BaseModel):
    """A seller whose schedule is due."""

    seller_id: UUID


RUN = Task("payouts.run", Tick, attempts_max=3)
PAY_SELLER = Task("payouts.pay_seller", DueSeller)
