"""Lists, read page by page as they are walked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Generic, TypeVar

from cleanly_client.wire import Page

T = TypeVar("T")


class Pages(Generic[T]):
    """A list: `for payment in client.payments.list()`. Nothing is asked before it is walked."""

    def __init__(self, fetch: Callable[[str | None], Page[T]]) -> None:
        """`fetch`: the page after a cursor."""
        self._fetch = fetch

    def __iter__(self) -> Iterator[T]:
        for page in self.by_page():
            yield from page.items

    def by_page(self) -> Iterator[Page[T]]:
        """Page by page; keep `next_cursor` to go on another day."""
        page = self.first()
        yield page
        while page.next_cursor is not None:
            page = self._fetch(page.next_cursor)
            yield page

    def first(self) -> Page[T]:
        """The first page alone."""
        return self._fetch(None)


class AsyncPages(Generic[T]):
    """A list: `async for payment in client.payments.list()`. Nothing is asked before it is walked."""

    def __init__(self, fetch: Callable[[str | None], Awaitable[Page[T]]]) -> None:
        """`fetch`: the page after a cursor."""
        self._fetch = fetch

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.by_page():
            for item in page.items:
                yield item

    async def by_page(self) -> AsyncIterator[Page[T]]:
        """Page by page; keep `next_cursor` to go on another day."""
        page = await self.first()
        yield page
        while page.next_cursor is not None:
            page = await self._fetch(page.next_cursor)
            yield page

    async def first(self) -> Page[T]:
        """The first page alone."""
        return await self._fetch(None)
