"""How a slice tells the process what it offers. Plain data: importing a module starts nothing."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError
from cleanly.kernel.messages import Handled, ProviderEvent, Task, Tick

P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class TxJob(Generic[P]):
    """The runner opens one transaction; the work and its receipt commit together, so it happens once."""

    task: Task[P]
    run: Callable[[AsyncSession, P, Context], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FlowJob(Generic[P]):
    """The handler talks to the network, so it opens its own short transactions, and may run again after a crash."""

    task: Task[P]
    run: Callable[[Context, P], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Cron:
    """A scheduled task: five fields, UTC. `cleanly cron run NAME` takes the task's name."""

    schedule: str
    task: Task[Tick]


@dataclass(frozen=True, slots=True)
class InboundHandler:
    """What to do with news on one kind of object, whichever provider it comes from.

    `run` owns its transactions and looks at the provider itself; it may be called again for the same news at any
    time. Unless `is_for_every_account`, only news of our own account there is handed over.
    """

    kind: str
    run: Callable[[Context, ProviderEvent], Awaitable[Handled]]
    is_for_every_account: bool = False


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What a slice holds on a user: its part of the export, and how it is erased (AUTH.md section 7)."""

    export: Callable[[AsyncSession, UUID], Awaitable[dict[str, Any]]]
    erase: Callable[[AsyncSession, UUID, Context], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class PersonalDataHolders:
    """Every slice's `PersonalData` in the order of MODULES: a part of the Context."""

    by_module: tuple[tuple[str, PersonalData], ...]


@dataclass(frozen=True, slots=True)
class Module:
    """One slice's registration value. `router` stands under /api/v1, `pages` at the root."""

    name: str
    router: APIRouter | None = None
    pages: APIRouter | None = None
    jobs: Sequence[TxJob[Any] | FlowJob[Any]] = ()
    crons: Sequence[Cron] = ()
    inbound: Sequence[InboundHandler] = ()
    event_types: Sequence[str] = ()
    errors: Sequence[type[AppError]] = ()
    personal: PersonalData | None = None


@dataclass(frozen=True, slots=True)
class InboundHandlers:
    """Every slice's `InboundHandler` by kind of object: a part of the Context."""

    by_kind: Mapping[str, InboundHandler]

    @classmethod
    def of(cls, modules: Iterable[Module]) -> "InboundHandlers":
        """Collect them.

        Raises:
            ValueError: two slices want the same kind.
        """
        found: dict[str, InboundHandler] = {}
        for handler in (handler for module in modules for handler in module.inbound):
            if found.setdefault(handler.kind, handler) is not handler:
                raise ValueError(f"two handlers for news on {handler.kind}")
        return cls(found)
