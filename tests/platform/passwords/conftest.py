"""What the password tests share: settings with a cheap Argon2, and a hasher that is closed afterwards."""

from collections.abc import Iterator

import pytest

from cleanly.platform.passwords.hashing import Hasher
from cleanly.platform.passwords.settings import PasswordSettings


@pytest.fixture
def cheap() -> PasswordSettings:
    return PasswordSettings(
        argon2_memory_kib=64, argon2_time_cost=1, password_hash_threads=1, password_hash_queue_max=2
    )


@pytest.fixture
def hasher(cheap: PasswordSettings) -> Iterator[Hasher]:
    built = Hasher(cheap)
    yield built
    built.close()
