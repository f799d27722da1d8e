"""What the stories about money share."""

import pytest

from tests.deaths import Deaths
from tests.world import World


@pytest.fixture
def deaths(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Deaths:
    return Deaths(world, database_url, monkeypatch)
