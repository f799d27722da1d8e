"""The providers that this process has, by name: a part of the Context, built once in `entry`."""

from collections.abc import Iterable, Iterator

from cleanly.platform.providers.errors import UnsupportedByProvider
from cleanly.platform.providers.protocol import Provider


class Providers:
    """Looks providers up; iterates over all of them. `is_live`: whether their money is real. `close` it."""

    def __init__(self, providers: Iterable[Provider], *, is_live: bool) -> None:
        """Keep the providers in their order.

        Raises:
            ValueError: two of one name.
        """
        self._by_name: dict[str, Provider] = {}
        for provider in providers:
            if self._by_name.setdefault(provider.name, provider) is not provider:
                raise ValueError(f"two providers are called {provider.name}")
        self.is_live = is_live

    def get(self, name: str) -> Provider:
        """The provider of that name.

        Raises:
            UnsupportedByProvider: not set up here.
        """
        if (found := self._by_name.get(name)) is None:
            raise UnsupportedByProvider("This provider is not available here", details={"provider": name})
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    async def close(self) -> None:
        """Close every provider's connections, also after one of them failed to close.

        Raises:
            ExceptionGroup: those that failed.
        """
        faults: list[Exception] = []
        for provider in self:
            try:
                await provider.close()
            except Exception as error:  # noqa: BLE001 - of any kind: the others still have to be closed
                faults.append(error)
        if faults:
            raise ExceptionGroup("providers did not close", faults)
