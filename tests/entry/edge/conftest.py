"""One socket for a module's tests, and a new zone behind it for each."""

from collections.abc import Iterator

import pytest

from tests.fakes.cloudflare_wire import Edge, edge
from tests.fakes.cloudflare_zone import FakeZone


@pytest.fixture(scope="module")
def cloudflare() -> Iterator[Edge]:
    with edge() as found:
        yield found


@pytest.fixture
def zone(cloudflare: Edge) -> FakeZone:
    cloudflare.zone = FakeZone()
    return cloudflare.zone
