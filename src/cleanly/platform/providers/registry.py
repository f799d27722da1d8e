"""The providers that this process has, by name: a part of the Context, built once in `entry`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from cleanly.platform.providers.billing import Biller
from cleanly.platform.providers.errors import UnsupportedByProvider
from cleanly.platform.providers.protocol import Capability, Provider, VerifiedEvent
from cleanly.platform.providers.protocol_sellers import SellerProvider
from cleanly.platform.providers.purchases import PlayStore


class NewsSource(Protocol):
    """Whoever pushes news to us: payment providers, and the store of apps."""

    @property
    def name(self) -> str:
        """By which it is known here: the last part of its address under /webhooks."""
        ...

    @property
    def account(self) -> str:
        """Which of our accounts there."""
        ...

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> VerifiedEvent:
        """Check a push; `headers` with lower-case names.

        Raises:
            errors.BadSignature: not from there, too old, too new, or for somebody else.
        """
        ...


class Providers:
    """Looks providers up; iterates over all of them. `is_live`: whether their money is real. `close` it.

    `store` is Google Play, where it is set up: it pushes news as they do, and takes no payments.
    """

    def __init__(
        self,
        providers: Iterable[Provider],
        *,
        is_live: bool,
        store: PlayStore | None = None,
        billers: Iterable[Biller] = (),
    ) -> None:
        """Keep the providers in their order.

        Raises:
            ValueError: two of one name.
        """
        self._by_name: dict[str, Provider] = {}
        for provider in providers:
            if self._by_name.setdefault(provider.name, provider) is not provider:
                raise ValueError(f"two providers are called {provider.name}")
        self.is_live = is_live
        self._store = store
        self._billers = {biller.name: biller for biller in billers}

    def get(self, name: str) -> Provider:
        """The provider of that name.

        Raises:
            UnsupportedByProvider: not set up here.
        """
        if (found := self._by_name.get(name)) is None:
            raise UnsupportedByProvider("This provider is not available here", details={"provider": name})
        return found

    def sellers(self, name: str) -> SellerProvider:
        """The seller side of the provider of that name: accounts, transfers, payouts.

        Raises:
            UnsupportedByProvider: not set up here, or it pays no sellers.
        """
        provider = self.get(name)
        # A guard looks like every provider; what is behind it tells whether there is a seller side.
        found = provider if isinstance(provider, SellerProvider) else getattr(provider, "sellers", None)
        if not isinstance(found, SellerProvider) or Capability.PAYOUTS not in provider.capabilities:
            raise UnsupportedByProvider("This provider pays no sellers", details={"provider": name})
        return found

    def biller(self, name: str) -> Biller:
        """The side of the provider of that name that bills subscriptions.

        Raises:
            UnsupportedByProvider: not set up here, or it bills none.
        """
        if (found := self._billers.get(name)) is None:
            raise UnsupportedByProvider("This provider bills no subscriptions here", details={"provider": name})
        return found

    @property
    def store(self) -> PlayStore:
        """Where apps sell.

        Raises:
            UnsupportedByProvider: not set up here.
        """
        if self._store is None:
            raise UnsupportedByProvider("Google Play is not available here", details={"provider": "google_play"})
        return self._store

    @property
    def has_store(self) -> bool:
        """Whether it is set up."""
        return self._store is not None

    def source(self, name: str) -> NewsSource | None:
        """Who pushes news under that name, if it is set up here."""
        if self._store is not None and self._store.name == name:
            return self._store
        return self._by_name.get(name)

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
        for opened in (*self, *((self._store,) if self._store is not None else ())):
            try:
                await opened.close()
            except Exception as error:  # noqa: BLE001 - of any kind: the others still have to be closed
                faults.append(error)
        if faults:
            raise ExceptionGroup("providers did not close", faults)
