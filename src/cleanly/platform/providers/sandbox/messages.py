"""Work that the sandbox asks of the queue."""

from pydantic import BaseModel

from cleanly.kernel.messages import Task


class Pump(BaseModel):
    """Nothing to say: do what is due."""


PUMP = Task("sandbox.pump", Pump, attempts_max=3)
