"""Google Play's adapter before its wire fake, with keys of our own making."""

from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from cleanly.kernel.net import Http
from cleanly.platform.providers.google.adapter import fetch_over
from cleanly.platform.providers.google.id_tokens import IdTokens
from cleanly.platform.providers.google.settings import GoogleSettings
from cleanly.platform.providers.google_play.adapter import GooglePlay
from cleanly.platform.providers.google_play.client import Client
from cleanly.platform.providers.google_play.settings import GooglePlaySettings
from cleanly.platform.providers.ownership import AccountIds
from tests.fakes.play_wire import PlayWire
from tests.fakes.wire import listening
from tests.moved_clock import MovedClock

ADA, BOB = UUID(int=1), UUID(int=2)


class Seconds:
    """Seconds that never run back, and the pauses that were asked for."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.at

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def accounts() -> AccountIds:
    return AccountIds([b"a secret of the server's own, and long"])


@pytest.fixture
def ada(accounts: AccountIds) -> str:
    """Ada's account id at Play."""
    return accounts.of(ADA)


@pytest.fixture
async def wire(clock: MovedClock) -> AsyncGenerator[PlayWire, None]:
    async with listening(PlayWire(clock)) as vendor:
        yield vendor


@pytest.fixture
def settings(wire: PlayWire) -> GooglePlaySettings:
    return GooglePlaySettings.model_validate(wire.settings())


@pytest.fixture
async def play(
    wire: PlayWire, settings: GooglePlaySettings, clock: MovedClock, seconds: Seconds, accounts: AccountIds
) -> AsyncGenerator[GooglePlay, None]:
    http = Http.to_known()
    google = GoogleSettings.model_validate(wire.settings())
    adapter = GooglePlay(
        settings,
        client=Client(settings, http=Http.to_known(), clock=clock, monotonic=seconds, pause=seconds.pause),
        accounts=accounts,
        open_token=IdTokens(google, fetch=fetch_over(http, google), monotonic=seconds).open,
        clock=clock,
        is_live=False,
    )
    yield adapter
    await adapter.close()
    await http.close()
