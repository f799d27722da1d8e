"""What the groups of the surface stand on: one client each, in two colours."""

from dataclasses import replace
from typing import Protocol, TypeVar

from cleanly_client.calls import Call, Given
from cleanly_client.pages import AsyncPages, Pages
from cleanly_client.wire import Page

T = TypeVar("T")


class Caller(Protocol):
    """Makes calls, and waits for them."""

    def call(self, call: Call[T], given: Given) -> T:
        """The answer's value."""
        ...

    def renew(self) -> None:
        """A new pair of tokens, now."""
        ...


class AsyncCaller(Protocol):
    """Makes calls that are awaited."""

    async def call(self, call: Call[T], given: Given) -> T:
        """The answer's value."""
        ...

    async def renew(self) -> None:
        """A new pair of tokens, now."""
        ...


class Group:
    """A part of the surface."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def _pages(self, call: Call[Page[T]], given: Given) -> Pages[T]:
        return Pages(lambda cursor: self._caller.call(call, _after(given, cursor)))


class AsyncGroup:
    """A part of the surface."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    def _pages(self, call: Call[Page[T]], given: Given) -> AsyncPages[T]:
        return AsyncPages(lambda cursor: self._caller.call(call, _after(given, cursor)))


def _after(given: Given, cursor: str | None) -> Given:
    return given if cursor is None else replace(given, query={**given.query, "cursor": cursor})
