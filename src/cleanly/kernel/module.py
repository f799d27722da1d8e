"""How a slice tells the process what it offers. Plain data: importing a module starts nothing."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError
from cleanly.kernel.messages import EventType, Handled, ProviderEvent, Task, Tick
from cleanly.kernel.principal import Caller, Origin

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


class Prove(Protocol):
    """See `Reauthentication`. It opens its own transactions."""

    async def __call__(self, context: Context, caller: Caller, password: str | None, *, origin: Origin) -> object:
        """Check it."""
        ...


@dataclass(frozen=True, slots=True)
class Reauthentication:
    """Asks a signed-in user for the current password before a change that matters: a part of the Context.

    `prove` raises the refusals of the slice that knows passwords: ReauthenticationRequired, AccountTemporarilyLocked.
    """

    prove: Prove


@dataclass(frozen=True, slots=True)
class Module:
    """One slice's registration value. `router` stands under /api/v1, `pages` at the root."""

    name: str
    router: APIRouter | None = None
    pages: APIRouter | None = None
    jobs: Sequence[TxJob[Any] | FlowJob[Any]] = ()
    crons: Sequence[Cron] = ()
    inbound: Sequence[InboundHandler] = ()
    events: Sequence[EventType] = ()
    errors: Sequence[type[AppError]] = ()
    personal: PersonalData | None = None

    @property
    def event_types(self) -> tuple[str, ...]:
        """The names of the events that it publishes."""
        return tuple(event.name for event in self.events)


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


@dataclass(frozen=True, slots=True)
class EventCatalogue:
    """Every kind of event that a slice declares, by name: a part of the Context."""

    by_name: Mapping[str, EventType]

    @classmethod
    def of(cls, modules: Iterable[Module]) -> "EventCatalogue":
        """Collect them, in the order of their names.

        Raises:
            ValueError: two slices declare the same.
        """
        found: dict[str, EventType] = {}
        for event in sorted((event for module in modules for event in module.events), key=lambda event: event.name):
            if found.setdefault(event.name, event) is not event:
                raise ValueError(f"two slices declare the event {event.name}")
        return cls(found)

    def chosen_by(self, pattern: str) -> tuple[str, ...]:
        """The events that a subscriber means by a name or by `payment.*`; none if it means nothing that exists."""
        if pattern.endswith(".*"):
            return tuple(name for name in self.by_name if name.startswith(pattern.removesuffix("*")))
        return (pattern,) if pattern in self.by_name else ()

    def chosen_by_any(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """The events that any of these patterns means, each once."""
        return tuple(dict.fromkeys(name for pattern in patterns for name in self.chosen_by(pattern)))
